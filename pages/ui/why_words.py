"""The words of an answer as buttons, shaded by surprise on demand. See assets/why_words.js."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from chatbot.engine.looking_back import Place
from pages.ui.lab_tokens import percent, readable

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

LEVELS = (1.0, 3.0, 6.0)
"""Bits from which on a word is shaded more: chances below 1 in 2, 1 in 8 and 1 in 64."""
LEGEND = (
    "expected",
    "a little surprising: its chance was below 1 in 2",
    "surprising for the model: below 1 in 8",
    "very surprising: below 1 in 64",
)
_ASSETS = Path(__file__).resolve().parent / "assets"

_component = st.components.v2.component(
    "why_words",
    html='<div id="view"></div>',
    css=(_ASSETS / "why_words.css").read_text(encoding="utf-8"),
    js=(_ASSETS / "why_words.js").read_text(encoding="utf-8"),
)


def words(
    tokenizer: "PreTrainedTokenizerFast",
    tokens: Sequence[int],
    places: Sequence[Place],
    *,
    picked: frozenset[int],
    at: int,
    shaded: bool,
    name: str,
    key: str,
    on_pick: Callable[[int], None],
) -> None:
    """Draw them.

    Args:
        tokens: of the answer.
        places: what is known of them so far, from the first on.
        picked: indices of words that a person put there.
        at: the one that is looked at; -1: none.
        name: of the answer; a click on the words of another one is not heard.
        on_pick: called with the index of the word that was clicked.
    """

    def heard() -> None:
        choice = getattr(st.session_state.get(key), "at", None)
        if not isinstance(choice, dict) or choice.get("name") != name:
            return
        index = choice.get("index")
        if isinstance(index, int) and 0 <= index < len(tokens):
            on_pick(index)

    _component(
        key=key,
        data=picture(tokenizer, tokens, places, picked, at, shaded) | {"name": name},
        on_at_change=heard,
    )


def picture(
    tokenizer: "PreTrainedTokenizerFast",
    tokens: Sequence[int],
    places: Sequence[Place],
    picked: frozenset[int],
    at: int,
    shaded: bool,
) -> dict[str, Any]:
    """What the browser draws. Tuples, never lists: for a list Streamlit loads pandas."""
    unknown = len(tokens) - len(places)
    return {
        "texts": tuple(readable(tokenizer, tokens, running=True)),
        "levels": (*(level(place.surprise) for place in places), *[-1] * unknown),
        "titles": (*map(_title, places), *[""] * unknown),
        "picked": tuple(sorted(picked)),
        "at": at,
        "shaded": shaded,
        "legend": LEGEND if shaded else (),
    }


def level(bits: float) -> int:
    """0 for an expected word, up to 3 for a very surprising one."""
    return sum(bits > limit for limit in LEVELS)


def bits_told(bits: float) -> str:
    return f"{bits:.1f} bits"


def _title(place: Place) -> str:
    own = next(row.own for row in place.top.rows if row.id == place.id)
    return f"{percent(own)} by the model alone, {bits_told(place.surprise)} of surprise"
