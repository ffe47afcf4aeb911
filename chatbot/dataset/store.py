"""The persona's conversations, kept so that nothing acknowledged is ever lost.

An edit is in the journal, safe on the disk, before the call returns. A small file is written whole
in the same call, a large one a moment later. Whoever edits the file beside us, with our lock or
without, is noticed by its content and becomes a step that undo takes back. A broken file is named
and left alone.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path

from chatbot import paths
from chatbot.dataset.changes import Edit, Swap, label_of
from chatbot.dataset.datafile import NOTHING
from chatbot.dataset.importers import dump, read_strictly
from chatbot.dataset.keeper import SMALL, Keeper
from chatbot.dataset.snapshot import GoodVersion, Snapshot
from chatbot.dataset.state import State, kept
from chatbot.dataset.steps import Step
from chatbot.errors import BadInput, ChatbotError, NotAvailable
from chatbot.files import write_atomically
from chatbot.messages import Conversation


class ConversationStore:
    """One data file. Safe to share between threads; other processes may have a store of it too.

    Args:
        path: the file; the persona's by default, which begins as the shipped starter set.
        lock_timeout: seconds to wait for another process that writes.
        small: bytes below which the file itself is written before an edit returns; a larger file
            follows within seconds (`flush` waits for it).

    Every method raises `BadInput` while the file is broken (row and reason in its message),
    `OutOfResources` where the disk is full, `Conflict` where somebody else was first.
    """

    def __init__(
        self, path: Path | None = None, *, lock_timeout: float = 10.0, small: int = SMALL
    ) -> None:
        self.path = path or paths.dataset_path()
        starter = paths.shipped_dataset_path() if path is None else None
        self._keeper = Keeper(self.path, starter, lock_timeout, small)
        self._file, self._history = self._keeper.file, self._keeper.history

    # Reading

    def snapshot(self) -> Snapshot:
        """What stands there now. Cheap while nobody changed it."""
        with self._keeper.mutex:
            state = self._keeper.current()
            undo, redo = self._history.undo_steps, self._history.redo_steps
            return Snapshot(
                state.conversations,
                state.version,
                undo[-1].label if undo else None,
                redo[-1].label if redo else None,
                self._keeper.behind.trouble,
            )

    def raw_bytes(self) -> bytes:
        """The file with all edits in it, or as it is where it is broken, for a download."""
        with self._keeper.mutex, suppress(ChatbotError):
            state = self._keeper.current()
            if self._history.pending:
                return dump(state.conversations)
        return self._file.read() or NOTHING

    def flush(self) -> None:
        """Return when every edit is in the file itself, for whoever reads it past the store."""
        self._keeper.behind.now()

    def follow(self, index: int, version: str) -> int | None:
        """Where the conversation that stood at `index` in an earlier `version` stands now.

        None where it was deleted, or where the whole list was replaced since.
        """
        with self._keeper.mutex:
            if self._keeper.current().version == version:
                return index
            return self._history.follow(index, version)

    # Writing

    def add(self, conversation: Conversation, at: int | None = None) -> int:
        """Insert a conversation (at the end by default) and return its index."""
        with self._keeper.writing() as state:
            index = len(state.conversations) if at is None else at
            if not 0 <= index <= len(state.conversations):
                raise BadInput("There is no such place in the list.", value=at)
            self._edit(state, Edit(index, None, kept(conversation)))
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
        with self._keeper.writing() as state:
            state.expect(index, expected)
            new = kept(new)
            if new == expected:
                return state.version
            return self._edit(state, Edit(index, expected, new), group)

    def delete(self, index: int, expected: Conversation) -> None:
        """Remove the conversation `expected` at `index`.

        Raises:
            Conflict: something else stands there by now.
        """
        with self._keeper.writing() as state:
            state.expect(index, expected)
            self._edit(state, Edit(index, expected, None))

    def replace_all(
        self, conversations: Sequence[Conversation], label: str, *, version: str | None = None
    ) -> None:
        """Replace the whole list in one step; the old file is kept beside, compressed.

        Raises:
            Conflict: `version` is given and the file is another one by now.
        """
        with self._keeper.writing() as state:
            state.expect_version(version)
            self._swap(state, dump(conversations), label)

    def extend(self, conversations: Sequence[Conversation], label: str) -> None:
        """Add many conversations in one step."""
        with self._keeper.writing() as state:
            self._swap(state, dump((*state.conversations, *conversations)), label)

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

    def _edit(self, state: State, edit: Edit, group: str = "") -> str:
        step = Step(label_of(edit), edit, group)
        return self._keeper.edit(state, edit, partial(self._history.entry_of_step, step))

    def _swap(self, state: State, data: bytes, label: str) -> None:
        after = State.of_bytes(data, self._file.name)
        self._keeper.settle(state)
        swap = Swap(
            self._history.versions.store(self._file.read() or NOTHING),
            self._history.versions.store(data),
        )
        step = Step(label, swap)
        self._keeper.put_list(after, data, partial(self._history.entry_of_step, step))

    def _step(self, kind: str, version: str | None) -> str:
        with self._keeper.writing() as state:
            state.expect_version(version)
            steps = self._history.undo_steps if kind == "undo" else self._history.redo_steps
            if not steps:
                raise NotAvailable(f"There is nothing to {kind}.")
            change = steps[-1].change.inverse() if kind == "undo" else steps[-1].change
            label, entry_to = steps[-1].label, partial(self._history.entry_of, kind)
            if isinstance(change, Swap):
                data = self._history.versions.content(change.after)
                after = State.of_bytes(data, self._file.name)
                self._keeper.settle(state)
                self._keeper.put_list(after, data, entry_to)
            else:
                self._keeper.edit(state, change, entry_to)
            return label

    # A broken file

    def last_good(self) -> GoodVersion | None:
        """What `restore_last_good` would bring back."""
        with self._keeper.mutex, self._keeper.locked():
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
        with self._keeper.mutex, self._keeper.locked():
            data, _ = self._good_bytes()
            aside = self._file.set_aside(self._keeper.folder)
            write_atomically(self.path, data)
            self._keeper.reload()
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


def settle(path: Path) -> None:
    """Bring a file up to date before it is read past the store: edits of a large one may wait.

    Raises:
        OutOfResources: the disk is full.
    """
    if (path.parent / ".history" / path.stem / "journal.jsonl").exists():
        ConversationStore(path).flush()
