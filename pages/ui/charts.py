"""Figures: rows of a run in, a Plotly figure (the JSON that Plotly reads) out; and the live chart.

`st.plotly_chart` is rebuilt whenever its data changes, which flickers and loses the zoom. The live
chart is a component that keeps its node and lets Plotly update it in place.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from chatbot.training.curves import smoothed
from pages.ui.server import PLOTLY_ADDRESS

Row = Mapping[str, Any]
Figure = dict[str, Any]

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


def loss_figure(
    rows: Sequence[Row],
    *,
    over_time: bool = False,
    logarithmic: bool = False,
    checkpoints: Sequence[int] = (),
    since: int | None = None,
) -> Figure:
    """Training loss (raw, and its running average) and held-out loss.

    Args:
        rows: as `Run.metrics()` gives them.
        over_time: over minutes of training; else over optimizer steps.
        checkpoints: steps to mark with the checkpoints that were kept.
        since: a step to mark with a line, such as where memorizing begins.
    """
    places = _places(rows, over_time=over_time)
    trained = _points(rows, "loss", over_time=over_time)
    held_out = _points(rows, "eval_loss", over_time=over_time)
    average = smoothed([loss for _, loss in trained])
    curve = [(place, value) for (place, _), value in zip(trained, average, strict=True)]
    kept = [(places[step], _height(step, rows, average)) for step in checkpoints if step in places]
    figure = _figure("Loss (lower is better)", over_time=over_time, logarithmic=logarithmic)
    figure["data"] = [
        _line("Training loss, each step", trained, color=0, width=1, opacity=0.35),
        _line("Training loss, smoothed", curve, color=0, width=2.5),
        _line("Held-out loss", held_out, color=1, width=2.5, mode="lines+markers"),
    ]
    if kept:
        figure["data"].append(_marks("Checkpoint", kept, color=2))
    if since is not None and since in places:
        figure["layout"]["shapes"] = [
            {
                "type": "line",
                "x0": places[since],
                "x1": places[since],
                "yref": "paper",
                "y0": 0,
                "y1": 1,
                "line": {"width": 1, "dash": "dot"},
            }
        ]
    return figure


def single_figure(
    rows: Sequence[Row],
    column: str,
    title: str,
    *,
    over_time: bool = False,
    logarithmic: bool = False,
) -> Figure:
    """One column of the rows as a curve, such as the learning rate."""
    figure = _figure(title, over_time=over_time, logarithmic=logarithmic)
    points = _points(rows, column, over_time=over_time)
    figure["data"] = [_line(title, points, color=0, width=2, hover=".3g")]
    return figure


def _figure(title: str, *, over_time: bool, logarithmic: bool) -> Figure:
    place = "Minutes of training" if over_time else "Step"
    return {
        "data": [],
        "layout": {
            "xaxis": {"title": {"text": place}, "rangemode": "tozero"},
            "yaxis": {"title": {"text": title}, "type": "log" if logarithmic else "linear"},
        },
    }


def _points(rows: Sequence[Row], column: str, *, over_time: bool) -> list[tuple[float, float]]:
    return [(_place(row, over_time=over_time), row[column]) for row in rows if column in row]


def _places(rows: Sequence[Row], *, over_time: bool) -> dict[int, float]:
    return {row["step"]: _place(row, over_time=over_time) for row in rows}


def _place(row: Row, *, over_time: bool) -> float:
    return round(row.get("seconds", 0.0) / 60, 3) if over_time else row["step"]


def _height(step: int, rows: Sequence[Row], average: Sequence[float]) -> float:
    """Of a mark: on the held-out curve where there is one, else on the training curve."""
    held_out = next(
        (row["eval_loss"] for row in rows if row["step"] == step and "eval_loss" in row), None
    )
    if held_out is not None:
        return float(held_out)
    steps = [row["step"] for row in rows if "loss" in row]
    return average[steps.index(step)] if step in steps else (average[-1] if average else 0.0)


def _marks(name: str, points: Sequence[tuple[float, float]], *, color: int) -> Figure:
    return {
        **_line(name, points, color=color, width=0, mode="markers"),
        "marker": {"symbol": "diamond", "size": 11},
    }


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
    hover: str = ".3f",
) -> Figure:
    """One curve. `color` counts in the theme's colours for categories, which the browser knows."""
    shown = thinned(points)
    return {
        "type": "scatter",
        "mode": mode,
        "name": name,
        "x": [x for x, _ in shown],
        "y": [float(f"{y:.5g}") for _, y in shown],
        "opacity": opacity,
        "line": {"width": width},
        "meta": {"color": color},
        "hovertemplate": f"%{{y:{hover}}}<extra>%{{x}}</extra>",
    }
