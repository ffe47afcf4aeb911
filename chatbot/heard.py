"""What somebody has heard of a service, so that nothing comes twice before all else came once."""

import json
import threading
from contextlib import suppress
from pathlib import Path

from chatbot import paths
from chatbot.errors import ChatbotError
from chatbot.files import write_atomically

MOST_OWNERS = 500
_writing = threading.Lock()


class Heard:
    """Ids of the jokes (or poems) that each owner was told, oldest first, on disk. It is a comfort
    and no treasure: what can't be read or written is forgotten.

    Args:
        service: the service's name, which the file is called by.
        file: another file than the usual one.
    """

    def __init__(self, service: str, file: Path | None = None) -> None:
        self._service = service
        self._file = file

    def of(self, owner: str) -> list[str]:
        """What an owner has heard; nothing where nobody knows whose conversation it is."""
        return self._read().get(owner, []) if owner else []

    def add(self, owner: str, told: str) -> None:
        """Remember that something was told."""
        if not owner:
            return
        with _writing:
            known = self._read()
            heard = [before for before in known.pop(owner, []) if before != told]
            known[owner] = [*heard, told]
            while len(known) > MOST_OWNERS:
                del known[next(iter(known))]
            with suppress(ChatbotError):
                write_atomically(self._path(), json.dumps(known))

    def _path(self) -> Path:
        return self._file or paths.data_dir() / ".services" / f"{self._service}-heard.json"

    def _read(self) -> dict[str, list[str]]:
        try:
            saved = json.loads(self._path().read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(saved, dict):
            return {}
        return {
            str(owner): [str(told) for told in heard]
            for owner, heard in saved.items()
            if isinstance(heard, list)
        }
