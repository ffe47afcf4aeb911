"""A run on the page: while it goes on, when it has ended, and the list of all of them.

Reads the run's files and nothing else, so that every tab, refresh and restart sees the same.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from chatbot.dataset import personas
from chatbot.engine.catalog import resolve
from chatbot.training import shelf
from chatbot.training.runs import GOING_ON, Run, RunStatus, step_of
from chatbot.training.trash import DAYS_KEPT
from pages.ui import (
    chats,
    errors,
    fine_tune_state,
    presses,
    run_actions,
    run_answers,
    run_chart,
    run_scores,
    state,
)
from pages.ui.controls import SPOKEN_DEVICES
from pages.ui.dataset_history import when
from pages.ui.errors import plain
from pages.ui.fine_tune_state import Key
from pages.ui.measures import duration, size
from pages.ui.resources import timeline, training_job
from pages.ui.run_actions import DEMOTE, ICONS, PROMOTE

Color = Literal["blue", "green", "orange", "red"]

POLL = 1.0
"""Seconds between two looks at a run that goes on."""
PHASES: Mapping[str, str] = {
    "preparing": "Preparing: loading the model",
    "tokenising": "Tokenising: cutting the conversations into tokens",
    "training": "Training",
    "evaluating": "Evaluating: measuring on held-out conversations",
    "saving": "Saving a checkpoint",
    "answering": "Answering the questions for the comparison",
    "scoring": "Scoring: asking the untuned and the tuned model what they know",
}
ENDS: Mapping[str, tuple[str, Color]] = {
    "waiting": ("Waiting", "blue"),
    "running": ("Running", "blue"),
    "stopping": ("Stopping", "orange"),
    "pausing": ("Pausing", "blue"),
    "finished": ("Finished", "green"),
    "stopped": ("Stopped, kept", "orange"),
    "paused": ("Paused", "blue"),
    "failed": ("Failed", "red"),
    "interrupted": ("Interrupted", "orange"),
}

RISES_FROM_SCRATCH = (
    " For a model from scratch that one may rise: it learns yours by heart and knows nothing else."
)


@st.fragment(run_every=POLL)
def watch(run: Run) -> None:
    """A run that goes on: phase, progress, figures, curves. Ends itself with the run."""
    status = run.status()
    if status.state not in GOING_ON:
        st.rerun()
    with st.container(border=True, key="running"):
        _heading(run, status)
        done = status.step / status.total_steps if status.total_steps else 0.0
        st.progress(min(done, 1.0), text=_progress_sentence(status))
        rows = run.metrics()
        _figures(rows, status)
        run_chart.panel(run, rows)
        st.caption(
            "You can leave this page, close the tab or chat meanwhile; the run goes on. "
            "The training loss says how well it knows your conversations, the held-out loss how "
            "well it does on some that it has not seen."
            + (RISES_FROM_SCRATCH if run.config.method == "scratch" else "")
        )
        with st.container(horizontal=True, gap="small"):
            st.button(
                "Pause",
                icon=":material/pause_circle:",
                key=Key.PAUSE,
                disabled=status.state != "running",
                on_click=_pause,
                help="Ends after the present step and leaves the machine to you. Resumed, it goes "
                "on as if it had never been paused.",
            )
            st.button(
                "Stop and keep",
                icon=":material/stop_circle:",
                key=Key.STOP,
                disabled=status.state == "stopping",
                on_click=_stop,
                help="Ends after the present step. What it has learned is saved as a checkpoint.",
            )
            st.button(
                "Stop and throw away",
                icon=":material/delete:",
                type="tertiary",
                key=Key.THROW_AWAY,
                on_click=_throw_away,
                args=(run,),
                help="Ends after the present step and deletes the run; it can be brought back "
                f"for {DAYS_KEPT} days.",
            )
        _best_so_far(run)
        run_answers.panel(run)


def _best_so_far(run: Run) -> None:
    best = run.best_checkpoint
    if best is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if presses.button(
            "Chat with the best so far",
            icon=":material/forum:",
            key=Key.CHAT_SO_FAR,
            help="In the chat, while this run goes on.",
        ):
            chat_with(best)
        st.caption(f"The checkpoint of step {step_of(best)}: the run goes on meanwhile.")


def _stop() -> None:
    with errors.shown():
        training_job().stop()


def _pause() -> None:
    with errors.shown():
        training_job().pause()


def _throw_away(run: Run) -> None:
    with errors.shown():
        shelf.throw_away(run)


def ended(run: Run) -> None:
    """A run that is over: how it ended, what came of it, and what to do next."""
    status = run.status()
    with st.container(border=True, key="result"):
        _heading(run, status)
        if status.error:
            st.error(plain(status.error), icon=":material/error:")
        if status.message:
            st.text(status.message)
        _next_steps(run, status)
        rows = run.metrics()
        if rows:
            run_chart.panel(run, rows)
        run_scores.panel(run)
        run_answers.panel(run)
        _settings(run)


def _heading(run: Run, status: RunStatus) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader(plain(run.id), anchor=False, width="content")
        st.badge(ENDS[status.state][0], color=ENDS[status.state][1])


def _progress_sentence(status: RunStatus) -> str:
    phase = PHASES.get(status.phase, "")
    if status.state in ("stopping", "pausing"):
        phase = f"{ENDS[status.state][0]} after this step"
    steps = f"step {status.step} of {status.total_steps}" if status.total_steps else ""
    left = f"about {duration(status.seconds_left)} left" if status.seconds_left else ""
    return " · ".join(part for part in (phase, steps, left) if part)


def _figures(rows: Sequence[Mapping[str, Any]], status: RunStatus) -> None:
    latest = {name: row[name] for row in rows for name in ("loss", "eval_loss") if name in row}
    speed = status.tokens_per_second
    with st.container(horizontal=True):
        st.metric("Training loss", _or_dots(latest.get("loss"), ".3g"))
        st.metric("Held-out loss", _or_dots(latest.get("eval_loss"), ".3g"))
        st.metric("Tokens/s", _or_dots(speed, ",.0f"))
        st.metric("Memory", size(status.memory) if status.memory else "…")


def _or_dots(value: float | None, form: str) -> str:
    return "…" if value is None else format(value, form)


def _next_steps(run: Run, status: RunStatus) -> None:
    best = run.best_checkpoint
    paused = status.state == "paused"
    with st.container(horizontal=True):
        if best is not None and presses.button(
            "Chat with it",
            type="secondary" if paused else "primary",
            icon=":material/forum:",
            key=Key.CHAT,
        ):
            chat_with(best)
        if run.can_resume and presses.button(
            "Resume",
            type="primary" if paused else "secondary",
            icon=":material/play_arrow:",
            key=Key.RESUME,
            help="Goes on where it was, with the same data and settings.",
        ):
            with errors.shown():
                fine_tune_state.show_run(training_job().resume(run.id))
                st.rerun()
        if best is not None:
            action = DEMOTE if run_actions.is_default(run) else PROMOTE
            st.button(
                action,
                type="tertiary",
                icon=f":material/{ICONS[action]}:",
                key=Key.DEFAULT,
                on_click=run_actions.do,
                args=(action, run.id),
                help="What a new chat begins with, here and in the console.",
            )
    if best is not None:
        st.caption(f"The checkpoint of step {step_of(best)} is in the chat's list of models, too.")
    elif status.state == "failed":
        st.caption("No checkpoint was kept.")


def chat_with(checkpoint: Path) -> None:
    """A new conversation with it, on the page Chat."""
    with errors.shown():
        state.choose_model(resolve(checkpoint).name)
        chats.begin_new()
        st.switch_page("chat.py")


def _settings(run: Run) -> None:
    with st.expander("Settings and data of this run", type="compact"), errors.shown():
        facts = run.facts
        st.code(run.config.to_json().strip(), language="json")
        st.caption(
            plain(
                f"Data version {run.dataset_version[:12]}, "
                f"{facts.get('trained_on', '?')} conversations learned, "
                f"{facts.get('held_out', '?')} held out, seed {facts.get('seed', '?')}."
            )
        )
        if "dtype" in facts:
            device = SPOKEN_DEVICES.get(str(facts.get("device")), facts.get("device"))
            st.caption(plain(f"Learned on: {device}, {facts['dtype']}"))
        if where := _in_the_history(str(facts.get("dataset_sha256"))):
            st.caption(f":material/history: {plain(where)}")


def _in_the_history(sha256: str) -> str:
    """Which version of which persona the run learned from, and how much changed since; "" where
    no history knows it."""
    for persona in personas.personas():
        past = timeline(persona.key)
        found = past.refresh()
        place = past.position(sha256)
        if place is not None:
            since = len(found) - 1 - place
            changes = f"{since:,} changes since" if since != 1 else "1 change since"
            return (
                f"It learned from {persona.name} in the version of {when(found[place].when)} "
                f"({changes}): see the history on the page Dataset."
            )
    return ""
