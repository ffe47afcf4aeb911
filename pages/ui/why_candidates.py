"""What could have stood in the place of a word: bars before and after the settings, what was cut by
which of them, and the way to go on with another word. See assets/why_candidates.js."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from chatbot.engine.distribution import GREEDY, Row, Setting
from chatbot.engine.looking_back import Cut, Place, instead
from chatbot.engine.sampling import SamplingParams
from pages.ui.errors import plain
from pages.ui.lab_tokens import percent, readable, tokens_counted
from pages.ui.why_words import bits_told

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

_ASSETS = Path(__file__).resolve().parent / "assets"

_component = st.components.v2.component(
    "why_candidates",
    html='<div id="view"></div>',
    css=(_ASSETS / "why_candidates.css").read_text(encoding="utf-8"),
    js=(_ASSETS / "why_candidates.js").read_text(encoding="utf-8"),
)


def candidates(data: dict[str, Any], *, key: str, on_go: Callable[[int, int], None]) -> None:
    """Draw what `picture` gives. `on_go(index of the word, id of the token to go on with)`."""

    def heard() -> None:
        choice = getattr(st.session_state.get(key), "go", None)
        if not isinstance(choice, dict):
            return
        at, token = choice.get("at"), choice.get("id")
        if isinstance(at, int) and isinstance(token, int):
            on_go(at, token)

    _component(key=key, data=data, on_go_change=heard)


def picture(
    tokenizer: "PreTrainedTokenizerFast",
    tokens: Sequence[int],
    index: int,
    place: Place,
    ends: frozenset[int],
    *,
    picked: bool,
    busy: bool,
) -> dict[str, Any]:
    """What the browser draws. Tuples, never lists: for a list Streamlit loads pandas.

    Args:
        tokens: of the answer; `place` is the one at `index`.
        ends: ids that end an answer.
        picked: a person put this word there.
        busy: nothing can go on now.
    """
    rows = place.top.rows
    texts = readable(tokenizer, [row.id for row in rows])
    chosen = by(place.params is None, picked)
    return {
        "at": index,
        "busy": busy,
        "alone": place.params is None,
        "most": max(max(row.own, row.probability) for row in rows),
        "rows": tuple(
            {
                "id": row.id,
                "text": text,
                "own": row.own,
                "after": row.probability,
                "figures": _figures(row, place),
                "note": _note(row, place, ends),
                "steps": _steps(row, place),
                "gone": row.removed_by is not None,
                "chosen": chosen if row.id == place.id else "",
                "go": row.id != place.id and instead(tokenizer, tokens, index, row.id) is not None,
            }
            for row, text in zip(rows, texts, strict=True)
        ),
        "rest": _rest(place),
    }


def by(alone: bool, picked: bool) -> str:
    """Who put the word there."""
    if picked:
        return "your choice"
    return "it stands here" if alone else "it was taken"


def sentence(place: Place, text: str, *, picked: bool) -> str:
    """What happened at this place, in words, as Markdown."""
    row = next(row for row in place.top.rows if row.id == place.id)
    begin = f"**“{plain(text)}”** had a chance of {percent(row.own)} by the model alone"
    surprise = f"{bits_told(place.surprise)} of surprise"
    if picked:
        return f"{begin}: {surprise}. You picked it; the model went on from there."
    if place.params is None:
        return f"{begin}: {surprise}. The model did not choose this word; it only reads it."
    if place.left == 1:
        return f"{begin} ({surprise}); the settings left **nothing else**."
    return (
        f"{begin} ({surprise}), and {percent(row.probability)} after the settings. They left "
        f"**{tokens_counted(place.left)}** of {place.vocabulary:,} to draw from."
    )


def cuts(place: Place) -> str:
    """What each setting took away, as Markdown; "" where none did."""
    told = [
        f"{_named(cut.setting, place.params)} took away {tokens_counted(cut.removed)}."
        for cut in place.stages
        if cut.removed
    ]
    return plain(" ".join(told))


def _figures(row: Row, place: Place) -> str:
    if place.params is None:
        return percent(row.own)
    return f"{percent(row.own)} → {percent(row.probability)}"


def _note(row: Row, place: Place, ends: frozenset[int]) -> str:
    told = []
    if row.id in ends:
        told.append("ends the answer")
    if row.removed_by is not None:
        setting = place.stages[row.removed_by].setting
        greedy = setting == GREEDY
        told.append(
            "not the likeliest (temperature 0)"
            if greedy
            else f"cut by {_named(setting, place.params, lower=True)}"
        )
    elif _penalised(row, place.stages):
        told.append(f"said before: {_named(place.stages[0].setting, place.params, lower=True)}")
    return ", ".join(told)


def _penalised(row: Row, stages: Sequence[Cut]) -> bool:
    """The repetition penalty comes first of all."""
    if not stages or stages[0].setting.field != "repetition_penalty":
        return False
    return row.scores[0] is not None and abs(row.scores[0] - row.logit) > 1e-6


def _steps(row: Row, place: Place) -> str:
    """The token's way through the settings: `score 14.2 → ÷ temperature 0.7: 20.3 → top-k 50 ✓`."""
    told, last = [f"score {_number(row.logit)}"], row.logit
    for n, cut in enumerate(place.stages):
        score = row.scores[n]
        name = _named(cut.setting, place.params, lower=True)
        if score is None:
            told.append(f"{name} ✕")
            break
        told.append(f"{name} ✓" if score == last else f"{name}: {_number(score)}")
        last = score
    else:
        told.append(percent(row.probability))
    return " → ".join(told)


def _rest(place: Place) -> str:
    rest = place.top.rest
    if not rest.tokens:
        return ""
    told = f"All the rest, {tokens_counted(rest.tokens)}: {percent(rest.own)}"
    if place.params is None:
        return told
    left = f"{rest.left:,} of them could come" if rest.left else "none of them could come"
    return f"{told} → {percent(rest.probability)}; {left}"


def _named(setting: Setting, params: SamplingParams | None, *, lower: bool = False) -> str:
    """`Top-p 0.9`."""
    name = setting.name.lower() if lower else setting.name
    value = getattr(params, setting.field, None)
    known = isinstance(value, int | float) and setting != GREEDY
    return f"{name} {value:g}" if known else name


def _number(value: float) -> str:
    return f"{value:.1f}".replace("-", "−")  # noqa: RUF001 (the sign of figures)
