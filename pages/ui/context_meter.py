"""How full the model's window is, which turns no longer fit, and the exact prompt on demand."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from chatbot.answering import Request
from chatbot.engine.context import NEXT, Context, context
from chatbot.errors import ChatbotError
from chatbot.memory import NAME, Remembered, Told, bare, room_of, tell
from chatbot.messages import Message, user
from chatbot.transcripts import UNFINISHED, Transcript
from pages.ui import chat_state, memory_words
from pages.ui.chat_state import Looked
from pages.ui.errors import plain
from pages.ui.resources import engine_room

NEARLY_FULL = 0.8
MOST_SHOWN = 20_000
"""Characters of a prompt."""


def meter(transcript: Transcript, request: Request, memory: Remembered) -> None:
    """Below a conversation that has begun, once the model is loaded; nothing while it answers."""
    found = looked(transcript, request, memory)
    if found is not None:
        with st.container(gap="xxsmall", key="context"):
            _draw(found.found, found.told, transcript.messages())


def looked(transcript: Transcript, request: Request, memory: Remembered) -> Looked | None:
    """What the model would read next; None before the chat begins, while it answers, and while
    the model is not loaded."""
    if not transcript.turns or any(turn.state in UNFINISHED for turn in transcript.turns):
        return None
    used = None if NAME in transcript.without else memory
    persona, messages = transcript.persona.filled(), transcript.messages()
    key = (request.choice, request.params.max_new_tokens, persona, tuple(messages), used)
    found = chat_state.remembered_context(key)
    if found is None:
        found = _look(persona, messages, used, request)
        if found is not None:
            chat_state.remember_context(key, found)
    return found


def _look(
    persona: str, messages: Sequence[Message], memory: Remembered | None, request: Request
) -> Looked | None:
    with engine_room().glimpse(request.choice) as engine:
        if engine is None:
            return None
        told, room = bare(persona, messages), None
        try:
            room = room_of(engine, request.params)
            if memory is not None and room is not None:
                told = tell(persona, [*messages, user(NEXT)], memory, room)
                told = replace(told, messages=told.messages[:-1])
            found = context(engine, told.messages, request.params)
            found = replace(found, left_out=found.left_out + told.left_out)
        except ChatbotError as error:
            return Looked(str(error), told, room is not None)
        return Looked(found, told, room is not None)


def _draw(found: Context | str, told: Told, messages: Sequence[Message]) -> None:
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
    if told.anything:
        added = memory_words.counted(told.facts, len(told.gist), len(told.recalled))
        st.caption(f"From memory, among it: {added}.")
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
