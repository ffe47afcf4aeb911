"""Every state that a data file was ever in, read from its history; any of them can come back.

Reads only. The store writes the journal, one line a change; here they are told as versions, with
what a person typed in one go as one of them.
"""

import gzip
import json
import threading
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from chatbot.dataset.changes import Change, Edit, Swap
from chatbot.dataset.differences import ConversationChange, between, compare
from chatbot.dataset.importers import read_strictly
from chatbot.dataset.steps import step_of
from chatbot.errors import ChatbotError, NotAvailable
from chatbot.messages import Conversation

Kind = Literal["start", "step", "undo", "redo"]
Words = tuple[int, int]
"""(words added, words removed)."""


@dataclass(frozen=True, slots=True)
class Version:
    """One state of the file.

    Attributes:
        id: SHA-256 of the file, or of the journal's entry for a state that only the journal has.
        when: None where the journal's time can't be read.
        label: what was done to get here.
        files: SHA-256 of every file that held just this state.
        change: from the version before; None for the first one.
    """

    id: str
    when: datetime | None
    label: str
    kind: Kind
    files: tuple[str, ...]
    change: Change | None
    group: str = ""


class Timeline:
    """The versions of the data file at `path`, oldest first; `refresh` takes in what is new.

    Safe to share between threads.
    """

    def __init__(self, path: Path) -> None:
        self._mutex = threading.RLock()
        self._name = path.name
        self._folder = path.parent / ".history" / path.stem
        self._forget()

    def _forget(self) -> None:
        self._read = 0
        self._last_line = b""
        self._found: list[Version] = []
        self._undo: list[tuple[Change, str]] = []
        self._redo: list[tuple[Change, str]] = []
        self._last: tuple[str, tuple[Conversation, ...]] | None = None
        self._told: tuple[Change, list[ConversationChange]] | None = None
        self._words: dict[tuple[int, str], Words] = {}
        self._compared: tuple[tuple[str, str], tuple[list[ConversationChange], Words]] | None = None

    def refresh(self) -> Sequence[Version]:
        """All versions, oldest first."""
        with self._mutex:
            try:
                tail = self._news()
            except OSError:
                self._forget()
                tail = b""
            for line in tail.splitlines(keepends=True):
                if not line.endswith(b"\n"):  # still being written
                    break
                self._read += len(line)
                self._last_line = line
                self._take_in(line)
            return list(self._found)

    def _news(self) -> bytes:
        """What the journal says beyond the last line that was read; all of it where that line is
        gone: the store takes back an entry whose file could not be written."""
        with (self._folder / "journal.jsonl").open("rb") as handle:
            handle.seek(self._read - len(self._last_line))
            if handle.read(len(self._last_line)) != self._last_line:
                self._forget()
                handle.seek(0)
            return handle.read()

    def position(self, name: str) -> int | None:
        """The place of the version with this id, or that a file with this SHA-256 held; the newest
        where it was there more than once."""
        with self._mutex:
            for place in range(len(self._found) - 1, -1, -1):
                version = self._found[place]
                if version.id == name or name in version.files:
                    return place
            return None

    def content(self, position: int) -> tuple[Conversation, ...]:
        """The conversations of the version at this position.

        Raises:
            NotAvailable: the whole file that it is rebuilt from is gone or damaged.
        """
        with self._mutex:
            version = self._at(position)
            if self._last is None or self._last[0] != version.id:
                self._last = (version.id, self._rebuilt(position))
            return self._last[1]

    def _rebuilt(self, position: int) -> tuple[Conversation, ...]:
        base = position
        while not isinstance(self._at(base).change, Swap) and self._at(base).kind != "start":
            base -= 1
        change = self._found[base].change
        stored = change.after if isinstance(change, Swap) else self._found[base].id
        conversations = list(self._stored(stored))
        try:
            for later in self._found[base + 1 : position + 1]:
                if isinstance(later.change, Edit):
                    later.change.apply(conversations)
        except IndexError as error:  # a line between them could not be read
            raise _unknown() from error
        return tuple(conversations)

    def _at(self, position: int) -> Version:
        if not 0 <= position < len(self._found):  # it began anew, or its beginning is damaged
            raise _unknown()
        return self._found[position]

    def changed(self, position: int) -> list[ConversationChange]:
        """What was done to get to this version.

        Raises:
            NotAvailable: a whole file that is needed for that is gone or damaged.
        """
        with self._mutex:
            change = self._at(position).change
            if change is None:
                return []
            if isinstance(change, Edit):
                return self._changes_by(change)
            if self._told is None or self._told[0] is not change:
                self._told = (change, self._changes_by(change))
            return self._told[1]

    def words(self, position: int) -> Words:
        """How many words were added and removed to get to this version.

        Raises:
            NotAvailable: as `changed`.
        """
        with self._mutex:
            version = self._at(position)
            key = (position, version.id)
            if key not in self._words:
                self._words[key] = _counted(self.changed(position))
            return self._words[key]

    def compared(self, first: int, second: int) -> tuple[list[ConversationChange], Words]:
        """What is not the same in two versions, and by how many words.

        Raises:
            NotAvailable: a whole file that is needed for that is gone or damaged.
        """
        with self._mutex:
            key = (self._at(first).id, self._at(second).id)
            if self._compared is None or self._compared[0] != key:
                changes = compare(self.content(first), self.content(second))
                self._compared = (key, (changes, _counted(changes)))
            return self._compared[1]

    def _changes_by(self, change: Change) -> list[ConversationChange]:
        if isinstance(change, Edit):
            return [
                between(
                    change.before,
                    change.after,
                    index_before=None if change.before is None else change.index,
                    index=None if change.after is None else change.index,
                )
            ]
        return compare(self._stored(change.before), self._stored(change.after))

    def _stored(self, name: str) -> tuple[Conversation, ...]:
        try:
            path = self._folder / "versions" / f"{name}.json.gz"
            return read_strictly(gzip.decompress(path.read_bytes()), self._name)
        except (OSError, EOFError, zlib.error, ChatbotError) as error:
            raise NotAvailable(
                "This earlier version is gone or damaged.", value=f"{name[:12]}.json.gz"
            ) from error

    # Taking in the journal

    def _take_in(self, line: bytes) -> None:
        """What can't be read is passed over: the store tells of it."""
        try:
            entry: dict[str, Any] = json.loads(line)
            self._take_in_entry(entry, str(entry["kind"]), str(entry["to"]))
        except (ValueError, KeyError, TypeError, IndexError, RecursionError, ChatbotError):
            return

    def _take_in_entry(self, entry: dict[str, Any], kind: str, to: str) -> None:
        if kind == "start":
            self._found.clear()
            self._undo.clear()
            self._redo.clear()
            self._found.append(Version(to, _time(entry), "The beginning", "start", (to,), None))
        elif kind == "step":
            self._redo.clear()
            self._step(_version(entry, to, str(entry["label"]), "step", step_of(entry).change))
        elif kind == "undo":
            step, label = self._undo.pop()
            self._redo.append((step, label))
            self._found.append(_version(entry, to, f"Undo: {label}", "undo", step.inverse()))
        elif kind == "redo":
            step, label = self._redo.pop()
            self._undo.append((step, label))
            self._found.append(_version(entry, to, f"Redo: {label}", "redo", step))
        elif kind in ("same", "written") and self._found:
            self._held_by(str(entry.get("file", to)), to if kind == "written" else "")

    def _step(self, new: Version) -> None:
        """A version more, or the last one once more where both are one stretch of typing."""
        last = self._found[-1] if self._found else None
        merged = _merged(last, new) if last is not None else None
        assert new.change is not None
        if merged is None or last is None:
            self._undo.append((new.change, new.label))
            self._found.append(new)
        else:
            self._undo[-1] = (merged, last.label)
            self._found[-1] = replace(new, change=merged, label=last.label)

    def _held_by(self, file: str, version: str) -> None:
        place = self.position(version) if version else len(self._found) - 1
        if place is not None:
            found = self._found[place]
            self._found[place] = replace(found, files=(*found.files, file))


def _counted(changes: Sequence[ConversationChange]) -> Words:
    counts = [change.words for change in changes]
    return sum(added for added, _ in counts), sum(removed for _, removed in counts)


def _unknown() -> NotAvailable:
    return NotAvailable(
        "The history no longer says what this version was.", remedy="Choose another version."
    )


def _version(entry: dict[str, Any], to: str, label: str, kind: Kind, change: Change) -> Version:
    files = () if entry.get("later") else (to,)
    group = str(entry.get("group", ""))
    return Version(to, _time(entry), label, kind, files, change, group)


def _merged(last: Version, new: Version) -> Edit | None:
    """Both as one edit where they are one stretch of typing, as undo takes them back."""
    one, two = last.change, new.change
    if not (last.kind == "step" and new.group and new.group == last.group):
        return None
    if not (isinstance(one, Edit) and isinstance(two, Edit)):
        return None
    if one.index != two.index or one.after != two.before or two.after is None or one.after is None:
        return None
    return Edit(two.index, one.before, two.after)


def _time(entry: dict[str, Any]) -> datetime | None:
    try:
        return datetime.fromisoformat(str(entry["at"]))
    except (KeyError, ValueError):
        return None
