"""Fine-tune: plan a run, watch it learn, see what came of it."""

import streamlit as st

from chatbot.errors import ChatbotError
from chatbot.training import queue, shelf
from chatbot.training.runs import GOING_ON
from pages.ui import errors, fine_tune_form, fine_tune_state, run_history, run_queue, run_view
from pages.ui.fine_tune_persona import chosen_persona
from pages.ui.resources import store


def main() -> None:
    st.title("Fine-tune", anchor=False)
    st.caption(
        "Teaches a model to talk like the conversations of your data set. It happens on this "
        "machine, in the background."
    )
    everything = shelf.runs()
    waiting = queue.waiting(everything)
    runs = [run for run in everything if run not in waiting]
    going_on = next((run for run in runs if run.status().state in GOING_ON), None)
    shown = going_on or fine_tune_state.shown_run() or next(iter(runs), None)
    if going_on is not None:
        run_view.watch(going_on)
        with st.container():  # always there: who comes and goes in it closes no form below
            run_queue.panel(waiting, busy=True)
        with st.expander("Plan another run", icon=":material/add:", key="ft_another"):
            plan(busy=True)
    else:
        if shown is not None:
            run_view.ended(shown)
        with st.container():
            run_queue.panel(waiting, busy=False)
        if shown is not None:
            st.subheader("New run", anchor=False)
        plan(busy=False)
    run_history.panel(runs, shown)


def plan(*, busy: bool) -> None:
    """The form, or what has to be done first.

    Args:
        busy: a run is going on, so that a new one has to wait.
    """
    try:
        persona = chosen_persona()
        conversations = len(store(persona.key).snapshot().conversations)
    except ChatbotError as error:
        errors.say(error)
        return
    if not conversations:
        st.info("There are no conversations to learn from yet.", icon=":material/info:")
        st.page_link("dataset.py", label="Write some first", icon=":material/menu_book:")
        return
    fine_tune_form.one_click(conversations, persona, busy=busy)
    fine_tune_form.form(conversations, persona, busy=busy)


main()
