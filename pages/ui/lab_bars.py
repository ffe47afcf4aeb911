"""The next token's distribution as bars and columns: a component of ours, which keeps its rows from
one slider move to the next, so that nothing flickers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from chatbot.engine.distribution import GREEDY, SETTINGS, Distribution, Row, Stage, Top
from chatbot.engine.sampling import SamplingParams
from pages.ui.lab_tokens import percent, scale_for, tokens_counted

_ASSETS = Path(__file__).resolve().parent / "assets"
_ALWAYS = ("repetition_penalty", "temperature", "top_k", "top_p")
"""Settings that have a column even where they are off, so that columns stay where they are."""
_component = st.components.v2.component(
    "lab_bars",
    html='<div id="bars"></div>',
    css=(_ASSETS / "lab_bars.css").read_text(encoding="utf-8"),
    js=(_ASSETS / "lab_bars.js").read_text(encoding="utf-8"),
)


def bars(
    found: Distribution, shown: Top, texts: Sequence[str], params: SamplingParams, *, key: str
) -> None:
    """Draw the rows, one for all the rest, and the lines where a setting cuts.

    Args:
        texts: of the rows' tokens, readable.
    """
    draw(picture(found, shown, texts, params), key=key)


def draw(data: Mapping[str, Any], *, key: str) -> None:
    """Draw what `picture` gives, or something of its form.

    Two bars a row, `share` over `own`; `cells` under `columns`; `lines` above some rows; `rest`
    may be None.
    """
    _component(key=key, data=dict(data))


def picture(
    found: Distribution, shown: Top, texts: Sequence[str], params: SamplingParams
) -> dict[str, Any]:
    """What the browser draws. Tuples, never lists: for a list Streamlit loads pandas."""
    columns = _columns(found.stages)
    rows = tuple(
        {
            "id": row.id,
            "text": text,
            "own": row.own,
            "share": row.probability,
            "percent": percent(row.probability),
            "cells": (_number(row.logit), *(_cell(n, stage, row, place) for n, stage in columns)),
            "gone": row.removed_by is not None,
            "title": _described(row, found.stages),
        }
        for place, (row, text) in enumerate(zip(shown.rows, texts, strict=True), start=1)
    )
    largest = max((max(row.own, row.probability) for row in shown.rows), default=1.0)
    rest = shown.rest
    return {
        "legend": ("after the settings", "the model alone", "removed"),
        "heads": ("Token", "Probability"),
        "columns": (
            {"name": "Logit", "note": "raw score", "off": False},
            *(_head(name, stage, params) for (name, stage) in _names(columns)),
        ),
        "rows": rows,
        "lines": tuple(
            {"above": len(rows) if at is None else at, "text": text, "cut": True}
            for stage, at in zip(found.stages, shown.cuts, strict=True)
            if (text := _line(stage, at, shown, params))
        ),
        "rest": {
            "text": _rest(shown),
            "own": rest.own,
            "share": rest.probability,
            "percent": percent(rest.probability),
            "cells": (),
            "gone": rest.left == 0,
            "title": f"{percent(rest.own)} by the model alone",
        },
        "scale": scale_for(largest),
    }


_Column = tuple[int, Stage | None]
"""Place among the stages, and the stage; None for a setting that is off."""


def _columns(stages: Sequence[Stage]) -> list[_Column]:
    by_field: Mapping[str, _Column] = {s.setting.field: (n, s) for n, s in enumerate(stages)}
    fields = [setting.field for setting in SETTINGS.values()]
    columns = [by_field.get(field, (-1 - n, None)) for n, field in enumerate(fields)
               if field in by_field or field in _ALWAYS]  # fmt: skip
    return columns + [pair for field, pair in by_field.items() if field not in fields]


def _names(columns: Sequence[_Column]) -> list[tuple[str, Stage | None]]:
    settings = list(SETTINGS.values())
    return [(stage.setting.name if stage else settings[-1 - n].name, stage) for n, stage in columns]


def _head(name: str, stage: Stage | None, params: SamplingParams) -> dict[str, Any]:
    if stage is None:
        note = "not at temp. 0" if params.greedy and name != "Repetition penalty" else "off"
        return {"name": name, "note": note, "off": True}
    if stage.setting == GREEDY:
        return {"name": "Temperature", "note": "0: likeliest", "off": False}
    sign = "÷ " if stage.setting.field == "temperature" else ""
    value = getattr(params, stage.setting.field, None)
    note = f"{sign}{value:g}" if isinstance(value, int | float) else ""
    return {"name": name, "note": note, "off": False}


def _cell(place: int, stage: Stage | None, row: Row, rank: int) -> str:
    if stage is None:
        return ""
    if row.removed_by is not None and row.removed_by <= place:
        return "✕" if row.removed_by == place else ""
    share = row.shares[place]
    if stage.setting == GREEDY:
        return "✓"
    if stage.setting.field == "top_k":
        return f"{rank}."
    if share is not None:
        return percent(share)
    score = row.scores[place]
    return "✓" if score is None else _number(score)


def _line(stage: Stage, at: int | None, shown: Top, params: SamplingParams) -> str:
    """What stands at a stage's cut; "" where there is none, or it takes from among the rows."""
    gone = set(stage.removed.tolist()) if at is None else set()
    place = any(row.id in gone for row in shown.rows)
    if not len(stage.removed) or (at is None and place):
        return ""
    value = getattr(params, stage.setting.field, None)
    figure = f" {value:g}" if isinstance(value, int | float) and stage.setting != GREEDY else ""
    where = "cuts here" if at is not None else "cuts further down"
    return f"{stage.setting.name}{figure} {where}: {tokens_counted(len(stage.removed))} removed"


def _rest(shown: Top) -> str:
    rest = shown.rest
    left = f"{rest.left:,} of them can still come" if rest.left else "none of them can come"
    return f"all the rest: {tokens_counted(rest.tokens)}, {left}"


def _described(row: Row, stages: Sequence[Stage]) -> str:
    if row.removed_by is None:
        fate = f"{percent(row.probability)} after the settings"
    else:
        fate = f"removed by {stages[row.removed_by].setting.name}"
    return f"Token {row.id}: {percent(row.own)} by the model alone; {fate}"


def _number(value: float) -> str:
    return f"{value:.1f}".replace("-", "−")  # noqa: RUF001 (the sign of figures)
