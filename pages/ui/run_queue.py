"""The runs that wait for their turn, and what can be done with each."""

from collections.abc import Sequence

import streamlit as st

from chatbot.errors import ChatbotError
from chatbot.training import queue, shelf
from chatbot.training.runs import Run, active_run, get_run
from pages.ui import errors, fine_tune_state, run_actions
from pages.ui.errors import plain
from pages.ui.fine_tune_state import Outcome
from pages.ui.resources import training_job
from pages.ui.run_names import way

POLL = 1.0
"""Seconds between two looks at whether the next run has begun."""


def panel(waiting: Sequence[Run], *, busy: bool) -> None:
    """The queue; nothing where nobody waits.

    Args:
        waiting: the next one first.
        busy: whether a run is going on.
    """
    if not waiting:
        return
    if not busy and training_job().is_at_work:
        _follow()
    st.subheader("Waiting", anchor=False)
    st.caption(
        "The first one begins by itself when the present run has ended."
        if busy
        else "Nothing is going on: begin one, and the others follow by themselves."
    )
    for place, run in enumerate(waiting):
        with st.container(border=True, gap="xxsmall", key=f"ft_waiting_{run.id}"):
            _row(run, first=place == 0, busy=busy)


@st.fragment(run_every=POLL)
def _follow() -> None:
    """Between two runs: draw the page anew as soon as the next one has begun."""
    if active_run() is not None or not training_job().is_at_work:
        st.rerun()


def _row(run: Run, *, first: bool, busy: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{plain(shelf.name(run))}**", width="stretch")
        if not busy:
            st.button(
                "Start now",
                type="primary" if first else "secondary",
                icon=":material/play_arrow:",
                key=f"ft_start_now_{run.id}",
                on_click=_start,
                args=(run.id,),
            )
        if not first:
            st.button(
                "Move up",
                type="tertiary",
                icon=":material/arrow_upward:",
                key=f"ft_move_up_{run.id}",
                on_click=_move_up,
                args=(run.id,),
            )
        st.button(
            "Remove",
            type="tertiary",
            icon=":material/close:",
            key=f"ft_remove_{run.id}",
            on_click=run_actions.remove,
            args=(run.id,),
        )
    with errors.shown():
        config = run.config
        limit = config.max_steps
        length = f"{config.epochs:.3g} epochs" if limit is None else f"{limit} steps"
        st.caption(
            plain(
                f"{way(config)} · {length} · learning rate "
                f"{config.learning_rate:g} · data version {run.dataset_version[:12]}"
            )
        )


def _start(run_id: str) -> None:
    try:
        fine_tune_state.show_run(training_job().start_waiting(run_id))
    except ChatbotError as error:
        fine_tune_state.keep_outcome(Outcome(problem=error))


def _move_up(run_id: str) -> None:
    try:
        queue.move_up(get_run(run_id))
    except ChatbotError as error:
        fine_tune_state.keep_outcome(Outcome(problem=error))
