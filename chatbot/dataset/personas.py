"""Several personas: each a data set in a file of its own, one of them chosen.

The first one is `data/custom_chat_data.json`. The others lie in `data/personas/`, with their names
and the choice in `personas.json` there. That index only decorates: without it, or with a damaged
one, every file in the folder is still a persona, named by its file.
"""

import contextlib
import json
import re
import shutil
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chatbot import paths
from chatbot.dataset.datafile import NOTHING
from chatbot.dataset.lock import FileLock
from chatbot.dataset.store import settle
from chatbot.errors import BadInput, NotAvailable
from chatbot.files import write_atomically, write_error

FIRST = "custom_chat_data"
"""Key of the persona that is always there."""
FIRST_NAME = "My bot"
LONGEST_NAME = 60
_LONGEST_SLUG = 40
_KEY = re.compile(r"p-[a-z0-9-]{1,50}")
_TRASHED = re.compile(r"(p-[a-z0-9-]{1,50})\.(\d{10,25})")


@dataclass(frozen=True, slots=True)
class Persona:
    """A data set. `key` and `path` stay when the `name` changes."""

    key: str
    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Deleted:
    """A persona that can be brought back by its `key` in the trash."""

    key: str
    name: str


@dataclass(slots=True)
class _Index:
    chosen: str = FIRST
    names: dict[str, str] = field(default_factory=dict)


def personas() -> tuple[Persona, ...]:
    """All of them: the first one, then the others by name."""
    return _personas(_read())


def chosen() -> Persona:
    """The one that was chosen last; the first one where that is gone."""
    index = _read()
    return _found(_personas(index), index.chosen) or _persona(FIRST, index)


def persona(key: str) -> Persona:
    """Raises `NotAvailable` where there is none of this key."""
    return _known(key, _read())


def choose(key: str) -> None:
    """Raises `NotAvailable` where there is none of this key."""
    with _changing() as index:
        index.chosen = _known(key, index).key


def new(name: str, content: bytes = NOTHING) -> Persona:
    """A persona more, and choose it.

    Args:
        content: its conversations as a ShareGPT file; none by default.

    Raises:
        BadInput: the name is empty, too long, or taken.
        OutOfResources: the disk is full.
    """
    with _changing() as index:
        name = _free(name, index)
        key = _key_for(name)
        write_atomically(_path(key), content)
        index.names[key], index.chosen = name, key
        return _persona(key, index)


def rename(key: str, name: str) -> Persona:
    """Raises `BadInput` for a name that is empty, too long or taken, `NotAvailable` for no such."""
    with _changing() as index:
        _known(key, index)
        index.names[key] = _free(name, index, own=key)
        return _persona(key, index)


def delete(key: str) -> Deleted:
    """Move a persona with its history into the trash, from where `restore` brings it back.

    Raises:
        BadInput: it is the first one, which stays.
        NotAvailable: there is none of this key.
    """
    if key == FIRST:
        raise BadInput(
            "The first persona stays: it is the one that the project began with.",
            remedy="Delete its conversations, or give it another name.",
        )
    with _changing() as index:
        gone = _known(key, index)
        settle(gone.path)
        place = _trash() / f"{key}.{time.time_ns()}"
        write_atomically(place / "name.json", json.dumps({"name": gone.name}))
        _move((_history(key), place / "history"), (gone.path, place / "data.json"))
        index.names.pop(key, None)
        if index.chosen == key:
            index.chosen = FIRST
        return Deleted(place.name, gone.name)


def deleted() -> tuple[Deleted, ...]:
    """What can be brought back, the last one first."""
    folders = [folder for folder in _folders(_trash()) if (folder / "data.json").is_file()]
    newest_first = sorted(folders, key=lambda folder: folder.name.split(".")[1], reverse=True)
    return tuple(Deleted(folder.name, _name_in(folder)) for folder in newest_first)


def restore(key: str) -> Persona:
    """Bring a deleted persona back with its history, and choose it.

    Args:
        key: of a `Deleted`.

    Raises:
        NotAvailable: it is not in the trash (any more).
    """
    matched = _TRASHED.fullmatch(key)
    place = _trash() / key
    with _changing() as index:
        if matched is None or not (place / "data.json").is_file():
            raise NotAvailable("This persona can't be brought back: it is gone.", value=key)
        back = matched[1]
        name = _similar(_name_in(place), index)
        if _path(back).exists() or _history(back).exists():  # made anew under the same name since
            back = _key_for(name)
        _move((place / "history", _history(back)), (place / "data.json", _path(back)))
        shutil.rmtree(place, ignore_errors=True)
        index.names[back], index.chosen = name, back
        return _persona(back, index)


