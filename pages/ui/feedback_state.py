"""What the page needs to know of feedback in the data set, looked up once for each version."""

from dataclasses import dataclass

import streamlit as st

from chatbot import feedback
from chatbot.dataset import personas
from chatbot.dataset.personas import Persona
from chatbot.messages import Conversation
from pages.ui.resources import store

_KNOWN = "own_feedback_known"


@dataclass(frozen=True)
class Known:
    """The examples in the chosen persona's data set. `places`: by mark."""

    version: str
    persona: Persona
    places: dict[str, int]
    conversations: tuple[Conversation, ...]


def known() -> Known:
    """As the data set stands now.

    Raises:
        ChatbotError: it can't be read.
    """
    persona = personas.chosen()
    snapshot = store(persona.key).snapshot()
    before: Known | None = st.session_state.get(_KNOWN)
    if before is not None and (before.version, before.persona) == (snapshot.version, persona):
        return before
    places = feedback.places(snapshot.conversations)
    now = Known(
        snapshot.version,
        persona,
        places,
        tuple(snapshot.conversations[at] for at in places.values()),
    )
    st.session_state[_KNOWN] = now
    return now
