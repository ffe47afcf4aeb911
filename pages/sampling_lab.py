"""Sampling lab: the next token's distribution, and what each setting makes of it."""

import streamlit as st

from chatbot.answering import Request
from chatbot.engine import catalog
from pages.ui import (
    controls,
    lab_base,
    lab_dice,
    lab_glossary,
    lab_picture,
    lab_prompt,
    lab_scores,
    lab_steps,
    lab_strip,
    lab_tour,
    sliders,
    state,
    told,
)
from pages.ui.model_status import install_card
from pages.ui.resources import engine_room


def main() -> None:
    state.keep_meant(told.begin())
    st.title("Sampling lab", anchor=False)
    st.caption(
        "A model writes one token at a time: a word or a part of one. For each it gives every "
        "token it knows a score, and the settings decide which of them can come. Move them, and "
        "see what the answer to your prompt may begin with."
    )
    tour = st.container()
    entries = catalog.list_models()
    entry = controls.model_picker(entries)
    with st.sidebar:
        request = Request(controls.choice(entry), sliders.sampling())
        controls.placement(engine_room().status(request.choice))
    if not entry.installed:
        install_card(entry, entries)
        told.end()
        return
    messages = lab_prompt.panel()
    left = scores = None
    with st.container(key="lab_scores"):  # what is said here for a moment must not move the bars
        if messages:
            scores = lab_scores.scores(
                entry, request, messages, waiting=":shimmer[Loading the model…]"
            )
    with st.container(key="lab_picture"):
        if scores is not None:
            left = lab_picture.panel(scores, request.params)
    with st.container():
        if scores is not None:
            lab_base.panel(entry, request, messages, scores)
    lab_dice.panel(messages, request)
    lab_steps.panel(messages, request)
    lab_strip.panel(messages, request)
    lab_glossary.panel()
    with tour:  # last of all: it looks at what the page stands at
        lab_tour.panel(messages, request, left)
    told.end()


main()
