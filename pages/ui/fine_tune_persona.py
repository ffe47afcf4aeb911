"""Whose conversations a run learns from, and what is wrong with them."""

import streamlit as st

from chatbot.dataset import personas
from chatbot.dataset.findings import KINDS
from chatbot.dataset.personas import FIRST, Persona
from pages.ui import fine_tune_state
from pages.ui.dataset_checkup import kinds_found
from pages.ui.errors import plain
from pages.ui.fine_tune_state import Key
from pages.ui.resources import store

TAUGHT = (
    *("empty-turn", "order", "no-answer", "ending", "copy", "near-copy", "contradiction"),
    *("markers", "markup", "rubble", "lost", "place", "key"),
)
"""Kinds of trouble that training makes a habit; lengths are told by the plan itself."""
MOST_TOLD = 3


def chosen_persona() -> Persona:
    """Whose conversations are learned: asked where there are several personas."""
    everybody = {persona.key: persona for persona in personas.personas()}
    chosen = personas.chosen()
    if len(everybody) == 1:
        return chosen
    key = st.selectbox(
        "Persona",
        list(everybody),
        index=list(everybody).index(chosen.key),
        format_func=lambda key: plain(everybody[key].name),
        key=Key.PERSONA,
        on_change=fine_tune_state.forget_what_suits_a_persona,
        help="Whose conversations it learns from; they are written on the page Dataset.",
    )
    return everybody[key]


def dataset_of(persona: Persona) -> str:
    """As a `TrainingConfig` names a persona's conversations."""
    return "" if persona.key == FIRST else str(persona.path)


def of_the_doctor(persona: Persona) -> None:
    """What the doctor found in these conversations that the bot would learn."""
    kinds = kinds_found(persona.key, store(persona.key).snapshot())
    found = [(name, kinds[name]) for name in KINDS if name in TAUGHT and kinds.get(name)]
    if not found:
        return
    told = ", ".join(f"{KINDS[name].lower()} ({count:,})" for name, count in found[:MOST_TOLD])
    more = f" and {len(found) - MOST_TOLD} more kinds" if len(found) > MOST_TOLD else ""
    st.caption(
        f":orange[:material/stethoscope:] The doctor found what the bot would learn as well: "
        f"{told}{more}. The page Dataset mends it, mostly with a click."
    )
