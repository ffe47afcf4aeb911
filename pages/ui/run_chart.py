"""The curves of a run: what they say in a sentence, and the pictures with their choices."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from chatbot.errors import BadInput
from chatbot.training.narrator import Kind, Verdict, narrate
from chatbot.training.runs import Run, step_of
from pages.ui.charts import live_chart, loss_figure, single_figure
from pages.ui.errors import plain
from pages.ui.fine_tune_state import Key

ICONS: Mapping[Kind, str] = {
    "waiting": ":gray[:material/hourglass_empty:]",
    "learning": ":green[:material/trending_down:]",
    "plateau": ":orange[:material/trending_flat:]",
    "memorizing": ":orange[:material/psychology_alt:]",
    "diverging": ":red[:material/trending_up:]",
    "rate_too_high": ":red[:material/speed:]",
}
_LOSS, _RATE, _GRADIENT = "Loss", "Learning rate", "Gradient norm"
_STEPS, _TIME = "Steps", "Time"


def panel(run: Run, rows: Sequence[Mapping[str, Any]]) -> None:
    """What the curves say, and one of the pictures, with the zoom kept while it grows.

    Args:
        rows: as `run.metrics()` gives them.
    """
    verdict = _verdict(run, rows)
    if verdict is not None:
        st.markdown(f"{ICONS[verdict.kind]} {plain(verdict.sentence)}")
        if verdict.advice:
            st.caption(plain(verdict.advice))
    if not rows:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        picture = _choice("Picture", [_LOSS, _RATE, _GRADIENT], "ft_chart_picture")
        over_time = _choice("Over", [_STEPS, _TIME], "ft_chart_over") == _TIME
        logarithmic = st.toggle("Log scale", key="ft_chart_log", persist_state="session")
    if picture == _LOSS:
        figure = loss_figure(
            rows,
            over_time=over_time,
            logarithmic=logarithmic,
            checkpoints=[step_of(path) for path in run.checkpoints()],
            since=verdict.since if verdict and verdict.kind == "memorizing" else None,
        )
    else:
        column = "learning_rate" if picture == _RATE else "grad_norm"
        figure = single_figure(rows, column, picture, over_time=over_time, logarithmic=logarithmic)
    name = f"{run.id} {picture} {over_time} {logarithmic}"
    live_chart(figure, name=name, key=Key.CHART)


def _verdict(run: Run, rows: Sequence[Mapping[str, Any]]) -> Verdict | None:
    try:
        config = run.config
    except BadInput:  # the page tells it where the settings are shown
        return None
    return narrate(
        rows,
        method=config.method,
        base_model=config.base_model,
        learning_rate=config.learning_rate,
    )


def _choice(label: str, options: list[str], key: str) -> str:
    return st.segmented_control(
        label,
        options,
        default=options[0],
        required=True,
        key=key,
        label_visibility="collapsed",
        persist_state="session",
    )
