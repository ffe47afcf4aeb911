"""Which poems somebody was given, so that none comes twice before the others that fit."""

import json
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from chatbot import paths
from chatbot.errors import ChatbotError
from chatbot.files import write_atomically
from chatbot.poems.book import Poem

MOST_OWNERS = 500
_writing = threading.Lock()


class Seen:
    """Ids of the poems that each owner was given, oldest first, on disk. It is a comfort and no
    treasure: what can't be read or written is forgotten."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file

    def of(self, owner: str) -> list[str]:
        """What an owner was given; nothing where nobody knows whose conversation it is."""
        return self._read().get(owner, []) if owner else []

    def add(self, owner: str, poem_id: str) -> None:
        if not owner:
            return
        with _writing:
            seen = self._read()
            given = [known for known in seen.pop(owner, []) if known != poem_id]
            seen[owner] = [*given, poem_id]
            while len(seen) > MOST_OWNERS:
                del seen[next(iter(seen))]
            with suppress(ChatbotError):
                write_atomically(self._path(), json.dumps(seen))

    def _path(self) -> Path:
        return self._file or paths.data_dir() / ".services" / "poems-seen.json"

    def _read(self) -> dict[str, list[str]]:
        try:
            saved = json.loads(self._path().read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(saved, dict):
            return {}
        return {
            str(owner): [str(poem) for poem in given]
            for owner, given in saved.items()
            if isinstance(given, list)
        }


def fitting(poems: Sequence[Poem], theme: str, mood: str, given: Sequence[str] = ()) -> Poem | None:
    """The poem of a theme ("" for any) that was not given yet, if possible in this mood; where all
    were given, the one given longest ago. None where no poem has the theme."""
    of_theme = [poem for poem in poems if not theme or theme in poem.themes]
    if not of_theme:
        return None
    last = {poem_id: place for place, poem_id in enumerate(given)}
    new = [poem for poem in of_theme if poem.id not in last]
    if not new:
        return min(of_theme, key=lambda poem: last[poem.id])

    def rank(poem: Poem) -> tuple[bool, int]:
        """First those in the mood, then those whose main theme it is."""
        return (bool(mood) and poem.mood != mood, poem.themes.index(theme) if theme else 0)

    return min(new, key=rank)
