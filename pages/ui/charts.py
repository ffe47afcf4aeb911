"""Figures: rows of a run in, a Plotly figure (the JSON that Plotly reads) out; and the live chart.

`st.plotly_chart` is rebuilt whenever its data changes, which flickers and loses the zoom. The live
chart is a component that keeps its node and lets Plotly update it in place.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from pages.ui.server import PLOTLY_ADDRESS

Row = Mapping[str, Any]
Figure = dict[str, Any]

SMOOTHING = 0.9
"""Share of the old value in the running average of the loss, as TensorBoard's slider counts it."""
MOST_POINTS = 1000
"""Points of a curve; longer ones are thinned evenly."""
HEIGHT = 320

_component = st.components.v2.component(
    "live_chart",
    html='<div class="live-chart"></div>',
    js=(Path(__file__).resolve().parent / "assets" / "live_chart.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def live_chart(
    figure: Figure,
    *,
    name: str,
    key: str,
    height: int = HEIGHT,
    on_pick: Callable[[int, str], None] | None = None,
) -> None:
    """Draw the figure; redrawn with other data it keeps its node, its zoom and its legend.

    Args:
        name: what the zoom belongs to; another name begins with the whole picture.
        height: in pixels.
        on_pick: called with the whole number that a clicked point carries as `customdata`, and
            the name of the picture that was clicked.
    """

    def picked() -> None:
        choice = st.session_state[key].picked
        if on_pick and isinstance(choice, dict) and isinstance(choice.get("index"), int):
            on_pick(choice["index"], str(choice.get("version", "")))

    data = {"figure": figure, "name": name, "library": PLOTLY_ADDRESS, "height": height}
    data["picks"] = on_pick is not None
    _component(key=key, data=data, height=height, on_picked_change=picked)


def loss_figure(rows: Sequence[Row]) -> Figure:
    """Training loss (raw, and its running average) and held-out loss over optimizer steps.

    Args:
        rows: as `Run.metrics()` gives them.
    """
    trained = [(row["step"], row["loss"]) for row in rows if "loss" in row]
    held_out = [(row["step"], row["eval_loss"]) for row in rows if "eval_loss" in row]
    average = smoothed([loss for _, loss in trained])
    curve = [(step, value) for (step, _), value in zip(trained, average, strict=True)]
    return {
        "data": [
            _line("Training loss, each step", trained, color=0, width=1, opacity=0.35),
            _line("Training loss, smoothed", curve, color=0, width=2.5),
            _line("Held-out loss", held_out, color=1, width=2.5, mode="lines+markers"),
        ],
        "layout": {
            "xaxis": {"title": {"text": "Step"}, "rangemode": "tozero"},
            "yaxis": {"title": {"text": "Loss (lower is better)"}},
        },
    }


def smoothed(values: Sequence[float], weight: float = SMOOTHING) -> list[float]:
    """Exponential running average without the pull towards zero at the start.

    The correction is Adam's (Kingma & Ba 2015, section 3): divide by 1 - weight**n.
    """
    result, total = [], 0.0
    for count, value in enumerate(values, start=1):
        total = weight * total + (1 - weight) * value
        result.append(total / (1 - weight**count))
    return result


def thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most `MOST_POINTS` of them, evenly chosen; the last one always."""
    if len(points) <= MOST_POINTS:
        return list(points)
    stride = -(-len(points) // (MOST_POINTS - 1))
    kept = list(points[::stride])
    return kept if kept[-1] == points[-1] else [*kept, points[-1]]


def _line(
    name: str,
    points: Sequence[tuple[float, float]],
    *,
    color: int,
    width: float,
    opacity: float = 1.0,
    mode: str = "lines",
) -> Figure:
    """One curve. `color` counts in the theme's colours for categories, which the browser knows."""
    shown = thinned(points)
    return {
        "type": "scatter",
        "mode": mode,
        "name": name,
        "x": [x for x, _ in shown],
        "y": [round(y, 4) for _, y in shown],
        "opacity": opacity,
        "line": {"width": width},
        "meta": {"color": color},
        "hovertemplate": "%{y:.3f}<extra>step %{x}</extra>",
    }
