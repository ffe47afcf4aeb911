"""Which services answer in this conversation besides the model: a switch for each, but for memory,
whose own box has it."""

import streamlit as st

from chatbot.errors import ChatbotError
from chatbot.standard_services import standard_services
from chatbot.transcripts import Transcript
from pages.ui import browser, told
from pages.ui.resources import answering

SPOKEN = {
    "jokes": ("Jokes", "“Tell me a joke” tells one that waits for your “why?”."),
    "poems": ("Poems", "“Write a poem about …” finds the fitting one, or writes it."),
}


def popover(transcript: Transcript) -> None:
    """Behind a button: the switches."""
    names = [service.name for service in standard_services() if service.name in SPOKEN]
    with st.popover(
        "What answers",
        icon=":material/extension:",
        type="primary" if transcript.without & set(names) else "secondary",
        help="Jokes and poems can answer instead of the model.",
        key="services",
    ):
        for name in names:
            label, sentence = SPOKEN[name]
            on = name not in transcript.without
            st.toggle(
                label,
                value=on,
                # A key for each state: what is behind a closed popover learns of no other value.
                key=f"service-{name}-{'on' if on else 'off'}-{transcript.id[:8]}",
                help=sentence,
                on_change=_save,
                args=(transcript.id, name, not on),
            )
        st.caption("What is on looks at a message first; what it leaves is the model's.")


def _save(chat: str, name: str, on: bool) -> None:
    try:
        without = answering().transcript(chat).without
        now = without - {name} if on else without | {name}
        answering().set_without(chat, now, browser.owner())
    except ChatbotError as error:
        told.tell(told.Place.MESSAGE_BOX, str(error))
