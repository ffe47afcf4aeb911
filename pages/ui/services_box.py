"""Which services answer in this conversation besides the model: a switch for each, but for memory,
whose own box has it."""

import streamlit as st

from chatbot.errors import ChatbotError
from chatbot.standard_services import standard_services
from chatbot.transcripts import Transcript
from pages.ui import browser, chat_state
from pages.ui.resources import answering

SPOKEN = {
    "jokes": ("Jokes", "“Tell me a joke” tells one that waits for your “why?”."),
    "poems": ("Poems", "“Write a poem about …” finds the fitting one, or writes it."),
}


def popover(transcript: Transcript) -> None:
    """Behind a button: the switches."""
    names = [service.name for service in standard_services() if service.name in SPOKEN]
    off = [name for name in names if name in transcript.without]
    with st.popover(
        "What answers",
        icon=":material/extension:",
        type="primary" if off else "secondary",
        help="Jokes and poems can answer instead of the model.",
        key="services",
    ):
        for name in names:
            label, sentence = SPOKEN[name]
            key = f"service-{name}-{transcript.id[:8]}"
            st.session_state.setdefault(key, name not in transcript.without)
            st.toggle(label, key=key, help=sentence, on_change=_save, args=(transcript.id, names))
        st.caption("What is on looks at a message first; what it leaves is the model's.")


def _save(chat: str, names: list[str]) -> None:
    off = {name for name in names if not st.session_state.get(f"service-{name}-{chat[:8]}", True)}
    try:
        others = answering().transcript(chat).without - set(names)
        answering().set_without(chat, frozenset(others | off), browser.owner())
    except ChatbotError as error:
        chat_state.memory().notice.append(str(error))
