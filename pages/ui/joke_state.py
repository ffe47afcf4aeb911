"""What the page of the jokes keeps of a session: its fields, which joke is edited, the way back."""

from dataclasses import dataclass, field
from enum import StrEnum

import streamlit as st

from chatbot.jokemanager import JokeManager
from chatbot.jokes.book import JokeBook

NEW = "new"
"""Stands for the id of a joke that is being written."""
SHOWN_MORE = 20


class Key(StrEnum):
    """Keys of widgets; those of a form end with the joke's id."""

    SEARCH = "jokes_search"
    TOPIC = "jokes_topic"
    SETUP = "jokes_setup_"
    PUNCHLINE = "jokes_punchline_"
    TOPICS = "jokes_topics_"
    KIND = "jokes_kind_"


@dataclass
class JokeDesk:
    """
    Attributes:
        editing: id of the joke in the form; "" for none.
        before: the jokes as they were before the last change; None: there is nothing to undo.
        change: that change, for people.
        trouble: why the last change was not made; told once.
        shown: how many of the list are drawn.
        teller: tells a joke to try it; and lines: what was said.
    """

    editing: str = ""
    before: JokeBook | None = None
    change: str = ""
    trouble: str = ""
    shown: int = SHOWN_MORE
    teller: JokeManager | None = None
    lines: list[tuple[str, str]] = field(default_factory=list)


def desk() -> JokeDesk:
    found: JokeDesk = st.session_state.setdefault("own_joke_desk", JokeDesk())
    return found


def text(key: Key, joke_id: str = "") -> str:
    """What stands in a field."""
    return str(st.session_state.get(f"{key}{joke_id}") or "")


def forget_form(joke_id: str) -> None:
    """Empty a form's fields, so that it opens with what is saved."""
    for key in (Key.SETUP, Key.PUNCHLINE, Key.TOPICS, Key.KIND):
        st.session_state.pop(f"{key}{joke_id}", None)
