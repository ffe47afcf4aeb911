"""The chat of this tab: which one it is, on every page, and the one that was cleared just now."""

from chatbot.transcripts import TranscriptStore
from pages.ui import state
from pages.ui.resources import answering


def current() -> str:
    """The id of this tab's chat."""
    return state.chat_id(TranscriptStore().exists)


def keep_in_address() -> None:
    """Every page carries the chat's id, so that a refresh anywhere keeps the conversation."""
    current()


def bring_back_cleared() -> None:
    """Return to the chat that was cleared just now."""
    cleared = state.cleared_chat()
    if cleared:
        state.open_chat(cleared)
        state.forget_cleared_chat()


def drop_cleared() -> None:
    """A new chat has begun in earnest: the cleared one is deleted."""
    cleared = state.cleared_chat()
    if cleared:
        answering().forget(cleared)
        state.forget_cleared_chat()
