"""What happened to a data file: a journal of changes, undo and redo, and any state rebuilt from it.

`journal.jsonl` holds one line a change with the conversation before and after; `versions/` holds
whole files, compressed, only where the whole file changed at once. The caller holds the lock.
"""

import gzip
import hashlib
import zlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from chatbot.dataset.changes import Change, Edit, Swap
from chatbot.dataset.importers import dump, read_strictly
from chatbot.dataset.journal import Entry, Journal
from chatbot.errors import ChatbotError, NotAvailable
from chatbot.files import write_atomically
from chatbot.messages import Conversation

_OUTSIDE = "Change made outside the app"
_CUT_OFF = "Change that did not reach the file"
_TRAIL = 10_000
"""How many changes a stale row number can be followed through."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to undo. Edits of one conversation that follow each other within a `group`
    (one stretch of typing) are one step."""

    label: str
    change: Change
    group: str = ""


class History:
    """In memory what the journal says; `head` is the version that our last change led to."""

    def __init__(self, folder: Path) -> None:
        self._versions = folder / "versions"
        self._journal = Journal(folder / "journal.jsonl")
        self._forget()

    def _forget(self) -> None:
        self.head: str | None = None
        self.head_time = ""
        self.undo_steps: list[Step] = []
        self.redo_steps: list[Step] = []
        self._previous: str | None = None
        self._grouping = False
        self._base = ""
        self._since_base: list[Edit] = []
        self._trail: deque[tuple[str, Change | None]] = deque(maxlen=_TRAIL)

    def refresh(self) -> None:
        """Take in what other processes appended."""
        started_over, entries = self._journal.news()
        if started_over:
            self._forget()
        try:
            for entry in entries:
                self._take_in(entry)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError, ChatbotError):
            self._journal.set_aside()
            self._forget()

    # What stands in the journal

    def content(self) -> bytes:
        """The file as our last change left it.

        Raises:
            NotAvailable: there is no history, or its stored version is gone or damaged.
        """
        if self.head is None:
            raise NotAvailable("There is no earlier version of these conversations yet.")
        stored = self.version(self._base)
        if not self._since_base:
            return stored
        conversations = list(read_strictly(stored, "the stored version"))
        for edit in self._since_base:
            edit.apply(conversations)
        return dump(conversations)

    def version(self, name: str) -> bytes:
        """A whole file that was stored.

        Raises:
            NotAvailable: it is gone or damaged.
        """
        try:
            data = gzip.decompress((self._versions / f"{name}.json.gz").read_bytes())
        except (OSError, EOFError, zlib.error) as error:
            raise NotAvailable(
                "This earlier version is gone or damaged.", value=f"{name[:12]}.json.gz"
            ) from error
        if hashlib.sha256(data).hexdigest() != name:
            raise NotAvailable("This earlier version is damaged.", value=f"{name[:12]}.json.gz")
        return data

    def follow(self, index: int, version: str) -> int | None:
        """Where row `index` of `version` stands now; None where it was deleted or nobody knows."""
        place = next(
            (n for n in range(len(self._trail) - 1, -1, -1) if self._trail[n][0] == version), None
        )
        if place is None:
            return None
        row: int | None = index
        for _, change in list(self._trail)[place + 1 :]:
            if isinstance(change, Swap) or row is None:
                return None
            row = change.follow(row) if change else row
        return row

    # Writing. `prepare_*` makes the journal's entry, `append` puts it on disk.

    def start(self, data: bytes) -> None:
        """Begin with this file; what can be undone begins here."""
        name = self.store(data)
        entry = {"kind": "start", "at": _now(), "to": name}
        self.append(entry)
        self.accept(entry)

    def note_outside(
        self, data: bytes, conversations: Sequence[Conversation], version: str
    ) -> None:
        """The file is not what our last change left: make the difference a step of its own."""
        change = self._trail[-1][1] if self._trail else None
        if change is not None and self._previous == version:
            entry = self.entry_of_step(Step(_CUT_OFF, change.inverse()), version)
        else:
            try:
                before = self.content()
            except NotAvailable:  # its stored version is gone: the history begins anew
                self.start(data)
                return
            if read_strictly(before, "the stored version") == conversations:
                entry = self.entry_of("same", version)
            else:
                swap = Swap(self.store(before), self.store(data))
                entry = self.entry_of_step(Step(_OUTSIDE, swap), version)
        self.append(entry)
        self.accept(entry)

    def store(self, data: bytes) -> str:
        """Keep a whole file; its name is the SHA-256 of its content."""
        name = hashlib.sha256(data).hexdigest()
        path = self._versions / f"{name}.json.gz"
        if not path.exists():
            write_atomically(path, gzip.compress(data, compresslevel=3, mtime=0))
        return name

    def entry_of_step(self, step: Step, to: str) -> Entry:
        entry: Entry = {"kind": "step", "at": _now(), "from": self.head, "to": to}
        entry["label"] = step.label
        if step.group:
            entry["group"] = step.group
        if isinstance(step.change, Swap):
            entry["swap"] = [step.change.before, step.change.after]
        else:
            entry["edit"] = [
                step.change.index,
                step.change.before and step.change.before.to_sharegpt(),
                step.change.after and step.change.after.to_sharegpt(),
            ]
        return entry

    def entry_of(self, kind: str, to: str) -> Entry:
        """`undo`, `redo`, or `same`: another file with the same conversations."""
        return {"kind": kind, "at": _now(), "from": self.head, "to": to}

    def append(self, entry: Entry) -> None:
        self._journal.append(entry)

    def take_back(self) -> None:
        self._journal.take_back()

    def accept(self, entry: Entry) -> None:
        """The appended entry counts: the file was written."""
        self._take_in(entry)

    def _take_in(self, entry: Entry) -> None:
        kind, to = entry["kind"], entry["to"]
        if kind == "start":
            self._forget()
            self._base = to
            self._trail.append((to, None))
        elif kind == "step":
            step = _step(entry)
            self._push(step)
            self.redo_steps.clear()
            self._happened(step.change, to)
        elif kind == "undo":
            step = self.undo_steps.pop()
            self.redo_steps.append(step)
            self._grouping = False
            self._happened(step.change.inverse(), to)
        elif kind == "redo":
            step = self.redo_steps.pop()
            self.undo_steps.append(step)
            self._grouping = False
            self._happened(step.change, to)
        elif kind == "same":
            self._trail.append((to, None))
        else:
            raise ValueError(kind)
        self._previous = entry.get("from")
        self.head, self.head_time = to, entry["at"]

    def _push(self, step: Step) -> None:
        top = self.undo_steps[-1] if self.undo_steps else None
        new = step.change
        if (
            self._grouping
            and top is not None
            and step.group
            and step.group == top.group
            and isinstance(new, Edit)
            and isinstance(top.change, Edit)
            and new.index == top.change.index
            and new.after is not None
            and new.before is not None
            and new.before == top.change.after
        ):
            merged = Edit(new.index, top.change.before, new.after)
            self.undo_steps[-1] = replace(top, change=merged)
        else:
            self.undo_steps.append(step)
        self._grouping = True

    def _happened(self, change: Change, to: str) -> None:
        if isinstance(change, Swap):
            self._base, self._since_base = change.after, []
        else:
            self._since_base.append(change)
        self._trail.append((to, change))


def _step(entry: Entry) -> Step:
    change: Change
    if "swap" in entry:
        before, after = entry["swap"]
        change = Swap(str(before), str(after))
    else:
        index, old, new = entry["edit"]
        change = Edit(int(index), _conversation(old), _conversation(new))
    return Step(str(entry["label"]), change, str(entry.get("group", "")))


def _conversation(row: object) -> Conversation | None:
    return None if row is None else Conversation.from_sharegpt(row)


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")
