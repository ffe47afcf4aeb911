"""What the page of the poems keeps of a session: its fields, what is edited, the way back."""

from dataclasses import dataclass
from enum import StrEnum

import streamlit as st

from chatbot.poems.book import PoemBook

NEW = "new"
"""Stands for the id of a poem that is being written."""
SHOWN_MORE = 10


class Key(StrEnum):
    """Keys of widgets; those of a form end with the poem's id."""

    SEARCH = "poems_search"
    THEME = "poems_theme"
    MOOD = "poems_mood"
    TITLE = "poems_title_"
    LINES = "poems_lines_"
    THEMES = "poems_themes_"
    FEELING = "poems_feeling_"
    SENTENCE = "poems_sentence"


@dataclass
class PoemDesk:
    """
    Attributes:
        editing: id of the poem in the form; "" for none.
        before: the poems as they were before the last change; None: there is nothing to undo.
        change: that change, for people.
        trouble: why the last change was not made; told once.
        shown: how many of the list are drawn.
    """

    editing: str = ""
    before: PoemBook | None = None
    change: str = ""
    trouble: str = ""
    shown: int = SHOWN_MORE


def desk() -> PoemDesk:
    found: PoemDesk = st.session_state.setdefault("own_poem_desk", PoemDesk())
    return found


def text(key: Key, poem_id: str = "") -> str:
    """What stands in a field."""
    return str(st.session_state.get(f"{key}{poem_id}") or "")


def forget_form(poem_id: str) -> None:
    """Empty a form's fields, so that it opens with what is saved."""
    for key in (Key.TITLE, Key.LINES, Key.THEMES, Key.FEELING):
        st.session_state.pop(f"{key}{poem_id}", None)
