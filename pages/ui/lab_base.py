"""Base against tuned: which words fine-tuning raised, and which it sank."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from chatbot.answering import Request
from chatbot.engine.catalog import ModelEntry
from chatbot.engine.changes import Change, Changes, changes
from chatbot.messages import Message
from chatbot.training.origins import base_of
from pages.ui import errors, lab_bars, lab_scores
from pages.ui.errors import plain
from pages.ui.lab_state import Key
from pages.ui.lab_tokens import percent, readable, scale_for

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

    from chatbot.engine.next_scores import NextScores


def panel(
    entry: ModelEntry, request: Request, messages: Sequence[Message], tuned: "NextScores"
) -> None:
    """The switch, and the picture where it is on. The base is loaded only then, in the place of
    the tuned model, whose scores are remembered."""
    st.subheader("Base against tuned", anchor=False)
    base = base_of(entry)
    if base is None:
        st.caption(
            "Choose a model that you fine-tuned, and see here which words that raised and sank."
        )
        return
    wanted = st.toggle(
        plain(f"Compare with {base.title}, the model it was tuned from"),
        key=Key.BASE,
        persist_state="session",
        help="Both read the same prompt; the settings play no part here.",
    )
    with st.container(key="lab_changes_area"):
        if wanted:
            _compare(base, request, messages, tuned)


def _compare(
    base: ModelEntry, request: Request, messages: Sequence[Message], tuned: "NextScores"
) -> None:
    asked = replace(request, choice=replace(request.choice, model=base.name))
    waiting = (
        f":shimmer[Loading {plain(base.title)} to compare…] It takes the place of the tuned "
        "model for a moment, so that there is never more than one in memory. The picture above "
        "goes on without either."
    )
    with st.container(key="lab_base_scores"):
        before = lab_scores.scores(base, asked, messages, waiting=waiting)
    if before is None:
        return
    with errors.shown():
        found = changes(before, tuned)
        st.markdown(_told(found))
        lab_bars.draw(_picture(found, _larger(before, tuned)), key=Key.CHANGES)


def _told(found: Changes) -> str:
    if found.moved < 0.0005:
        return "Both models think the same of the next token: fine-tuning changed nothing here."
    return (
        f"Fine-tuning moved **{percent(found.moved)}** of the probability to other tokens "
        "(total variation distance). The last column is the change in percentage points."
    )


def _larger(base: "NextScores", tuned: "NextScores") -> "PreTrainedTokenizerFast":
    """The tokenizer that knows the tokens of both."""
    return max((tuned.tokenizer, base.tokenizer), key=len)


def _picture(found: Changes, tokenizer: "PreTrainedTokenizerFast") -> dict[str, Any]:
    listed = (*found.raised, *found.sunk)
    texts = readable(tokenizer, [change.id for change in listed])
    lines = []
    if found.raised:
        lines.append({"above": 0, "text": "Raised by fine-tuning", "cut": False})
    if found.sunk:
        lines.append({"above": len(found.raised), "text": "Sunk by fine-tuning", "cut": False})
    largest = max((max(change.base, change.tuned) for change in listed), default=1.0)
    return {
        "legend": ("tuned", "base", ""),
        "heads": ("Token", "Points"),
        "columns": (
            {"name": "Base", "note": "", "off": False},
            {"name": "Tuned", "note": "", "off": False},
        ),
        "rows": tuple(_row(change, text) for change, text in zip(listed, texts, strict=True)),
        "lines": tuple(lines),
        "rest": None,
        "scale": scale_for(largest),
    }


def _row(change: Change, text: str) -> dict[str, Any]:
    base, tuned = percent(change.base), percent(change.tuned)
    return {
        "id": change.id,
        "text": text,
        "own": change.base,
        "share": change.tuned,
        "percent": _points(change.change),
        "cells": (base, tuned),
        "gone": False,
        "title": f"Token {change.id}: {base} by the base, {tuned} by the tuned model",
    }


def _points(change: float) -> str:
    """Percentage points with a sign."""
    sign = "+" if change >= 0 else "−"  # noqa: RUF001 (the sign of figures)
    value = abs(100 * change)
    figure = f"{value:.2f}" if value < 0.995 else f"{value:.1f}"
    return f"{sign}{figure}"
