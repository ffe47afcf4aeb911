"""Models that are not there yet: on their way into memory, or not installed at all."""

import streamlit as st

from chatbot.engine.catalog import ModelEntry
from chatbot.engine_room import Choice
from pages.ui import presses, told
from pages.ui.errors import plain
from pages.ui.resources import engine_room, installation

POLL = 0.5
"""Seconds between two looks at something that goes on in the background."""


def model_line(entry: ModelEntry, choice: Choice) -> None:
    """One line on the model: on its way into memory, why it could not be loaded, or what it is."""
    status = engine_room().status(choice)
    if status.state == "loading":
        _wait_for(choice)
    elif status.state == "failed":
        st.error(plain(status.problem), icon=":material/error:")
        if presses.button("Try again", icon=":material/refresh:", key="reload"):
            engine_room().warm(choice, retry=True)
            st.rerun()
    else:
        st.caption(plain(entry.note))


@st.fragment(run_every=POLL)
def _wait_for(choice: Choice) -> None:
    if engine_room().status(choice).state != "loading":
        told.draw_anew()
    st.caption(":shimmer[Loading the model…] You can write already.")


def install_card(entry: ModelEntry, others: list[ModelEntry]) -> None:
    """A model that is not on this machine: how to get it, or what to use meanwhile."""
    with st.container(border=True, key="install"):
        st.subheader(plain(f"{entry.title} is not on this machine yet"), anchor=False)
        if entry.kind == "embedded":
            st.write(
                "It is a small model of 135 million parameters that was taught to follow "
                "instructions. Getting it takes one download of 93 MB and about a minute; "
                "afterwards everything works without a network."
            )
            _installer()
        else:
            st.text(entry.note)
    ready = [other for other in others if other.installed]
    if ready:
        st.caption(plain(f"Meanwhile you can chat with {ready[0].title}: choose it above."))
    else:
        st.caption(
            "A checkpoint of your own works as well: put a folder with config.json, "
            "model.safetensors and tokenizer.json into models/ and reload this page."
        )


def _installer() -> None:
    status = installation().status
    if status.state == "running":
        _watch_installation()
        return
    if status.state == "failed":
        st.error(plain(status.problem), icon=":material/error:")
    label = "Try again" if status.state == "failed" else "Get the model"
    if presses.button(label, icon=":material/download:", type="primary", key="get-model"):
        installation().start()
        st.rerun()


@st.fragment(run_every=POLL)
def _watch_installation() -> None:
    status = installation().status
    if status.state != "running":
        told.draw_anew()
    st.progress(status.fraction, text=plain(f"{status.phase} {status.detail}".strip()))
