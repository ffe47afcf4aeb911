"""The form and the history of runs on a page of their own, for tests."""

from chatbot.training import shelf
from pages.ui import fine_tune_form, fine_tune_state, run_history
from pages.ui.resources import store

persona = fine_tune_form.persona()
fine_tune_form.form(len(store(persona.key).snapshot().conversations), persona, busy=False)
run_history.panel(shelf.runs(), fine_tune_state.shown_run())
