"""Deleted personas: each in a folder of its own, with its conversations, its history and its name.

A folder is named by the persona's key and the time: `p-anna.1764240000000000000`.
"""

import json
import re
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from chatbot import paths
from chatbot.errors import NotAvailable
from chatbot.files import write_atomically, write_error

_TRASHED = re.compile(r"(p-[a-z0-9-]{1,50})\.(\d{10,25})")


@dataclass(frozen=True, slots=True)
class Deleted:
    """A persona that can be brought back by its `key` in the trash; `was`: its key before."""

    key: str
    name: str

    @property
    def was(self) -> str:
        return self.key.partition(".")[0]


def put(key: str, name: str, data: Path, history: Path) -> Deleted:
    """Move the files of a persona into the trash: all or nothing.

    Raises:
        OutOfResources: the disk is full.
    """
    place = _trash() / f"{key}.{time.time_ns()}"
    write_atomically(place / "name.json", json.dumps({"name": name}))
    _move((history, place / "history"), (data, place / "data.json"))
    return Deleted(place.name, name)


def deleted() -> tuple[Deleted, ...]:
    """What can be brought back, the last one first."""
    try:
        names = [folder.name for folder in _trash().iterdir()]
    except OSError:
        return ()
    newest_first = sorted(filter(_is_there, names), key=lambda key: key.split(".")[1], reverse=True)
    return tuple(Deleted(key, _name(key)) for key in newest_first)


def find(key: str) -> Deleted:
    """
    Raises:
        NotAvailable: it is not in the trash (any more).
    """
    if not _is_there(key):
        raise NotAvailable("This persona can't be brought back: it is gone.", value=key)
    return Deleted(key, _name(key))


def take(gone: Deleted, data: Path, history: Path) -> None:
    """Move its files out to these places: all or nothing."""
    place = _trash() / gone.key
    _move((place / "history", history), (place / "data.json", data))
    shutil.rmtree(place, ignore_errors=True)


def _trash() -> Path:
    return paths.data_dir() / "personas" / ".trash"


def _is_there(key: str) -> bool:
    return bool(_TRASHED.fullmatch(key)) and (_trash() / key / "data.json").is_file()


def _name(key: str) -> str:
    """Its name; where that is lost, the one of its file."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        name = json.loads((_trash() / key / "name.json").read_text(encoding="utf-8"))["name"]
        if isinstance(name, str) and name.strip():
            return name
    return key.partition(".")[0].removeprefix("p-")


def _move(*moves: tuple[Path, Path]) -> None:
    done: list[tuple[Path, Path]] = []
    for source, target in moves:
        try:
            if source.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                source.replace(target)
                done.append((source, target))
        except OSError as error:
            for moved_from, moved_to in done:
                moved_to.replace(moved_from)
            raise write_error(error, source) from error
