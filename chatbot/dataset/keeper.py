"""One data file, its journal and what is in memory, kept in step.

A change goes to the journal first. The file follows before the call returns where it is small, and
a moment later where it is large (`write_out`). Whatever stands in the file is told by its hash:
a state of ours, to which the journal's later edits are added, or somebody else's work, which
becomes a step of its own and is never written over.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from chatbot.dataset.changes import Edit
from chatbot.dataset.datafile import NOTHING, DataFile, Staged, version_of
from chatbot.dataset.history import History
from chatbot.dataset.importers import dump, dumped, read_strictly
from chatbot.dataset.journal import Entry
from chatbot.dataset.lock import FileLock
from chatbot.dataset.state import State
from chatbot.dataset.write_behind import WriteBehind
from chatbot.errors import BadInput, ChatbotError, Conflict
from chatbot.files import write_atomically

SMALL = 2 * 1024**2
"""Bytes below which a file is rewritten within the call that edits it: some milliseconds."""

_PAUSE = 0.000_5
"""Seconds of rest after each part of a large file."""
EntryTo = Callable[[str | None], Entry]
"""Makes the journal's entry of a change that led to this file; None: to none as yet."""


class Keeper:
    """Safe to share between threads; other processes may keep the same file too.

    Args:
        starter: what the file begins as where there is none.
        lock_timeout: seconds to wait for another process that writes.
        small: see `SMALL`.
    """

    def __init__(
        self, path: Path, starter: Path | None, lock_timeout: float, small: int = SMALL
    ) -> None:
        self.file = DataFile(path, starter)
        self.folder = path.parent / ".history" / path.stem
        self.history = History(self.folder)
        self.behind = WriteBehind(self.write_out)
        self.mutex = threading.RLock()
        self._lock_timeout = lock_timeout
        self._small = small
        self._state: State | None = None
        self._writing_out = threading.Lock()
        self._beginning: threading.Thread | None = None

    def locked(self) -> FileLock:
        """Keeps other processes from writing. Not for two threads: hold `mutex` as well."""
        return FileLock(self.folder / "lock", self._lock_timeout)

    # What stands there

    def current(self) -> State:
        """The state, brought up to date where somebody else changed file or journal."""
        with self.mutex:
            state = self._in_memory()
            if state is not None and self.history.unchanged():
                return state
            try:
                with self.locked():
                    return self.reload()
            except (BadInput, Conflict):
                raise
            except ChatbotError:  # a folder that we may not write: read without noting anything
                return self._read_only()

    @contextmanager
    def writing(self) -> Iterator[State]:
        """The state, which nobody else can change inside."""
        if self._beginning is not None:
            self._beginning.join()
        with self.mutex, self.locked():
            state = self._in_step()
            if self.history.head is None:
                self.history.start(self.file.read() or NOTHING)
                state = self._in_step()
            yield state

    def _in_memory(self) -> State | None:
        """The state, unless the file or the history went on without it."""
        state = self._state
        if state is None or not self.file.unchanged():
            return None
        return state if self.history.head in (None, state.version) else None

    def _in_step(self) -> State:
        self.history.refresh()
        return self._in_memory() or self.reload()

    def reload(self) -> State:
        """Bring memory in step with file and journal, under the lock; note what others did."""
        history = self.history
        history.refresh()
        before, self._state = self._state, None
        edits = None if before is None else history.since(before.version)
        if before is None or edits is None or history.head is None or not self.file.unchanged():
            self._state = self._read(before, edits)
        else:  # others only added to the journal
            self._state = before.after(edits, history.head)
        if history.pending:
            self.behind.soon()
        return self._state

    def _read(self, before: State | None, edits: list[Edit] | None) -> State:
        """The state by the file. Where it is one of ours, what is in memory need only catch up."""
        self.file.watch()
        data = self.file.read()
        if data is None:
            data = self._missing()
        file = version_of(data)
        missing, head = self.history.missing_in(file), self.history.head
        if missing is not None and head is not None and before is not None and edits is not None:
            state = before.after(edits, head)
        else:
            same = before is not None and before.version == file
            state = before if before and same else State.of_bytes(data, self.file.name)
            if head is None:
                self._begin(data)
            elif missing is None:
                self.history.note_outside(data, state.conversations, file)
            else:
                state = state.after(missing, head)
        with suppress(ChatbotError):  # it is as true without the note
            self.history.mark_found(file)
        return state

    def _read_only(self) -> State:
        with suppress(OSError):  # the journal may be closed to us, too
            self.history.refresh()
        self.file.watch()
        data = self.file.read() or self.file.starter() or NOTHING
        file = version_of(data)
        missing, head = self.history.missing_in(file), self.history.head
        state = State.of_bytes(data, self.file.name)
        ours = missing is not None and head is not None
        self._state = state.after(missing or [], head or file) if ours else state
        return self._state

    def _missing(self) -> bytes:
        """What to begin with where there is no file.

        Raises:
            BadInput: there was one, with conversations in it.
        """
        if self.history.head is None:
            starter = self.file.starter()
            if starter is None:
                return NOTHING
            write_atomically(self.file.path, starter)
            return starter
        if self.history.missing_in(version_of(NOTHING)) is not None:
            return NOTHING
        with suppress(ChatbotError):
            if not read_strictly(self.history.content(), self.file.name):
                return NOTHING
        raise BadInput(
            f"{self.file.name} is gone.",
            value=str(self.file.path),
            remedy="Put it back, or restore the last good version on the Dataset page.",
        )

    def _begin(self, data: bytes) -> None:
        """Begin a history with this file; beside what goes on where it takes long to keep it."""
        if not self.file.path.exists():
            return
        if len(data) < SMALL:
            self.history.start(data)
        elif self._beginning is None or not self._beginning.is_alive():
            self._beginning = threading.Thread(
                target=self._begin_behind, args=(data,), name="history", daemon=True
            )
            self._beginning.start()

    def _begin_behind(self, data: bytes) -> None:
        with suppress(ChatbotError):  # the first edit tries again, and says why it can't
            self.history.versions.store(data)
            with self.mutex, self.locked():
                self.history.refresh()
                if self.history.head is None:
                    self.history.start(data)

    # Changes, inside `writing`

    def edit(self, state: State, edit: Edit, entry_to: EntryTo) -> str:
        """Change one conversation; returns the new version."""
        after = state.after([edit], "")
        self.file.refuse_too_large(after.size)
        if self.history.pending or state.size >= self._small:
            entry = entry_to(None)
            self.history.append(entry)
            self.history.accept(entry)
            self._state = replace(after, version=entry["to"])
            self.behind.soon()
            return self._state.version
        data = dump(after.conversations)
        return self.put_list(
            replace(after, version=version_of(data), size=len(data)), data, entry_to
        )

    def put_list(self, after: State, data: bytes, entry_to: EntryTo) -> str:
        """Journal, then file, then memory; a failure leaves all three as they were."""
        self.file.refuse_too_large(len(data))
        entry = entry_to(after.version)
        self.history.append(entry)
        try:
            write_atomically(self.file.path, data)
        except BaseException:
            self.history.take_back()
            raise
        self.history.accept(entry)
        self.file.forget()
        self._state = after
        return after.version

    def settle(self, state: State) -> None:
        """Write what is only in the journal: a change of the whole list begins with the file."""
        if self.history.pending:
            data = dump(state.conversations)
            self.history.mark("writing", state.version, version_of(data))
            write_atomically(self.file.path, data)
            self.file.forget()
            self.history.mark("written", state.version, version_of(data))

    # The file, a moment later

    def write_out(self) -> None:
        """Bring the file up to the journal. Edits go on meanwhile, but for some milliseconds.

        Raises:
            BadInput: somebody broke the file meanwhile; it is left alone.
            OutOfResources: the disk is full; the edits stay in the journal.
        """
        with self._writing_out:
            while self._is_behind():
                with FileLock(self.folder / "writing-out", self._lock_timeout):
                    with self.writing() as state:
                        if not self.history.pending:
                            return
                    staged = self.file.stage(_giving_way(dumped(state.conversations)))
                    try:
                        done = self._put(staged, state.version)
                    finally:
                        self.file.discard(staged)
                if done:
                    self.file.confirm(staged)
                    return

    def _is_behind(self) -> bool:
        with self.mutex:
            self.history.refresh()
            return bool(self.history.pending)

    def _put(self, staged: Staged, version: str) -> bool:
        """Whether it took the file's place: not where somebody wrote the file in between."""
        if not self._is_behind():
            return False
        with self.writing():
            if not self.history.is_pending(version):
                return False
            self.history.mark("writing", version, staged.version)
            self.file.put(staged)
            self.history.mark("written", version, staged.version)
            return True


def _giving_way(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Threads of Python run one at a time: an edit meanwhile would wait at each of its steps."""
    for part in parts:
        yield part
        time.sleep(_PAUSE)
