"""A page with one model's way out alone, as the Models page draws it."""

import streamlit as st

from chatbot.engine import catalog
from pages.ui import errors, model_export

with errors.shown():
    model_export.draw_outcome()
    for entry in catalog.list_models():
        if entry.name == st.session_state.get("shown"):
            model_export.draw(entry)
    model_export.draw_deleted()
