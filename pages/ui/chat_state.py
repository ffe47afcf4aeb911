"""What the chat page keeps of one tab besides the settings: what is being edited, how much of a
long chat is drawn, and words that could not be sent."""

from dataclasses import dataclass

import streamlit as st

from chatbot.engine.context import Context
from chatbot.memory import Before, Told
from chatbot.persona_text import PersonaText
from pages.ui.state import Key

SHOWN_AT_FIRST = 12
"""Turns of a long chat that are drawn; each costs the page time at every rerun."""
SHOWN_MORE = 30
_MEMORY = "own_chat_memory"


@dataclass(frozen=True)
class Looked:
    """What the model would read before the next answer, or the sentence on why it can't.

    Attributes:
        told: what memory makes of it.
        reads_notes: the model is large enough to use what memory tells it.
    """

    found: Context | str
    told: Told
    reads_notes: bool


@dataclass
class ChatMemory:
    """
    Attributes:
        chat: the conversation that all this is about.
        editing: id of the turn that is being edited, and which part of it; None: none.
        shown: how many of the last turns are drawn.
        sent: words from the box that nobody has been asked yet.
        unsent: words that could not be sent, to be put back into the box.
        lists: how often a conversation was picked; closes the list.
        imports: how many files were taken; empties the field for files.
        context: what the model would read next, and for which messages and settings that holds.
        all_facts: all that the bot remembers is drawn, not only the last few.
        erased: what the bot remembered of a chat before all was erased.
        why: id of the turn whose words are looked at one by one; 0: none.
        why_at: which of its tokens is shown; -1: none yet.
        shaded: whether its words are shaded by surprise.
    """

    chat: str = ""
    editing: tuple[int, str] | None = None
    shown: int = SHOWN_AT_FIRST
    sent: str | None = None
    unsent: str = ""
    lists: int = 0
    imports: int = 0
    context: tuple[object, Looked] | None = None
    all_facts: bool = False
    erased: tuple[str, Before] | None = None
    why: int = 0
    why_at: int = -1
    shaded: bool = False


def memory(chat: str | None = None) -> ChatMemory:
    """This tab's memory; what belongs to another conversation is forgotten."""
    kept: ChatMemory = st.session_state.setdefault(_MEMORY, ChatMemory())
    if chat is not None and kept.chat != chat:
        kept.chat, kept.editing, kept.shown, kept.all_facts = chat, None, SHOWN_AT_FIRST, False
        kept.why, kept.why_at = 0, -1
    return kept


def note_sent() -> None:
    """In the callback of the box. What the box itself returns is lost where another press begins
    the page anew before it is drawn."""
    memory().sent = st.session_state[Key.QUESTION]


def take_sent() -> str | None:
    kept = memory()
    words, kept.sent = kept.sent, None
    return words


def put_back() -> None:
    """Put unsent words back into the box, only before it is drawn."""
    kept = memory()
    if kept.unsent:
        st.session_state[Key.QUESTION] = kept.unsent


def forget_unsent() -> None:
    """The page was drawn to its end: not before, as a rerun in its middle begins it anew."""
    memory().unsent = ""


def edited_text() -> str:
    """What stands in the field in which a message is edited."""
    kept = memory()
    return str(st.session_state.get(edit_key(), "")) if kept.editing else ""


def edit_key() -> str:
    kept = memory()
    turn, part = kept.editing or (0, "")
    return f"edit-{kept.chat[:8]}-{turn}-{part}"


def persona_key(chat: str, part: str) -> str:
    """The key of a widget of the persona text; each chat has its own."""
    return f"persona-{part}-{chat[:8]}"


def show_persona(chat: str, persona: PersonaText) -> None:
    """Fill the widgets with what is saved. Before they are drawn."""
    for part in ("text", "bot", "user"):
        st.session_state.setdefault(persona_key(chat, part), getattr(persona, part))


def persona_field(chat: str, part: str) -> str:
    return str(st.session_state.get(persona_key(chat, part)) or "")


def remembered_context(key: object) -> Looked | None:
    """What was found for these messages and settings, if that was the last thing looked for."""
    known = memory().context
    return known[1] if known is not None and known[0] == key else None


def remember_context(key: object, found: Looked) -> None:
    memory().context = (key, found)