# --- where things are -------------------------------------------------------------------------


def _folder() -> Path:
    return paths.data_dir() / "personas"


def _trash() -> Path:
    return _folder() / ".trash"


def _history(key: str) -> Path:
    return _folder() / ".history" / key


def _path(key: str) -> Path:
    return paths.dataset_path() if key == FIRST else _folder() / f"{key}.json"


def _keys() -> list[str]:
    try:
        found = [file.stem for file in _folder().glob("p-*.json") if file.is_file()]
    except OSError:
        found = []
    return [key for key in found if _KEY.fullmatch(key)]


def _folders(place: Path) -> list[Path]:
    try:
        return [folder for folder in place.iterdir() if _TRASHED.fullmatch(folder.name)]
    except OSError:
        return []


def _move(*moves: tuple[Path, Path]) -> None:
    """Move what is there, all or nothing."""
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


# --- the index --------------------------------------------------------------------------------


@contextmanager
def _changing() -> Iterator[_Index]:
    """The index, alone with it; written when the block ends well."""
    with FileLock(_folder() / ".lock"):
        index = _read()
        yield index
        content = {"chosen": index.chosen, "names": index.names}
        write_atomically(
            _folder() / "personas.json", json.dumps(content, ensure_ascii=False, indent=2)
        )


def _read() -> _Index:
    """What stands there as far as it makes sense."""
    try:
        content: Any = json.loads((_folder() / "personas.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return _Index()
    if not isinstance(content, dict):
        return _Index()
    names = content.get("names")
    chosen_key = content.get("chosen")
    return _Index(
        chosen_key if isinstance(chosen_key, str) else FIRST,
        {
            key: name
            for key, name in (names if isinstance(names, dict) else {}).items()
            if isinstance(name, str) and name.strip()
        },
    )


def _personas(index: _Index) -> tuple[Persona, ...]:
    others = [_persona(key, index) for key in _keys()]
    others.sort(key=lambda persona: (persona.name.casefold(), persona.key))
    return (_persona(FIRST, index), *others)


def _persona(key: str, index: _Index) -> Persona:
    name = index.names.get(key) or (FIRST_NAME if key == FIRST else key.removeprefix("p-"))
    return Persona(key, name, _path(key))


def _found(among: tuple[Persona, ...], key: str) -> Persona | None:
    return next((persona for persona in among if persona.key == key), None)


def _known(key: str, index: _Index) -> Persona:
    found = _found(_personas(index), key)
    if found is None:
        raise NotAvailable(
            "There is no such persona (any more).", value=key, remedy="Choose another one."
        )
    return found


def _name_in(folder: Path) -> str:
    """The name of a persona in the trash; where that is lost, the one of its file."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        name = json.loads((folder / "name.json").read_text(encoding="utf-8"))["name"]
        if isinstance(name, str) and name.strip():
            return name
    return folder.name.split(".")[0].removeprefix("p-")


# --- names ------------------------------------------------------------------------------------


def _free(name: str, index: _Index, own: str = "") -> str:
    """The name as it is kept: one line of letters and signs that can be seen, not yet taken."""
    shown = "".join(c if c.isprintable() else " " for c in unicodedata.normalize("NFC", name))
    name = " ".join(shown.split())
    if not any(character.isalnum() for character in name):
        raise BadInput(
            "A persona needs a name.", value=name or None, remedy="Write some letters or digits."
        )
    if len(name) > LONGEST_NAME:
        raise BadInput(
            f"A persona's name has at most {LONGEST_NAME} characters.",
            value=name,
            remedy="Shorten it.",
        )
    if any(p.name.casefold() == name.casefold() and p.key != own for p in _personas(index)):
        raise BadInput(
            "There is a persona of this name already.", value=name, remedy="Choose another name."
        )
    return name


def _similar(name: str, index: _Index) -> str:
    """The name, with a number where it is taken."""
    taken = {persona.name.casefold() for persona in _personas(index)}
    number, candidate = 1, name[:LONGEST_NAME]
    while candidate.casefold() in taken:
        number += 1
        candidate = f"{name[: LONGEST_NAME - 6].rstrip()} ({number})"
    return candidate


def _key_for(name: str) -> str:
    """A file name of plain letters and digits, which no other persona, alive or in the trash,
    has. The prefix keeps it clear of names that a system reserves."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST_SLUG].strip("-") or "persona"
    number, key = 1, f"p-{slug}"
    while _path(key).exists() or _history(key).exists():
        number += 1
        key = f"p-{slug}-{number}"
    return key
