"""What happened to a data file: a journal of changes, undo and redo, and any state rebuilt from it.

`journal.jsonl` holds one line a change with the conversation before and after; `versions/` holds
whole files, compressed, only where the whole file changed at once. The caller holds the lock.

An edit of a large file is in the journal ("later") before it is in the file. Two marks tie them
together: "writing" says which version a file that is about to be written holds, "written" that it
took its place. By them every hash of the file is either a state of ours or somebody else's.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from chatbot.dataset.changes import Change, Edit, Swap
from chatbot.dataset.importers import dump, read_strictly
from chatbot.dataset.journal import Entry, Journal
from chatbot.dataset.steps import Step, entry_of_step, leading, new_entry, step_of
from chatbot.dataset.versions import Versions
from chatbot.errors import ChatbotError, NotAvailable
from chatbot.messages import Conversation

_OUTSIDE = "Change made outside the app"
_CUT_OFF = "Change that did not reach the file"
_TRAIL = 10_000
"""How many changes a stale row number can be followed through."""


class History:
    """In memory what the journal says.

    Attributes:
        head: the version that our last change led to.
        pending: the changes that are not in the file yet, each with the version it led to.
    """

    def __init__(self, folder: Path) -> None:
        self.versions = Versions(folder / "versions")
        self._journal = Journal(folder / "journal.jsonl")
        self._forget()

    def _forget(self) -> None:
        self.head: str | None = None
        self.head_time = ""
        self.undo_steps: list[Step] = []
        self.redo_steps: list[Step] = []
        self.pending: list[tuple[str, Edit]] = []
        self._file: str | None = None
        self._file_before: str | None = None
        self._begun: list[tuple[str, str]] = []
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

    def unchanged(self) -> bool:
        """Whether nobody else appended since `refresh`; takes no lock."""
        return self._journal.unchanged()

    # What stands in the journal

    def missing_in(self, file: str) -> list[Edit] | None:
        """The edits that a file with this SHA-256 does not hold yet; None where it is not ours."""
        if file == self._file:
            return [edit for _, edit in self.pending]
        for begun, version in reversed(self._begun):
            if begun == file:  # the crash came after it took its place
                return [edit for _, edit in self.pending[self._place(version) + 1 :]]
        return None

    def since(self, version: str) -> list[Edit] | None:
        """The edits from this version to the head; None where they aren't known or not only
        edits."""
        edits: list[Edit] = []
        for to, change in reversed(self._trail):
            if to == version:
                return edits[::-1]
            if isinstance(change, Swap):
                return None
            if change is not None:
                edits.append(change)
        return None

    def is_pending(self, version: str) -> bool:
        return any(pending == version for pending, _ in self.pending)

    def _place(self, version: str) -> int:
        return [pending for pending, _ in self.pending].index(version)

    def content(self) -> bytes:
        """The file as our last change left it.

        Raises:
            NotAvailable: there is no history, or its stored version is gone or damaged.
        """
        return self._left()[0]

    def _left(self) -> tuple[bytes, tuple[Conversation, ...]]:
        if self.head is None:
            raise NotAvailable("There is no earlier version of these conversations yet.")
        stored = self.versions.content(self._base)
        conversations = list(read_strictly(stored, "the stored version"))
        for edit in self._since_base:
            edit.apply(conversations)
        data = dump(conversations) if self._since_base else stored
        return data, tuple(conversations)

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

    # Writing. `entry_of*` makes the journal's entry, `append` puts it on disk.

    def start(self, data: bytes) -> None:
        """Begin with this file; what can be undone begins here."""
        name = self.versions.store(data)
        entry = new_entry("start") | {"to": name}
        self.append(entry)
        self.accept(entry)

    def note_outside(
        self, data: bytes, conversations: Sequence[Conversation], version: str
    ) -> None:
        """The file is not what our last change left: make the difference a step of its own."""
        change = self._trail[-1][1] if self._trail else None
        if change is not None and not self.pending and self._file_before == version:
            entry = self.entry_of_step(Step(_CUT_OFF, change.inverse()), version)
        else:
            try:
                before, ours = self._left()
            except NotAvailable:  # its stored version is gone: the history begins anew
                self.start(data)
                return
            if ours == conversations:
                entry = self.entry_of("same", version)
            else:
                swap = Swap(self.versions.store(before), self.versions.store(data))
                entry = self.entry_of_step(Step(_OUTSIDE, swap), version)
        self.append(entry)
        self.accept(entry)

    def entry_of_step(self, step: Step, to: str | None) -> Entry:
        """A change that led to the file `to`; None where it is only in the journal as yet."""
        return entry_of_step(step, self.head, to)

    def entry_of(self, kind: str, to: str | None) -> Entry:
        """`undo`, `redo`, or `same`: another file with the same conversations."""
        return leading(new_entry(kind) | {"from": self.head}, to)

    def mark(self, kind: str, version: str, file: str) -> None:
        """Note that a file with this SHA-256, which holds `version`, is about to take its place
        ("writing") or has taken it ("written")."""
        entry = new_entry(kind) | {"to": version, "file": file}
        self.append(entry)
        self.accept(entry)

    def mark_found(self, file: str) -> None:
        """Note of a file that is ours that it stands there, where a crash came before the note."""
        version = dict(self._begun).get(file)
        if file != self._file and version is not None:
            self.mark("written", version, file)

    def append(self, entry: Entry) -> None:
        self._journal.append(entry)

    def take_back(self) -> None:
        self._journal.take_back()

    def accept(self, entry: Entry) -> None:
        """The appended entry counts: the file was written."""
        self._take_in(entry)

    def _take_in(self, entry: Entry) -> None:
        kind, to = entry["kind"], entry["to"]
        if kind == "writing":
            self._begun.append((entry["file"], to))
            return
        if kind == "written":
            del self.pending[: self._place(to) + 1]
            self._stands(entry["file"])
            self._file_before = None  # more than the last change lies between
            return
        if kind == "start":
            self._forget()
            self._base = to
            self._trail.append((to, None))
        elif kind == "step":
            step = step_of(entry)
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
        if not entry.get("later"):
            self.pending.clear()
            self._stands(to)
        self.head, self.head_time = to, entry["at"]

    def _stands(self, file: str) -> None:
        self._file_before, self._file = self._file, file
        self._begun.clear()

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
            self.pending.append((to, change))
        self._trail.append((to, change))
