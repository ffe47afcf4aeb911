"""How full the model's window is, which turns no longer fit, and the exact prompt on demand."""

from collections.abc import Sequence

import streamlit as st

from chatbot.answering import Request
from chatbot.engine.context import NEXT, Context, context
from chatbot.errors import ChatbotError
from chatbot.messages import Message
from chatbot.transcripts import UNFINISHED, Transcript
from pages.ui import chat_state
from pages.ui.errors import plain
from pages.ui.resources import engine_room

NEARLY_FULL = 0.8
MOST_SHOWN = 20_000
"""Characters of a prompt."""


def meter(transcript: Transcript, request: Request) -> None:
    """Below a conversation that has begun, once the model is loaded; nothing while it answers."""
    if not transcript.turns or any(turn.state in UNFINISHED for turn in transcript.turns):
        return
    messages = [*transcript.system(), *transcript.messages()]
    key = (request.choice, request.params.max_new_tokens, tuple(messages))
    found = chat_state.remembered_context(key)
    if found is None:
        found = _looked(messages, request)
        if found is None:
            return
        chat_state.remember_context(key, found)
    with st.container(gap="xxsmall", key="context"):
        _draw(found, messages)


def _looked(messages: Sequence[Message], request: Request) -> Context | str | None:
    """What the model would read, or why it can't; None while the model is not loaded."""
    with engine_room().glimpse(request.choice) as engine:
        if engine is None:
            return None
        try:
            return context(engine, messages, request.params)
        except ChatbotError as error:
            return str(error)


def _draw(found: Context | str, messages: Sequence[Message]) -> None:
    if isinstance(found, str):
        st.caption(f":orange[:material/warning:] {plain(found)}")
        return
    share = found.tokens / found.window
    st.progress(
        min(share, 1.0),
        text=f"Context: {found.tokens:,} of {found.window:,} tokens "
        f"({share:.0%}), {found.kept_free:,} more for the answer",
    )
    if found.left_out:
        st.caption(f":orange[:material/content_cut:] {plain(_cut(found.left_out, messages))}")
    elif share > NEARLY_FULL:
        st.caption("The window is nearly full: soon the oldest messages are not read any more.")
    with st.popover("The exact prompt", icon=":material/visibility:", type="tertiary"):
        st.caption(f"What the model will read; your next message stands in the place of {NEXT}")
        st.code(found.prompt[-MOST_SHOWN:], language=None, wrap_lines=True)


def _cut(left_out: int, messages: Sequence[Message]) -> str:
    """Which messages the model does not see any more."""
    said = [message for message in messages if message.role != "system"]
    oldest = "The oldest message is" if left_out == 1 else f"The {left_out} oldest messages are"
    if left_out >= len(said):
        return f"{oldest} not read any more: nothing but your next message fits."
    first = " ".join(said[left_out].text.split())
    return f"{oldest} not read any more. It reads from “{first[:60]}” on."
