"""The persona's conversations, kept so that nothing acknowledged is ever lost.

An edit goes to the journal first, then to the file (written whole beside it and renamed); only
then the call returns. Whoever edits the file beside us, with our lock or without, is noticed by
its content and becomes a step that undo takes back. A broken file is named and left alone.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from chatbot import paths
from chatbot.dataset.changes import Edit, Swap, label_of
from chatbot.dataset.datafile import NOTHING, DataFile, Signature, State, kept, version_of
from chatbot.dataset.history import History, Step
from chatbot.dataset.importers import dump, read_strictly
from chatbot.dataset.journal import Entry
from chatbot.dataset.lock import FileLock
from chatbot.dataset.snapshot import GoodVersion, Snapshot
from chatbot.errors import BadInput, ChatbotError, Conflict, NotAvailable
from chatbot.files import write_atomically
from chatbot.messages import Conversation


class ConversationStore:
    """One data file. Safe to share between threads; other processes may have a store of it too.

    Args:
        path: the file; the persona's by default, which begins as the shipped starter set.
        lock_timeout: seconds to wait for another process that writes.

    Every method raises `BadInput` while the file is broken (row and reason in its message),
    `OutOfResources` where the disk is full, `Conflict` where somebody else was first.
    """

    def __init__(self, path: Path | None = None, *, lock_timeout: float = 10.0) -> None:
        self.path = path or paths.dataset_path()
        self._file = DataFile(self.path, paths.shipped_dataset_path() if path is None else None)
        self._folder = self.path.parent / ".history" / self.path.stem
        self._lock_timeout = lock_timeout
        self._mutex = threading.RLock()
        self._history = History(self._folder)
        self._state: State | None = None
        self._seen: Signature | None = None

    # Reading

    def snapshot(self) -> Snapshot:
        """What stands in the file now. Cheap while nobody changed it."""
        with self._mutex:
            state = self._current()
            undo, redo = self._history.undo_steps, self._history.redo_steps
            return Snapshot(
                state.conversations,
                state.version,
                undo[-1].label if undo else None,
                redo[-1].label if redo else None,
            )

    def raw_bytes(self) -> bytes:
        """The file itself, whole or broken, for a download."""
        with self._mutex:
            return self._file.read() or NOTHING

    def follow(self, index: int, version: str) -> int | None:
        """Where the conversation that stood at `index` in an earlier `version` stands now.

        None where it was deleted, or where the whole list was replaced since.
        """
        with self._mutex:
            if self._current().version == version:
                return index
            return self._history.follow(index, version)

    # Writing

    def add(self, conversation: Conversation, at: int | None = None) -> int:
        """Insert a conversation (at the end by default) and return its index."""
        with self._writing() as state:
            index = len(state.conversations) if at is None else at
            if not 0 <= index <= len(state.conversations):
                raise BadInput("There is no such place in the list.", value=at)
            self._commit_edit(state, Edit(index, None, kept(conversation)))
            return index

    def replace(
        self, index: int, expected: Conversation, new: Conversation, *, group: str = ""
    ) -> str:
        """Put `new` where `expected` stands, and return the file's new version.

        Args:
            group: edits of one conversation in a row with the same group are undone together.

        Raises:
            Conflict: something else stands there by now.
        """
        with self._writing() as state:
            state.expect(index, expected)
            new = kept(new)
            if new == expected:
                return state.version
            return self._commit_edit(state, Edit(index, expected, new), group)

    def delete(self, index: int, expected: Conversation) -> None:
        """Remove the conversation `expected` at `index`.

        Raises:
            Conflict: something else stands there by now.
        """
        with self._writing() as state:
            state.expect(index, expected)
            self._commit_edit(state, Edit(index, expected, None))

    def replace_all(
        self, conversations: Sequence[Conversation], label: str, *, version: str | None = None
    ) -> None:
        """Replace the whole list in one step; the old file is kept beside, compressed.

        Raises:
            Conflict: `version` is given and the file is another one by now.
        """
        with self._writing() as state:
            state.expect_version(version)
            self._commit_list(dump(conversations), label)

    def extend(self, conversations: Sequence[Conversation], label: str) -> None:
        """Add many conversations in one step."""
        with self._writing() as state:
            self._commit_list(dump((*state.conversations, *conversations)), label)

    def undo(self, version: str | None = None) -> str:
        """Take the last step back and return its label.

        Raises:
            NotAvailable: there is nothing to undo.
            Conflict: `version` is given and the file is another one by now.
        """
        return self._step("undo", version)

    def redo(self, version: str | None = None) -> str:
        """Do again what was undone last and return its label; raises as `undo` does."""
        return self._step("redo", version)

    # A broken file

    def last_good(self) -> GoodVersion | None:
        """What `restore_last_good` would bring back."""
        with self._mutex, self._locked():
            try:
                data, saved = self._good_bytes()
            except NotAvailable:
                return None
            return GoodVersion(len(read_strictly(data, self._file.name)), saved)

    def restore_last_good(self) -> Path | None:
        """Put the last good version in the place of a broken or missing file.

        Returns:
            where the broken file was set aside; None where there was none.

        Raises:
            NotAvailable: no good version is known.
        """
        with self._mutex, self._locked():
            data, _ = self._good_bytes()
            aside = self._file.set_aside(self._folder)
            write_atomically(self.path, data)
            self._reload()
            return aside

    def _good_bytes(self) -> tuple[bytes, datetime | None]:
        self._history.refresh()
        try:
            return self._history.content(), datetime.fromisoformat(self._history.head_time)
        except (ChatbotError, ValueError):
            starter = self._file.starter()
            if starter is None:
                raise NotAvailable(
                    "No earlier version of these conversations is known.",
                    remedy="Mend the file in a text editor, or move it away to begin anew.",
                ) from None
            return starter, None

    # Looking at the file

    def _current(self) -> State:
        """The state, read again where the file changed."""
        if self._state is not None and self._unchanged():
            return self._state
        try:
            with self._locked():
                return self._reload()
        except (BadInput, Conflict):
            raise
        except ChatbotError:  # a folder that we may not write: read without a history
            seen = self._file.signature()
            data = self._file.read() or self._file.starter() or NOTHING
            self._state = State.of_bytes(data, self._file.name)
            self._seen = seen
            return self._state

    def _unchanged(self) -> bool:
        return self._seen is not None and self._seen == self._file.signature()

    def _locked(self) -> FileLock:
        return FileLock(self._folder / "lock", self._lock_timeout)

    @contextmanager
    def _writing(self) -> Iterator[State]:
        with self._mutex, self._locked():
            self._history.refresh()
            state = self._state
            if state is None or not self._unchanged() or self._history.head != state.version:
                state = self._reload()
            if self._history.head is None:
                self._history.start(NOTHING)
            yield state

    def _reload(self) -> State:
        """Read file and journal under the lock, and note what others did."""
        self._history.refresh()
        seen = self._file.signature()  # before the content: a later change must show
        data = self._file.read()
        if data is None:
            data = self._missing()
        state, self._state, self._seen = self._state, None, None
        if state is None or state.version != version_of(data):
            state = State.of_bytes(data, self._file.name)
        if self._history.head is None:
            if self.path.exists():
                self._history.start(data)
        elif self._history.head != state.version:
            self._history.note_outside(data, state.conversations, state.version)
        self._state, self._seen = state, seen
        return state

    def _missing(self) -> bytes:
        """What to begin with where there is no file.

        Raises:
            BadInput: there was one, with conversations in it.
        """
        if self._history.head is None:
            starter = self._file.starter()
            if starter is None:
                return NOTHING
            write_atomically(self.path, starter)
            return starter
        with suppress(ChatbotError):
            if not read_strictly(self._history.content(), self._file.name):
                return NOTHING
        raise BadInput(
            f"{self._file.name} is gone.",
            value=str(self.path),
            remedy="Put it back, or restore the last good version on the Dataset page.",
        )

    # Writing down

    def _commit_edit(self, state: State, edit: Edit, group: str = "") -> str:
        data, after = state.after(edit)
        step = Step(label_of(edit), edit, group)
        self._commit(self._history.entry_of_step(step, after.version), data, after)
        return after.version

    def _commit_list(self, data: bytes, label: str) -> None:
        after = State.of_bytes(data, self._file.name)
        swap = Swap(self._history.store(self._file.read() or NOTHING), self._history.store(data))
        self._commit(self._history.entry_of_step(Step(label, swap), after.version), data, after)

    def _step(self, kind: str, version: str | None) -> str:
        with self._writing() as state:
            state.expect_version(version)
            steps = self._history.undo_steps if kind == "undo" else self._history.redo_steps
            if not steps:
                raise NotAvailable(f"There is nothing to {kind}.")
            change = steps[-1].change.inverse() if kind == "undo" else steps[-1].change
            label = steps[-1].label
            if isinstance(change, Swap):
                data = self._history.version(change.after)
                after = State.of_bytes(data, self._file.name)
            else:
                data, after = state.after(change)
            self._commit(self._history.entry_of(kind, after.version), data, after)
            return label

    def _commit(self, entry: Entry, data: bytes, after: State) -> None:
        """Journal, then file, then memory; a failure leaves all three as they were."""
        self._file.refuse_too_large(data)
        self._history.append(entry)
        try:
            write_atomically(self.path, data)
        except BaseException:
            self._history.take_back()
            raise
        self._history.accept(entry)
        self._state, self._seen = after, None
