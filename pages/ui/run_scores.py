"""Before and after in figures: what a run made of its model, and the way to every answer."""

from collections.abc import Callable, Sequence

import streamlit as st

from chatbot.training.runs import Run
from chatbot.training.scores.results import Scores, Which, read_scores
from pages.ui import errors, presses, run_scored_answers
from pages.ui.errors import plain
from pages.ui.fine_tune_state import Key
from pages.ui.resources import measuring
from pages.ui.run_scored_answers import percent

POLL = 1.0
"""Seconds between two looks at a measuring that goes on."""


def panel(run: Run) -> None:
    """The scores of a run that has ended, or a button that measures them; nothing where it has no
    model."""
    best = run.best_checkpoint
    if best is None:
        return
    scores = read_scores(run.path)
    if scores is not None and scores.checkpoint == best.name:
        st.markdown("**Before and after, in figures**")
        _figures(scores)
        st.caption("\n".join(f"- {sentence}" for sentence in sentences(scores)))
        st.fragment(run_scored_answers.panel)(run, scores)
    elif measuring().run == run:
        _progress(run)
    else:
        _offer(run)


def sentences(scores: Scores) -> list[str]:
    """What the figures mean, one sentence each, as Markdown."""
    said = [_perplexity(scores), _facts(scores), _general(scores), _repetition(scores)]
    said += [_copied(scores), *(plain(note) for note in scores.notes)]
    return [sentence for sentence in said if sentence]


def _figures(scores: Scores) -> None:
    with st.container(horizontal=True):
        _metric(
            "Perplexity",
            lambda which: _rounded(scores.perplexity(which)),
            "Among how many words or parts of words (tokens) it hesitates, on average, on "
            "conversations that it has not seen: exp of the held-out loss. Lower is better.",
        )
        _metric(
            "Persona facts right",
            lambda which: _count(scores.right("fact", which)),
            "Questions of held-out conversations whose answer is a fact that the other "
            "conversations tell as well. Right is an answer with the words that set this fact "
            "apart from the persona's other answers.",
        )
        if scores.of_kind("general"):
            _metric(
                "General knowledge",
                lambda which: _count(scores.right("general", which)),
                "A fixed set of simple questions, such as capitals, colours and sums. Fine-tuning "
                "on a persona lets some of this be forgotten.",
            )
        _metric(
            "Repeats itself",
            lambda which: _percent(r.within if (r := scores.repetition(which)) else None),
            "Of all runs of three words, those that it had already said in the same answer.",
        )
        _metric(
            "Word for word copied",
            lambda which: _percent(scores.copied(which)),
            "How much of an average answer stands, four words in a row or more, in a conversation "
            "that it learned from. Some of that is the persona's way to speak; near 100 % it "
            "recites.",
        )


def _metric(label: str, value: Callable[[Which], str], explained: str) -> None:
    """The value after the training, the one before beneath it."""
    before, after = value("before"), value("after")
    st.metric(
        label,
        after or "not measured",
        f"before: {before}" if before else None,
        delta_color="off",
        delta_arrow="off",
        help=explained,
    )


def _perplexity(scores: Scores) -> str:
    before, after = (_rounded(scores.perplexity(which)) for which in ("before", "after"))
    if not after:
        return (
            f"Nothing was measured on held-out conversations at this step ({scores.held_out} are "
            "held out), so there is no perplexity."
        )
    than = f", before among {before}" if before else ""
    return (
        f"Perplexity: on conversations that it has not seen, it hesitates at each place among "
        f"about {after} words or parts of words (tokens){than}. Fewer is better."
    )


def _facts(scores: Scores) -> str:
    asked = len(scores.of_kind("fact"))
    after, before = scores.right("fact", "after"), scores.right("fact", "before")
    if after is None:
        return (
            f"Persona facts: of {scores.held_out} held-out conversations, {asked} ask for a fact "
            "that the others tell as well; that is too little to count. More conversations on the "
            "same facts, in other words, make it measurable."
        )
    than = f", before {before[0]}" if before else ""
    return (
        f"Persona facts: of {after[1]} questions that it has not seen, {after[0]} were answered "
        f"with the right fact{than}."
    )


def _general(scores: Scores) -> str:
    asked, kept = len(scores.of_kind("general")), scores.kept()
    after, before = scores.right("general", "after"), scores.right("general", "before")
    if after is None or before is None:
        return ""
    if kept is None:
        return (
            f"General knowledge: the untuned model itself had only {before[0]} of {asked} simple "
            "questions right, so there is hardly anything to keep."
        )
    return (
        f"General knowledge: of {kept[1]} simple questions that the untuned model answered right, "
        f"{kept[0]} are still right (of all {asked}, {after[0]} now and {before[0]} before)."
    )


def _repetition(scores: Scores) -> str:
    after = scores.repetition("after")
    if after is None:
        return ""
    same = round(after.between * len(scores.asked))
    return (
        f"Repetition: {_percent(after.within)} of its three-word runs repeat what it said in the "
        f"same answer; {same or 'none'} of {len(scores.asked)} answers came to more than one "
        "question."
    )


def _copied(scores: Scores) -> str:
    share = scores.copied("after")
    if share is None:
        return ""
    longest = max((each.after.copied.longest for each in scores.asked), default=0)
    return (
        f"Memorization: {_percent(share)} of an average answer stands word for word in a "
        f"conversation that it learned from; the longest copy has {longest} words."
    )


@st.fragment(run_every=POLL)
def _progress(run: Run) -> None:
    holder = measuring()
    if holder.run != run:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(min(holder.share, 1.0), text="Measuring: asking both models")
        st.button("Stop measuring", key=Key.STOP_MEASURING, on_click=holder.stop)


def _offer(run: Run) -> None:
    if (problem := measuring().problem(run)) is not None:
        errors.say(problem)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if presses.button(
            "Measure it",
            icon=":material/speed:",
            key=Key.MEASURE,
            help="Asks the untuned and the tuned model what the persona knows and what everybody "
            "knows, and counts. About half a minute for a small model.",
        ):
            with errors.shown():
                measuring().start(run)
                st.rerun()
        st.caption("Before and after in figures: what it knows, how it talks, what it recites.")


def _count(found: Sequence[int] | None) -> str:
    return f"{found[0]} of {found[1]}" if found else ""


def _percent(share: float | None) -> str:
    return "" if share is None else percent(share)


def _rounded(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
