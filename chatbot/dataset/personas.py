"""Several personas: each a data set in a file of its own, one of them chosen.

The first one is `data/custom_chat_data.json`. The others lie in `data/personas/`, with their names
and the choice in `personas.json` there. That index only decorates: without it, or with a damaged
one, every file in the folder is still a persona, named by its file.
"""

import json
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chatbot import paths
from chatbot.dataset import persona_trash
from chatbot.dataset.datafile import NOTHING
from chatbot.dataset.lock import FileLock
from chatbot.dataset.persona_trash import Deleted, deleted
from chatbot.dataset.store import settle
from chatbot.errors import BadInput, NotAvailable
from chatbot.files import write_atomically

__all__ = [
    "FIRST", "FIRST_NAME", "LONGEST_NAME", "Deleted", "Persona", "choose", "chosen", "delete",
    "deleted", "new", "persona", "personas", "rename", "restore",
]  # fmt: skip

FIRST = "custom_chat_data"
"""Key of the persona that is always there."""
FIRST_NAME = "My bot"
LONGEST_NAME = 60
_LONGEST_SLUG = 40
_KEY = re.compile(r"p-[a-z0-9-]{1,50}")


@dataclass(frozen=True, slots=True)
class Persona:
    """A data set. `key` and `path` stay when the `name` changes."""

    key: str
    name: str
    path: Path


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
        trashed = persona_trash.put(key, gone.name, gone.path, _history(key))
        index.names.pop(key, None)
        if index.chosen == key:
            index.chosen = FIRST
        return trashed


def restore(key: str) -> Persona:
    """Bring a deleted persona back with its history, and choose it.

    Args:
        key: of a `Deleted`.

    Raises:
        NotAvailable: it is not in the trash (any more).
    """
    with _changing() as index:
        gone = persona_trash.find(key)
        name, back = _similar(gone.name, index), gone.was
        if _path(back).exists() or _history(back).exists():  # made anew under the same name since
            back = _key_for(name)
        persona_trash.take(gone, _path(back), _history(back))
        index.names[back], index.chosen = name, back
        return _persona(back, index)


# --- where things are -------------------------------------------------------------------------


def _folder() -> Path:
    return paths.data_dir() / "personas"


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
    """A file name of plain letters and digits that no other persona has. The prefix keeps it clear
    of names that a system reserves."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST_SLUG].strip("-") or "persona"
    number, key = 1, f"p-{slug}"
    while _path(key).exists() or _history(key).exists():
        number += 1
        key = f"p-{slug}-{number}"
    return key
