"""What changes many conversations at once: imports and mends, each one step of undo."""

from collections.abc import Sequence
from datetime import datetime

from chatbot.dataset.bulk import outcome
from chatbot.dataset.checkup import Report
from chatbot.dataset.mends import MENDS, mend
from chatbot.errors import Conflict
from chatbot.messages import Conversation
from pages.ui import dataset_hub, dataset_state
from pages.ui.dataset_actions import acting, free, open_at
from pages.ui.dataset_state import Memory, counted, store


def open_upload(*, wanted: bool = True) -> None:
    memory = dataset_state.memory()
    memory.uploading, memory.upload = wanted, None
    memory.upload_round += 1
    dataset_hub.forget()


def add_upload() -> None:
    with acting() as memory:
        if memory.upload is None or memory.upload.result is None or not free(memory):
            return
        new = memory.upload.result.conversations
        place = len(store().snapshot().conversations)
        store().extend(new, f"Added {counted(len(new))} from {memory.upload.name}")
        _close_import(memory)
        open_at(memory, place, f"{counted(len(new))} added. Undo takes it back.")


def replace_by_upload() -> None:
    with acting() as memory:
        if memory.upload is None or memory.upload.result is None or not free(memory):
            return
        new = memory.upload.result.conversations
        store().replace_all(new, f"Replaced all by {counted(len(new))} from {memory.upload.name}")
        _close_import(memory)
        notice = f"All are replaced by {counted(len(new))}. Undo takes it back."
        open_at(memory, 0, notice)


def accept_conversations(new: Sequence[Conversation], label: str) -> bool:
    """Add proposals that were accepted, at the end; the open conversation stays open.

    Returns:
        whether they are saved.
    """
    with acting() as memory:
        if free(memory):
            store().extend(new, label)
            memory.saved_at = datetime.now()
            memory.notice = f"{label}. Undo takes it back."
            return True
    return False


def mend_all(key: str, report: Report) -> None:
    """Take one kind of trouble out of all conversations that show it."""
    with acting() as memory:
        if not free(memory):
            return
        snapshot = store().snapshot()
        if snapshot.version != report.version:
            raise Conflict(
                "The conversations were changed in the meantime.",
                remedy="Look at what the doctor says now, and try again.",
            )
        before = snapshot.conversations
        result = outcome(before, report.of_mend(key), lambda conversation: mend(conversation, key))
        label = f"{MENDS[key].button}: {counted(len(result.changed))}"
        store().replace_all(result.conversations, label, version=report.version)
        place = 0 if memory.draft is None else memory.draft.index
        open_at(memory, place, f"{label}. Undo brings all back.")


def _close_import(memory: Memory) -> None:
    memory.uploading, memory.upload = False, None
    dataset_hub.forget()
