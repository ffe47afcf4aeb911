"""What people wrote into the memory by hand, and what is kept for the next conversations, on disk.

`data/.memory/<conversation>.json` holds the changes by hand to one conversation's facts, and goes
with it. `data/.memory/owner-<fingerprint>.json` holds what one browser's owner wants to be known
in every conversation; nobody else's conversation reads it.
"""

import json
import os
import re
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar, get_args

from chatbot import paths
from chatbot.errors import BadInput
from chatbot.files import write_atomically
from chatbot.memory.ledger import MOST_FACTS, Known
from chatbot.memory.statements import LONGEST_FACT, Fact, Kind, one_line

T = TypeVar("T")
MOST_KEPT = 200
"""Facts for the next conversations; the oldest make room."""
MOST_DROPPED = 1000
_ID = re.compile(r"[0-9a-f]{32}")
_changing = threading.Lock()
"""Two tabs may change one file at the same time."""


@dataclass(frozen=True)
class ByHand:
    """Changes by hand to the facts of a conversation.

    Attributes:
        added: facts that nobody told there.
        changed: other words for a told fact, by its key.
        erased: keys of told facts that shall not be known.
    """

    added: tuple[Known, ...] = ()
    changed: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    erased: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Kept:
    """What an owner wants to be known in every conversation.

    Attributes:
        on: facts are kept, and known.
        facts: each with the conversation it is from.
        dropped: facts that were forgotten elsewhere, as "conversation|key": they don't come back
            because their conversation still tells them.
    """

    on: bool = False
    facts: tuple[Known, ...] = ()
    dropped: tuple[str, ...] = ()


class Notes:
    """The folder of these files."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    @property
    def folder(self) -> Path:
        return self._folder or paths.memory_dir()

    def by_hand(self, conversation: str) -> ByHand:
        """
        Raises:
            BadInput: the file is damaged.
        """
        path = self._chat_path(conversation)
        return _read(path, _by_hand) or ByHand() if path else ByHand()

    def kept(self, owner: str) -> Kept:
        """
        Raises:
            BadInput: the file is damaged.
        """
        path = self._owner_path(owner)
        return _read(path, _kept) or Kept() if path else Kept()

    def change_by_hand(self, conversation: str, change: Callable[[ByHand], ByHand]) -> None:
        """Change and save; a damaged file is set aside first.

        Raises:
            ChatbotError: it can't be saved.
        """
        path = self._chat_path(conversation)
        if path is None:
            raise BadInput("This is not the address of a chat.", value=conversation)
        with _changing:
            old = _read_or_set_aside(path, _by_hand) or ByHand()
            new = change(old)
            if new == ByHand():
                path.unlink(missing_ok=True)
            elif new != old:
                row = {
                    "added": [_row(known) for known in new.added[:MOST_FACTS]],
                    "changed": dict(new.changed),
                    "erased": sorted(new.erased),
                }
                _write(path, row)

    def change_kept(self, owner: str, change: Callable[[Kept], Kept]) -> None:
        """As `change_by_hand`, for the owner's own file; nothing where the owner is unknown."""
        path = self._owner_path(owner)
        if path is None:
            return
        with _changing:
            old = _read_or_set_aside(path, _kept) or Kept()
            new = change(old)
            if new == Kept():
                path.unlink(missing_ok=True)
            elif new != old:
                row = {
                    "on": new.on,
                    "facts": [_row(known) for known in new.facts[-MOST_KEPT:]],
                    "dropped": list(new.dropped[-MOST_DROPPED:]),
                }
                _write(path, row)

    def _chat_path(self, conversation: str) -> Path | None:
        return self.folder / f"{conversation}.json" if _ID.fullmatch(conversation) else None

    def _owner_path(self, owner: str) -> Path | None:
        return self.folder / f"owner-{owner}.json" if _ID.fullmatch(owner) else None


def without(kept: Kept, gone: list[Known]) -> Kept:
    """What is kept, but for these facts, which don't come back by themselves."""
    keys = {(known.chat, known.key) for known in gone}
    stays = tuple(known for known in kept.facts if (known.chat, known.key) not in keys)
    marks = (f"{chat}|{key}" for chat, key in sorted(keys))
    return replace(kept, facts=stays, dropped=tuple(dict.fromkeys((*kept.dropped, *marks))))


def _row(known: Known) -> dict[str, Any]:
    row = {
        "key": known.key,
        "text": known.fact.text,
        "kind": known.fact.kind,
        "told": known.told,
        "chat": known.chat,
    }
    return {name: value for name, value in row.items() if value}


def _known(row: Mapping[str, Any]) -> Known:
    text = one_line(row["text"])[:LONGEST_FACT]
    kind: Kind = row.get("kind", "")
    if not text or kind not in get_args(Kind):
        raise ValueError(row)
    return Known(
        str(row["key"]), Fact(text, kind), int(row.get("told", 0)), str(row.get("chat", ""))
    )


def _by_hand(row: Mapping[str, Any]) -> ByHand:
    changed = {str(key): one_line(text)[:LONGEST_FACT] for key, text in row["changed"].items()}
    return ByHand(
        tuple(map(_known, row["added"][:MOST_FACTS])),
        MappingProxyType({key: text for key, text in changed.items() if text}),
        frozenset(map(str, row["erased"])),
    )


def _kept(row: Mapping[str, Any]) -> Kept:
    facts = tuple(map(_known, row["facts"][-MOST_KEPT:]))
    return Kept(row["on"] is True, facts, tuple(map(str, row["dropped"][-MOST_DROPPED:])))


def _read(path: Path, understand: Callable[[Mapping[str, Any]], T]) -> T | None:
    try:
        return understand(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(
            "A file of the memory can't be read, so what was written there by hand or kept for "
            "other chats is not known now.",
            value=path.name,
            remedy="The chat goes on without it. The next change begins a new file; the damaged "
            "one is kept beside it.",
        ) from error


def _read_or_set_aside(path: Path, understand: Callable[[Mapping[str, Any]], T]) -> T | None:
    try:
        return _read(path, understand)
    except BadInput:
        with suppress(OSError):
            os.replace(path, path.with_suffix(".damaged"))  # noqa: PTH105
        return None


def _write(path: Path, row: Mapping[str, Any]) -> None:
    text = json.dumps(row, ensure_ascii=False, indent=1)
    write_atomically(path, text.encode("utf-8", "replace"))
