"""What the Dataset page remembers for one browser tab, behind typed accessors.

It is one plain object: a callback takes it once and then writes to the store and to the object
without touching `st.session_state` again, which may be interrupted by the next click.
"""

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import streamlit as st

from chatbot.dataset.editing import Draft
from chatbot.dataset.incoming import Choices, Incoming
from chatbot.errors import ChatbotError

PAUSE = 30.0
"""Seconds without a key after which further typing is a step of its own for undo."""
_ADDRESS = "conversation"
_MEMORY = "own_dataset"


class Key(StrEnum):
    """Keys of widgets; each names a CSS class `st-key-<key>` as well."""

    SEARCH = "dataset_search"
    ONLY_PROBLEMS = "dataset_only_problems"
    PAGER = "dataset_page"
    LIST = "dataset_list"
    AUTOSAVE = "dataset_autosave"
    CONVERSATION = "dataset_conversation"


@dataclass
class Upload:
    """A file or text that was offered and not yet taken."""

    name: str
    file_id: str
    choices: Choices = field(default_factory=Choices)
    result: Incoming | None = None
    problem: ChatbotError | None = None


@dataclass
class Memory:
    """All that the page remembers between two runs of its script.

    Attributes:
        draft: the conversation in the editor.
        clash: the draft's conversation was changed elsewhere; which one to keep is asked.
        problem: what went wrong in the last callback, shown once.
        notice: what to tell quietly, once.
        saved_at: when something was last saved in this tab.
        focus: the turn to put the cursor in, once.
        jumps: counts up whenever a narrow screen should move to the conversation.
        page: the page of the list, from 1; `pager` counts up whenever we turn it ourselves.
        listed: what the list was drawn for: search, filter, and the open conversation's index.
        uploading, upload, upload_round: the upload panel.
    """

    draft: Draft | None = None
    clash: bool = False
    problem: ChatbotError | None = None
    notice: str = ""
    saved_at: datetime | None = None
    focus: str = ""
    jumps: int = 0
    page: int = 1
    pager: int = 0
    listed: tuple[str, bool, int | None] | None = None
    uploading: bool = False
    upload: Upload | None = None
    upload_round: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _group: str = ""
    _typed_at: float = 0.0

    def turn_to_page(self, page: int) -> None:
        """Show another page of the list than the pager stands at."""
        if page != self.page:
            self.page, self.pager = page, self.pager + 1

    @property
    def pager_key(self) -> str:
        """A pager takes its page from us only when it is a new one."""
        return f"{Key.PAGER}_{self.pager}"

    def group(self, turn: str) -> str:
        """The name of the present stretch of typing in a turn."""
        now = time.monotonic()
        if not self._group.startswith(f"{turn}.") or now - self._typed_at > PAUSE:
            self._group = f"{turn}.{time.time_ns()}"
        self._typed_at = now
        return self._group


def memory() -> Memory:
    """This tab's memory of the page."""
    if _MEMORY not in st.session_state:
        st.session_state[_MEMORY] = Memory()
    found = st.session_state[_MEMORY]
    assert isinstance(found, Memory)
    return found


def text_key(turn: str) -> str:
    """The key of a turn's text area."""
    return f"turn-{turn}"


def typed(draft: Draft) -> Draft:
    """The draft with what stands in the text areas."""
    return draft.with_texts(
        [
            st.session_state.get(text_key(turn), message.text)
            for turn, message in zip(draft.turns, draft.conversation.messages, strict=True)
        ]
    )


def addressed() -> int | None:
    """The index of the conversation that the address names, whether or not there is one."""
    number = st.query_params.get(_ADDRESS, "")
    return int(number) - 1 if number.isascii() and number.isdigit() and len(number) < 10 else None


def name_in_address(index: int) -> None:
    """A refresh comes back to this conversation."""
    if st.query_params.get(_ADDRESS) != str(index + 1):
        st.query_params[_ADDRESS] = str(index + 1)


def search() -> str:
    return st.session_state.get(Key.SEARCH) or ""


def only_problems() -> bool:
    return bool(st.session_state.get(Key.ONLY_PROBLEMS))


def clear_filters() -> None:
    """Only in a callback, or before the widgets are drawn."""
    st.session_state[Key.SEARCH] = ""
    st.session_state[Key.ONLY_PROBLEMS] = False


def counted(conversations: int) -> str:
    """So many conversations, in words."""
    return "1 conversation" if conversations == 1 else f"{conversations:,} conversations"
