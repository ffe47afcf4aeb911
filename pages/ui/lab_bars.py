"""The next token's distribution as bars and columns: a component of ours, which keeps its rows from
one slider move to the next, so that nothing flickers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from chatbot.engine.distribution import GREEDY, SETTINGS, Distribution, Row, Stage, Top
from chatbot.engine.sampling import SamplingParams
from pages.ui.lab_tokens import percent, tokens_counted

_ASSETS = Path(__file__).resolve().parent / "assets"
_ALWAYS = ("repetition_penalty", "temperature", "top_k", "top_p")
"""Settings that have a column even where they are off, so that columns stay where they are."""
_SCALES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0)
"""Shares that the longest bar may stand for: a few, so that bars can be compared while one slides.
"""

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
    _component(key=key, data=picture(found, shown, texts, params))


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
            "ownPercent": percent(row.own),
            "cells": (_number(row.logit), *(_cell(n, stage, row, place) for n, stage in columns)),
            "by": "" if row.removed_by is None else found.stages[row.removed_by].setting.name,
        }
        for place, (row, text) in enumerate(zip(shown.rows, texts, strict=True), start=1)
    )
    largest = max((max(row.own, row.probability) for row in shown.rows), default=1.0)
    rest = shown.rest
    return {
        "columns": (
            {"name": "Logit", "note": "raw score", "off": False},
            *(_head(name, stage, params) for (name, stage) in _names(columns)),
        ),
        "rows": rows,
        "lines": tuple(
            {"above": at, "text": _line(stage, params)}
            for stage, at in zip(found.stages, shown.cuts, strict=True)
            if at is not None
        ),
        "rest": {
            "text": f"all the rest: {tokens_counted(rest.tokens)}",
            "own": rest.own,
            "share": rest.probability,
            "percent": percent(rest.probability),
            "ownPercent": percent(rest.own),
            "left": f"{tokens_counted(rest.left)} can still come" if rest.left else "none can come",
            "gone": rest.left == 0,
        },
        "scale": next(scale for scale in _SCALES if largest <= scale + 1e-9),
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


def _line(stage: Stage, params: SamplingParams) -> str:
    value = getattr(params, stage.setting.field, None)
    figure = f" {value:g}" if isinstance(value, int | float) and stage.setting != GREEDY else ""
    return f"{stage.setting.name}{figure} cuts here: {tokens_counted(len(stage.removed))} removed"


def _number(value: float) -> str:
    return f"{value:.1f}".replace("-", "−")  # noqa: RUF001 (the sign of figures)
