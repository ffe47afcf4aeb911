"""What the Dataset page's buttons and text areas do: callbacks between the editor and the store.

A failure is remembered and shown by the next run of the page; the text that could not be saved
stays in the draft.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Literal

from chatbot.dataset import editing
from chatbot.dataset.changes import first_difference, title
from chatbot.dataset.editing import Draft, names
from chatbot.dataset.mends import MENDS
from chatbot.dataset.mends import mend as mended
from chatbot.dataset.snapshot import Snapshot
from chatbot.errors import ChatbotError, Conflict
from chatbot.messages import Conversation, Message
from pages.ui import dataset_state
from pages.ui.dataset_state import Memory, store, typed


def current() -> tuple[Snapshot, Draft | None]:
    """What stands in the file, and the conversation to show: the open one, else the address's.

    Raises:
        BadInput: the file is broken.
    """
    memory = dataset_state.memory()
    with memory.lock:
        snapshot = store().snapshot()
        if memory.clash:
            return snapshot, memory.draft
        index = dataset_state.addressed() or 0
        if memory.draft is not None:
            index = memory.draft.index
            try:
                memory.draft = memory.draft.caught_up(snapshot, store())
            except Conflict:
                memory.clash = True
                return snapshot, memory.draft
            if memory.draft is None and snapshot.conversations:
                memory.notice = "The conversation that was open here was deleted elsewhere."
        if memory.draft is None and snapshot.conversations:
            memory.draft = Draft.of(snapshot, min(index, len(snapshot.conversations) - 1))
        return snapshot, memory.draft


# --- conversations ----------------------------------------------------------------------------


def pick(index: int, version: str, *, jump: bool = True) -> None:
    """Open the conversation that stood at `index` of that version of the file."""
    with acting() as memory:
        if not free(memory):
            return
        place = store().follow(index, version)
        snapshot = store().snapshot()
        if place is None or place >= len(snapshot.conversations):
            memory.notice = "That conversation is no longer there."
            return
        memory.draft = Draft.of(snapshot, place)
        memory.jumps += jump


def open_from_elsewhere(index: int, version: str) -> None:
    """Open a conversation that another view shows."""
    dataset_state.show_view("Write")
    pick(index, version)


def new_conversation() -> None:
    """Open an empty conversation: the one at the end if it is still empty, else one more."""
    dataset_state.show_view("Write")
    dataset_state.clear_filters()
    with acting() as memory:
        if not free(memory):
            return
        rows = store().snapshot().conversations
        if not rows or not editing.is_blank(rows[-1]):
            store().add(editing.blank())
            memory.saved_at = datetime.now()
        snapshot = store().snapshot()
        memory.draft = Draft.of(snapshot, len(snapshot.conversations) - 1)
        if memory.draft.turns:
            memory.put_cursor_in(memory.draft.turns[0])
        memory.jumps += 1


def begin_with(question: str) -> None:
    """Open a new conversation that begins with this question."""
    dataset_state.clear_filters()
    dataset_state.show_view("Write")
    with acting() as memory:
        if not free(memory):
            return
        store().add(Conversation((Message("user", question), Message("assistant", ""))))
        snapshot = store().snapshot()
        memory.draft = Draft.of(snapshot, len(snapshot.conversations) - 1)
        memory.put_cursor_in(memory.draft.turns[1])
        memory.saved_at = datetime.now()
        memory.jumps += 1


def mend(key: str) -> None:
    """Take one kind of trouble out of the open conversation."""
    with acting() as memory:
        draft = memory.draft if free(memory) else None
        if draft is None:
            return
        after = mended(draft.conversation, key)
        if after is None:
            _delete(memory, draft)
            return
        save(memory, replace(draft, conversation=after, turns=names(len(after.messages))))
        if memory.clash or memory.draft is None:
            return
        memory.notice = f"{MENDS[key].button}: done. Undo brings the words back."


def duplicate_conversation() -> None:
    """A copy of the open conversation right after it, to be changed."""
    with acting() as memory:
        draft = memory.draft if free(memory) else None
        if draft is None:
            return
        place = draft.place_in(store().snapshot(), store())
        index = store().add(draft.base, None if place is None else place + 1)
        memory.draft = Draft.of(store().snapshot(), index)
        memory.saved_at = datetime.now()
        memory.notice = "This is the copy. Change it: what stands twice is learned twice."


def delete_conversation() -> None:
    with acting() as memory:
        draft = memory.draft if free(memory) else None
        if draft is not None:
            _delete(memory, draft)


def _delete(memory: Memory, draft: Draft) -> None:
    snapshot = store().snapshot()
    place = draft.place_in(snapshot, store())
    if place is not None:
        store().delete(place, draft.base)
        memory.saved_at = datetime.now()
        memory.notice = f"“{title(draft.base)}” is deleted. Undo brings it back."
    snapshot = store().snapshot()
    last = len(snapshot.conversations) - 1
    memory.draft = Draft.of(snapshot, min(place or 0, last)) if last >= 0 else None


def undo(version: str) -> None:
    _step("undo", version)


def redo(version: str) -> None:
    _step("redo", version)


def steps(since: str, names: Sequence[str]) -> None:
    """Obey the undo and redo keys that were pressed since the last time; too many are too many.

    The next press stops the run of the page that obeys this one, wherever it reads the session
    state. So a step counts as soon as it is taken and not before, and what a stopped run left is
    taken by the next one.
    """
    memory = dataset_state.memory()
    with memory.lock:
        begun, obeyed = memory.steps
        obeyed = obeyed if since == begun else 0
        for count, name in enumerate(names[obeyed:], obeyed + 1):
            snapshot = store().snapshot()
            if name == "undo" and snapshot.undo is not None:
                undo(snapshot.version)
            elif name == "redo" and snapshot.redo is not None:
                redo(snapshot.version)
            memory.steps = (since, count)


def _step(which: Literal["undo", "redo"], version: str) -> None:
    """Undo or redo, and open the conversation that it changed."""
    with acting() as memory:
        if not free(memory):
            return
        held = store()
        before = held.snapshot()
        ours = memory.draft is not None and memory.draft.version == before.version
        step = held.undo if which == "undo" else held.redo
        step(before.version if ours else version)  # nothing from here on may read session state
        memory.saved_at = datetime.now()
        after = held.snapshot()
        place = first_difference(before.conversations, after.conversations)
        opened = memory.draft.place_in(after, held) if memory.draft else None
        if place is not None and opened != place:
            memory.draft = Draft.of(after, place)


# --- when somebody else was first -------------------------------------------------------------


def theirs(snapshot: Snapshot) -> int | None:
    """Where the conversation of the draft stands by now; None if it was deleted."""
    draft = dataset_state.memory().draft
    return None if draft is None else draft.place_in(snapshot, store())


def keep_mine() -> None:
    with acting() as memory:
        draft = memory.draft
        if draft is None:
            return
        snapshot = store().snapshot()
        place = draft.place_in(snapshot, store())
        if place is None:
            _keep_as_new(memory, draft, len(snapshot.conversations))
        else:
            base = snapshot.conversations[place]
            memory.clash = False
            save(memory, replace(draft, index=place, version=snapshot.version, base=base))


def keep_theirs() -> None:
    with acting() as memory:
        snapshot = store().snapshot()
        place = memory.draft.place_in(snapshot, store()) if memory.draft else None
        memory.draft = None if place is None else Draft.of(snapshot, place)
        memory.clash = False


def keep_both() -> None:
    """Theirs stays where it is; mine comes after it."""
    with acting() as memory:
        if memory.draft is None:
            return
        snapshot = store().snapshot()
        place = memory.draft.place_in(snapshot, store())
        after = len(snapshot.conversations) if place is None else place + 1
        _keep_as_new(memory, memory.draft, after)


def _keep_as_new(memory: Memory, draft: Draft, at: int) -> None:
    index = store().add(draft.conversation, at)
    memory.draft = Draft.of(store().snapshot(), index)
    memory.clash = False
    memory.saved_at = datetime.now()


# --- the whole file ---------------------------------------------------------------------------


def restore_last_good() -> None:
    with acting() as memory:
        aside = store().restore_last_good()
        if memory.draft is not None and memory.draft.unsaved:  # typed while the file was broken
            save(memory, memory.draft)
        memory.notice = "The last good version is back."
        if aside is not None:
            memory.notice += f" The broken file is kept as {aside.name} in data/.history."


# --- inside -----------------------------------------------------------------------------------


@contextmanager
def acting() -> Iterator[Memory]:
    """Change the page's memory and the store; a failure is remembered and shown by the next run."""
    memory = dataset_state.memory()
    with memory.lock:
        memory.problem = None
        try:
            yield memory
        except ChatbotError as error:
            memory.problem = error


def open_at(memory: Memory, place: int, notice: str) -> None:
    """Show the conversation at `place`, or the last one, after the whole list changed."""
    snapshot = store().snapshot()
    last = len(snapshot.conversations) - 1
    memory.draft = Draft.of(snapshot, min(place, last)) if last >= 0 else None
    memory.clash = False
    memory.saved_at = datetime.now()
    memory.notice = notice


def save(memory: Memory, draft: Draft, group: str = "") -> None:
    """Make it the page's draft and write it; a clash is remembered."""
    memory.draft = draft  # what could not be saved stays on the page
    try:
        memory.draft = draft.saved(store(), group)
    except Conflict:
        memory.clash = True
    else:
        memory.saved_at = datetime.now()


def free(memory: Memory) -> bool:
    """Save what is still unsaved before the editor turns to something else.

    False where it must first be said which version to keep.
    """
    if memory.draft is not None and not memory.clash:
        draft = typed(memory.draft)
        if draft.unsaved:
            save(memory, draft)
    if memory.clash:
        memory.notice = "First choose which version of the open conversation to keep."
    return not memory.clash
