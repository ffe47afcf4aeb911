"""Which jokes somebody has heard, so that none comes twice before all of them came once."""

import json
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from chatbot import paths
from chatbot.errors import ChatbotError
from chatbot.files import write_atomically
from chatbot.jokes.book import Joke

MOST_OWNERS = 500
_writing = threading.Lock()


class Told:
    """Ids of the jokes that each owner has heard, oldest first, on disk. It is a comfort and no
    treasure: what can't be read or written is forgotten."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file

    def of(self, owner: str) -> list[str]:
        """What an owner has heard; nothing where nobody knows whose conversation it is."""
        return self._read().get(owner, []) if owner else []

    def add(self, owner: str, joke_id: str) -> None:
        """Remember that a joke was told."""
        if not owner:
            return
        with _writing:
            told = self._read()
            heard = [known for known in told.pop(owner, []) if known != joke_id]
            told[owner] = [*heard, joke_id]
            while len(told) > MOST_OWNERS:
                del told[next(iter(told))]
            with suppress(ChatbotError):
                write_atomically(self._path(), json.dumps(told))

    def _path(self) -> Path:
        return self._file or paths.data_dir() / ".services" / "jokes-told.json"

    def _read(self) -> dict[str, list[str]]:
        try:
            saved = json.loads(self._path().read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(saved, dict):
            return {}
        return {
            str(owner): [str(joke) for joke in heard]
            for owner, heard in saved.items()
            if isinstance(heard, list)
        }


def next_of(jokes: Sequence[Joke], heard: Sequence[str], chance: float) -> Joke:
    """One that was not heard yet; where all were, one of the half that was heard longest ago.

    Args:
        jokes: at least one.
        heard: ids, the newest last; one may stand there more than once.
        chance: from 0 to below 1; which of those it is.
    """
    last = {joke_id: place for place, joke_id in enumerate(heard)}
    new = [joke for joke in jokes if joke.id not in last]
    if not new:
        by_age = sorted(jokes, key=lambda joke: last[joke.id])
        new = by_age[: max(1, len(by_age) // 2)]
    return new[int(chance * len(new))]
