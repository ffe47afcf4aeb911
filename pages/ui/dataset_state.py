"""What the Dataset page remembers for one browser tab, behind typed accessors.

It is one plain object: a callback takes it once and then writes to the store and to the object
without touching `st.session_state` again, which may be interrupted by the next click.
"""

import threading
import time
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

import streamlit as st

from chatbot.dataset import personas
from chatbot.dataset.editing import Draft
from chatbot.dataset.incoming import Choices, Incoming
from chatbot.dataset.selection import ORDERS, Filters
from chatbot.errors import ChatbotError
from pages.ui import resources

if TYPE_CHECKING:
    from chatbot.dataset.store import ConversationStore

View = Literal["Write", "Doctor", "Pictures", "History"]

PAUSE = 30.0
"""Seconds without a key after which further typing is a step of its own for undo."""
_ADDRESS = "conversation"
_MEMORY = "own_dataset"


class Key(StrEnum):
    """Keys of widgets; each names a CSS class `st-key-<key>` as well."""

    SEARCH = "dataset_search"
    ONLY_PROBLEMS = "dataset_only_problems"
    FILTER_TAGS = "dataset_filter_tags"
    FILTER_LENGTH = "dataset_filter_length"
    FILTER_KIND = "dataset_filter_kind"
    FILTER_LIKED = "dataset_filter_liked"
    FILTER_NOTED = "dataset_filter_noted"
    ORDER = "dataset_order"
    VIEW = "dataset_view"
    PERSONA = "dataset_persona"
    PAGER = "dataset_page"
    LIST = "dataset_list"
    WRITING = "dataset_writing"
    CONVERSATION = "dataset_conversation"


@dataclass
class Upload:
    """A file or text that was offered and not yet taken."""

    name: str
    file_id: str
    choices: Choices = field(default_factory=Choices)
    result: Incoming | None = None
    problem: ChatbotError | None = None


def _chosen() -> str:
    return personas.chosen().key


@dataclass
class Memory:
    """All that the page remembers between two runs of its script.

    Attributes:
        persona: key of the persona that this tab shows; it stays when another tab chooses another.
        draft: the conversation in the editor.
        clash: the draft's conversation was changed elsewhere; which one to keep is asked.
        problem: what went wrong in the last callback, shown once.
        notice: what to tell quietly, once.
        saved_at: when something was last saved in this tab.
        focus, focused: the text area to put the cursor in, whenever the number counts up.
        cursor_of: the text area whose cursor is asked for, to split its turn there.
        steps: the browser's list of undo and redo keys, and how many of them were obeyed.
        jumps: counts up whenever a narrow screen should move to the conversation.
        page: the page of the list, from 1; `pager` counts up whenever we turn it ourselves.
        listed: what the list was drawn for, and the open conversation's index.
        uploading, upload, upload_round: the upload panel.
        version: position of the version that the history shows; None is the present one.
        changing: the panel that changes many conversations is open.
    """

    persona: str = field(default_factory=_chosen)
    draft: Draft | None = None
    clash: bool = False
    problem: ChatbotError | None = None
    notice: str = ""
    saved_at: datetime | None = None
    focus: str = ""
    focused: int = 0
    cursor_of: str = ""
    steps: tuple[str, int] = ("", 0)
    jumps: int = 0
    page: int = 1
    pager: int = 0
    listed: "tuple[Wanted, int | None] | None" = None
    uploading: bool = False
    upload: Upload | None = None
    upload_round: int = 0
    changing: bool = False
    version: int | None = None
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _group: str = ""
    _typed_at: float = 0.0

    def put_cursor_in(self, turn: str) -> None:
        self.focus, self.focused = text_key(turn), self.focused + 1

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


def store() -> "ConversationStore":
    """The conversations of the persona that this tab shows.

    Raises:
        NotAvailable: it was deleted meanwhile.
    """
    return resources.store(memory().persona)


def show_persona(key: str) -> None:
    """Turn the page to another persona's conversations."""
    found = memory()
    fresh = Memory(persona=key, notice=found.notice, upload_round=found.upload_round + 1)
    for each in fields(Memory):
        if each.name not in ("lock", "pager", "focused", "steps"):
            setattr(found, each.name, getattr(fresh, each.name))
    st.query_params.pop(_ADDRESS, None)


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


def widget(key: str) -> str:
    """What a widget of texts stands at."""
    return str(st.session_state.get(key) or "")


def set_widget(key: str, value: str, *, when: object = None) -> None:
    """Set a widget of texts, before it is drawn or in a callback.

    Args:
        when: where given, only if this is another thing than the last time; what the person
            types meanwhile stays.
    """
    remembered = f"own_{key}"
    if when is None or st.session_state.get(remembered) != when:
        if when is not None:
            st.session_state[remembered] = when
        if st.session_state.get(key) != value:
            st.session_state[key] = value


def menu_key(turn: str) -> str:
    """The key of a turn's menu."""
    return f"more-{turn}"


def chosen_tags(key: str) -> tuple[str, ...]:
    return tuple(map(str, st.session_state.get(key) or ()))


def show_tags(key: str, tags: tuple[str, ...]) -> None:
    """Set the widget to what the conversation says. Only before it is drawn."""
    if chosen_tags(key) != tags:
        st.session_state[key] = list(tags)


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


def kind() -> str:
    """The kind of problem that is wanted; "" for all conversations."""
    return st.session_state.get(Key.FILTER_KIND) or ""


def show_kind(name: str) -> None:
    """Have the list show one kind of problem alone. Only in a callback."""
    clear_filters()
    st.session_state[Key.FILTER_KIND] = name


def filters() -> Filters:
    chosen = st.session_state
    return Filters(
        tags=tuple(chosen.get(Key.FILTER_TAGS) or ()),
        length=chosen.get(Key.FILTER_LENGTH) or "",
        liked=bool(chosen.get(Key.FILTER_LIKED)),
        noted=bool(chosen.get(Key.FILTER_NOTED)),
    )


def order() -> str:
    return st.session_state.get(Key.ORDER) or next(iter(ORDERS))


@dataclass(frozen=True)
class Wanted:
    """Which conversations the list is to show, and in which order."""

    search: str = ""
    only_problems: bool = False
    kind: str = ""
    filters: Filters = field(default_factory=Filters)
    order: str = next(iter(ORDERS))


NOTHING_WANTED = Wanted()


def wanted() -> Wanted:
    return Wanted(search().strip(), only_problems(), kind(), filters(), order())


def looked_at(versions: int) -> int:
    """Position of the version that the history shows."""
    position = memory().version
    return versions - 1 if position is None else min(position, versions - 1)


def look_at(position: int | None) -> None:
    memory().version = position


def clear_filters() -> None:
    """Only in a callback, or before the widgets are drawn."""
    st.session_state[Key.SEARCH] = ""
    st.session_state[Key.ONLY_PROBLEMS] = False
    st.session_state[Key.FILTER_TAGS] = []
    st.session_state[Key.FILTER_LENGTH] = ""
    st.session_state[Key.FILTER_KIND] = ""
    st.session_state[Key.FILTER_LIKED] = False
    st.session_state[Key.FILTER_NOTED] = False
    st.session_state[Key.ORDER] = next(iter(ORDERS))


def view() -> View:
    return st.session_state.get(Key.VIEW) or "Write"


def show_view(name: View) -> None:
    """Only in a callback, or before the widget is drawn."""
    st.session_state[Key.VIEW] = name


def counted(conversations: int) -> str:
    """So many conversations, in words."""
    return "1 conversation" if conversations == 1 else f"{conversations:,} conversations"
