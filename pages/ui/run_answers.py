"""What a run answered at each of its stages: a scrubber, and the words that are new marked."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from chatbot.dataset.differences import Piece, pieces
from chatbot.training.runs import GOING_ON, Run
from pages.ui.errors import plain

PREFIX = "ft_answers_"
"""Of every widget's key, and of what this panel keeps of the session."""
BEFORE = 0
"""The step of the untuned model."""

Row = Mapping[str, Any]
Stages = Mapping[int, Mapping[str, Row]]
"""Rows by step, in order, then by question."""


def panel(run: Run) -> None:
    """The same questions at a stage of one's choice; nothing while nothing was answered.

    Call it within the fragment that follows a run that goes on. One that has ended makes a
    fragment of its own, so that the scrubber does not run the whole page.
    """
    if run.status().state in GOING_ON:
        _panel(run)
    else:
        st.fragment(_panel)(run)


def _panel(run: Run) -> None:
    rows = run.answers()
    stages = stages_of(rows)
    if not stages:
        return
    going_on = run.status().state in GOING_ON
    st.markdown("**The same questions, answered again and again**")
    step = _scrubber(run, list(stages), newest=rows[-1]["step"])
    steps = list(stages)
    place = steps.index(step)
    earlier = stages[steps[place - 1]] if place else {}
    before = stages.get(BEFORE, {}) if step != BEFORE else {}
    for question, row in stages[step].items():
        _question(question, row, earlier.get(question), before.get(question))
    st.caption(_explained(step, steps[place - 1] if place else None, going_on=going_on))


def stages_of(rows: Sequence[Row]) -> Stages:
    """The answers by step. A checkpoint's own take the place of those of the same step that the
    model gave while it was learning."""
    stages: dict[int, dict[str, Row]] = {}
    for row in rows:
        stages.setdefault(row["step"], {})[row["question"]] = row
    return dict(sorted(stages.items()))


def stage_name(step: int) -> str:
    return "Before" if step == BEFORE else f"Step {step:,}"


def marked(found: Sequence[Piece]) -> str:
    """The newer of two texts as Markdown, what it has more than the older one with a mark."""
    said = []
    for kind, text in found:
        if kind == "same":
            said.append(plain(text))
        elif kind == "added":
            words = text.lstrip()
            said.append(plain(text[: len(text) - len(words)]) + _highlighted(words))
    return "".join(said)


def _scrubber(run: Run, steps: list[int], newest: int) -> int:
    """The step to show: the last that was answered, until another one is chosen."""
    if len(steps) < 2:
        return steps[0]
    key, kept = f"{PREFIX}step_{run.id}", f"{PREFIX}chosen_{run.id}"

    def choose() -> None:
        chosen = st.session_state[key]
        st.session_state[kept] = None if chosen == newest else chosen

    chosen = st.session_state.get(kept)
    step: int = chosen if chosen in steps else newest
    if st.session_state.get(key) != step:
        st.session_state[key] = step
    st.select_slider(
        "Answers at",
        steps,
        format_func=stage_name,
        key=key,
        on_change=choose,
        help="Each stop is a moment of the run at which the model was asked. The same seed draws "
        "the words each time (the same luck), so a new answer comes from what was learned.",
    )
    return step


def _question(question: str, row: Row, earlier: Row | None, before: Row | None) -> None:
    """One question. The earlier answer decides what is marked, the untuned one stands beside."""
    with st.container(gap="xsmall"):
        st.markdown(f"**{plain(_tidy(question))}**")
        columns = st.columns(2 if before is not None else 1)
        with columns[0].container(border=True, height="stretch"):
            st.caption(plain(_made_by(row)))
            st.markdown(_told(row, earlier))
        if before is not None:
            with columns[1].container(border=True, height="stretch"):
                st.caption(plain(_made_by(before)))
                st.markdown(_told(before, None))


def _told(row: Row, earlier: Row | None) -> str:
    answer = _tidy(row["answer"])
    if not answer:
        return plain("(no words)")
    return plain(answer) if earlier is None else marked(pieces(_tidy(earlier["answer"]), answer))


def _made_by(row: Row) -> str:
    weights = f"weights {row['hash']}" if row["hash"] else "weights of that moment"
    return f"{stage_name(row['step'])} · {weights}"


def _explained(step: int, earlier: int | None, *, going_on: bool) -> str:
    said = []
    if earlier is not None:
        since = "before the training" if earlier == BEFORE else f"at step {earlier:,}"
        said.append(f"Marked: words that it did not say {since}.")
    elif step == BEFORE:
        said.append("The untuned model, before the first step.")
    if going_on:
        said.append(
            "It is asked again at the next evaluation, unless the answers would cost more than "
            "about a tenth of the time."
        )
    return " ".join(said)


def _highlighted(words: str) -> str:
    """Each line by itself, as a mark can't reach from one paragraph into the next; bold, as not
    everybody sees the colour."""
    lines = (line.strip() for line in words.split("\n"))
    return "  \n".join(f":green-background[**{plain(line)}**]" if line else "" for line in lines)


def _tidy(text: str) -> str:
    """Without the spaces at a line's beginning, which Markdown takes for code."""
    return "\n".join(line.strip() for line in text.strip().split("\n"))
