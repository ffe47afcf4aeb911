"""Runs beside each other: their curves in one picture, and what differs between two of them."""

import html
from collections.abc import Sequence

import streamlit as st

from chatbot.training import shelf
from chatbot.training.curves import smoothed
from chatbot.training.run_differences import caution, differences
from chatbot.training.run_summary import summary
from chatbot.training.runs import Run
from pages.ui import errors
from pages.ui.charts import Figure, Row, live_chart, thinned
from pages.ui.errors import plain
from pages.ui.fine_tune_state import Key
from pages.ui.run_names import base_name

MOST_COMPARED = 6
"""As many as the theme has colours for."""
HEIGHT = 380
"""Of the picture, in pixels: taller than that of one run, as the legend takes a line a run."""
LONGEST_NAME = 32
"""Characters of a name in the legend."""
LONGEST_WORD = 10
"""Characters of a table's cell that stay together."""
ZERO_WIDTH_SPACE = "\u200b"


def panel(runs: Sequence[Run]) -> None:
    """Choose some runs, and see their curves and what differs."""
    by_id = {run.id: run for run in runs}
    if any(run_id not in by_id for run_id in st.session_state.get(Key.RUNS_COMPARED, ())):
        kept = [run_id for run_id in st.session_state[Key.RUNS_COMPARED] if run_id in by_id]
        st.session_state[Key.RUNS_COMPARED] = kept
    chosen = st.multiselect(
        "Compare runs",
        list(by_id),
        format_func=lambda run_id: shelf.name(by_id[run_id]),
        key=Key.RUNS_COMPARED,
        max_selections=MOST_COMPARED,
        placeholder="Choose two or more",
    )
    if len(chosen) < 2:
        return
    compared = [by_id[run_id] for run_id in chosen]
    names = [shelf.name(run) for run in compared]
    with errors.shown():
        rows = [run.metrics() for run in compared]
        if any(rows):
            figure = compared_figure(list(zip(names, rows, strict=True)))
            live_chart(figure, name=" ".join(chosen), key=Key.RUNS_CHART, height=HEIGHT)
            st.caption(
                "Solid with dots: the held-out loss, on conversations that the model has not "
                "seen. Dotted: the training loss, smoothed."
            )
        if len(compared) == 2:
            _two(compared[0], compared[1], names)
        else:
            st.caption("With two runs, a table says what differs between them.")


def compared_figure(runs: Sequence[tuple[str, Sequence[Row]]]) -> Figure:
    """Held-out and smoothed training loss of several runs over optimizer steps, a colour a run.

    Args:
        runs: names, and rows as `Run.metrics()` gives them.
    """
    curves = []
    for color, (name, rows) in enumerate(runs):
        held_out = [(row["step"], row["eval_loss"]) for row in rows if "eval_loss" in row]
        losses = [(row["step"], row["loss"]) for row in rows if "loss" in row]
        average = smoothed([loss for _, loss in losses])
        trained = [(step, value) for (step, _), value in zip(losses, average, strict=True)]
        title = html.escape(shortened(name), quote=False)  # Plotly reads tags in names
        if held_out:
            curves.append(_curve(title, "held-out", held_out, color, legend=True))
        if trained:
            curves.append(_curve(title, "training", trained, color, legend=not held_out))
    return {
        "data": curves,
        "layout": {
            "xaxis": {"title": {"text": "Step"}, "rangemode": "tozero"},
            "yaxis": {"title": {"text": "Loss (lower is better)"}},
        },
    }


def shortened(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _curve(
    title: str, kind: str, points: Sequence[tuple[float, float]], color: int, *, legend: bool
) -> Figure:
    shown = thinned(points)
    held_out = kind == "held-out"
    return {
        "type": "scatter",
        "mode": "lines+markers" if held_out else "lines",
        "name": title,
        "legendgroup": f"run {color}",
        "showlegend": legend,
        "x": [x for x, _ in shown],
        "y": [round(y, 4) for _, y in shown],
        "line": {"width": 2.5 if held_out else 1.5, "dash": "solid" if held_out else "dot"},
        "meta": {"color": color},
        "hovertemplate": f"{kind} %{{y:.3f}}<extra>step %{{x}}, %{{fullData.name}}</extra>",
    }


def _two(one: Run, other: Run, names: Sequence[str]) -> None:
    """What came of two runs, and what differs between them."""
    if warning := caution(one, other):
        st.caption(f":orange[:material/info:] {plain(warning)}")
    found = differences(one, other)
    rows = [*_results(one, other)]
    for difference in found:
        values = (difference.here, difference.there)
        if difference.name == "base_model":
            short = (base_name(difference.here), base_name(difference.there))
            values = short if len(set(short)) == 2 else values
        rows.append((_labelled(difference.label, difference.name), *values))
    st.markdown(_table(names, rows))
    if not found:
        st.caption("The same settings, the same data, the same libraries.")


def _results(one: Run, other: Run) -> list[tuple[str, str, str]]:
    ours, theirs = summary(one, one.status()), summary(other, other.status())
    return [
        ("Best held-out loss", _number(ours.held_out), _number(theirs.held_out)),
        ("Training loss at the end", _number(ours.trained), _number(theirs.trained)),
    ]


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"


def _labelled(label: str, name: str) -> str:
    """With the technical term beside it, where that says more."""
    plain_term = label.lower().replace(" ", "_").replace("-", "")
    return f"{label} ({name})" if name and name.lower() not in plain_term else label


def _table(names: Sequence[str], rows: Sequence[tuple[str, str, str]]) -> str:
    """Markdown; a table of Streamlit's would load pandas for a few words."""
    lines = [("", *(f"{place}. {shortened(name)}" for place, name in enumerate(names, start=1)))]
    cells = [" | ".join(_cell(text) for text in line) for line in (*lines, *rows)]
    return "\n".join(f"| {line} |" for line in (cells[0], " | ".join(["---"] * 3), *cells[1:]))


def _cell(text: str) -> str:
    words = " ".join(_breakable(word) for word in text.split())
    return f":small[{plain(words)}]" if words else ""


def _breakable(word: str) -> str:
    """Hashes and paths may be broken, else the table is wider than a phone."""
    if len(word) <= LONGEST_WORD:
        return word
    pieces = [word[at : at + LONGEST_WORD] for at in range(0, len(word), LONGEST_WORD)]
    return ZERO_WIDTH_SPACE.join(pieces)
