"""The form and the history of runs on a page of their own, for tests."""

from chatbot.training import shelf
from pages.ui import fine_tune_form, fine_tune_state, run_history
from pages.ui.fine_tune_persona import chosen_persona
from pages.ui.resources import store

persona = chosen_persona()
fine_tune_form.form(len(store(persona.key).snapshot().conversations), persona, busy=False)
run_history.panel(shelf.runs(), fine_tune_state.shown_run())
