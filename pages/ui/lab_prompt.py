"""The prompt of the sampling lab: typed here, or taken from the chat with what was said before."""

from collections.abc import Sequence

import streamlit as st

from chatbot.answering import LONGEST_QUESTION
from chatbot.messages import Message, user
from chatbot.transcripts import Transcript
from pages.ui import lab_state, presses
from pages.ui.lab_state import Key


def panel() -> list[Message]:
    """Draw it; returns what the model is to answer, nothing where that can't be read."""
    lab_state.prepare()
    text = st.text_area(
        "Prompt",
        key=Key.PROMPT,
        height=80,
        persist_state="session",
        help="What you would say to the bot. Ctrl+Enter, or a click elsewhere, makes the model "
        "read it.",
    )
    with st.container(key="lab_earlier"):
        _earlier(lab_state.earlier())
        if not text.strip():
            st.info("Write a prompt: the model needs something to answer.")
            return []
        if len(text) > LONGEST_QUESTION:
            st.info(
                f"The prompt has {len(text):,} characters; no model here can read it. Shorten it "
                f"to at most {LONGEST_QUESTION:,}. What you wrote stays as it is."
            )
            return []
    return [*lab_state.earlier(), user(text.strip())]


def see_why(transcript: Transcript, index: int, *, last: bool) -> None:
    """On the chat page: take a question, and what was said before, to the sampling lab."""
    if presses.button(
        "In the lab" if last else ":material/query_stats:",
        icon=":material/query_stats:" if last else None,
        key=f"{Key.SEE_WHY}-{index}",
        type="tertiary",
        help="In the sampling lab: what the model could have begun this answer with, and what the "
        "settings make of it.",
    ):
        question = transcript.turns[index].question
        lab_state.take_over([*transcript.messages(upto=index), user(question)])
        # With an address of its own: what is bound to a widget can't be cleared from the old one.
        st.switch_page("sampling_lab.py", query_params={"chat": transcript.id})


def _earlier(messages: Sequence[Message]) -> None:
    if not messages:
        return
    said = "1 message" if len(messages) == 1 else f"{len(messages)} messages"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"From your chat, with the {said} before it.", width="content")
        st.button(
            "Without them",
            icon=":material/close:",
            key=Key.ALONE,
            type="tertiary",
            on_click=lab_state.forget_earlier,
            help="The model reads this prompt alone.",
        )
