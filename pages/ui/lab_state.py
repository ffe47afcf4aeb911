"""The session_state keys of the sampling lab's picture, behind typed accessors."""

from collections.abc import Sequence
from enum import StrEnum
from typing import cast

import streamlit as st

from chatbot.messages import Message

FIRST_PROMPT = "Who are you?"


class Key(StrEnum):
    """Keys of widgets; each names a CSS class `st-key-<key>` as well."""

    PROMPT = "lab_prompt"
    ALONE = "lab_alone"
    BARS = "lab_bars"
    BASE = "lab_base"
    CHANGES = "lab_changes"
    SEE_WHY = "lab_see_why"


_EARLIER = "own_lab_earlier"


def prepare() -> None:
    """Give the prompt its first words. Before it is drawn."""
    st.session_state.setdefault(Key.PROMPT, FIRST_PROMPT)


def take_over(messages: Sequence[Message]) -> None:
    """Look at the answer to the last of these messages. Before the prompt is drawn, in a callback,
    or on another page."""
    *earlier, last = messages
    st.session_state[_EARLIER] = tuple(earlier)
    st.session_state[Key.PROMPT] = last.text


def earlier() -> tuple[Message, ...]:
    """What was said before the prompt, if it came from a chat."""
    return cast("tuple[Message, ...]", st.session_state.get(_EARLIER, ()))


def forget_earlier() -> None:
    st.session_state.pop(_EARLIER, None)
