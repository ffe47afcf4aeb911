"""What is said of a model that was never taught to converse, and the way to teach it."""

import streamlit as st

from chatbot.engine.catalog import ModelEntry
from chatbot.fetching.known import converses


def say(entry: ModelEntry) -> None:
    """Nothing where it was taught, as far as anybody can know."""
    if converses(entry):
        return
    with st.container(key="base-model", gap="xxsmall"):
        st.caption(
            ":orange[:material/info:] This model only continues texts (a base model). It gets our "
            "form of a conversation, so that it answers once and stops; what it says then is "
            "hardly an answer. Fine-tuning makes the difference."
        )
        st.page_link("fine_tune.py", label="Fine-tune it", icon=":material/tune:")
