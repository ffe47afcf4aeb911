"""The chats of this browser: which one this tab shows, on every page, and the list of all."""

from collections.abc import Callable

from chatbot.chat_list import ChatList
from chatbot.errors import ChatbotError
from pages.ui import browser, errors, state, told
from pages.ui.resources import answering


def current() -> str:
    """The id of this tab's chat."""
    return state.chat_id(answering().transcripts.exists)


def keep_in_address() -> None:
    """Every page carries the chat's id, so that a refresh anywhere keeps the conversation."""
    current()


def listed() -> ChatList | None:
    """This browser's list; None where the browser keeps no cookies and can't be known again."""
    owner = browser.owner()
    return ChatList(owner, answering().transcripts) if owner else None


def note(chat: str) -> None:
    """The list learns of a new question. Chats that another browser began are not taken."""
    chats = listed()
    if chats is not None:
        with errors.shown():
            chats.note(answering().transcript(chat))


def clear() -> None:
    """Leave the chat for an empty one; it can be brought back."""
    chat = current()
    answering().stop(chat)
    chats = listed()
    if chats is not None:
        with errors.shown():
            chats.delete(chat)
    state.begin_new_chat()


def begin_new() -> None:
    """An empty chat beside the others."""
    state.begin_new_chat()
    state.forget_cleared_chat()


def open_chat(chat: str) -> None:
    state.open_chat(chat)
    state.forget_cleared_chat()


def bring_back(chat: str) -> None:
    """Return to a chat that was deleted."""
    chats = listed()
    if chats is not None:
        with errors.shown():
            chats.restore(chat)
    open_chat(chat)


def bring_back_cleared() -> None:
    """Return to the chat that was cleared just now."""
    cleared = state.cleared_chat()
    if cleared:
        bring_back(cleared)


def drop_cleared() -> None:
    """A new chat has begun in earnest: the cleared one is deleted, at once where no list can bring
    it back."""
    cleared = state.cleared_chat()
    if cleared:
        if listed() is None:
            answering().forget(cleared)
        state.forget_cleared_chat()


def attempt(deed: Callable[[], None]) -> bool:
    """Whether it worked; else the next drawing of the page says why not."""
    try:
        deed()
    except ChatbotError as error:
        told.tell(told.Place.MESSAGE_BOX, str(error))
        return False
    return True
