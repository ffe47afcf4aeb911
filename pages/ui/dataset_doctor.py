"""The Doctor view: how healthy the set is, what to mend, and what nobody has written about yet."""

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from chatbot.dataset.checkup import Report
from chatbot.dataset.coverage import Coverage
from chatbot.dataset.findings import KINDS, Finding
from chatbot.dataset.health import SIZE, SOUND, VARIETY, Step
from chatbot.dataset.mends import MENDS
from chatbot.dataset.snapshot import Snapshot
from chatbot.training.preflight import too_few
from pages.ui import dataset_actions as actions
from pages.ui import dataset_bulk as bulk
from pages.ui import dataset_reading, fine_tune_state
from pages.ui.dataset_checkup import Found, examined, follow
from pages.ui.dataset_state import counted, show_kind, show_view
from pages.ui.errors import plain

STEPS_SHOWN = 4
EXAMPLES_SHOWN = 3
GOOD, FAIR = 85, 60
"""Scores from which on a set is called healthy, and fair."""


def panel(snapshot: Snapshot) -> None:
    """What the doctor says of the persona's conversations."""
    found = examined(snapshot, with_lengths=True)
    follow(found.state)
    report = found.report
    if report is None or report.version != snapshot.version:
        return
    left, right = st.columns([2, 3], gap="medium")
    with left:
        _score(report, snapshot)
    with right:
        _findings(found, report, snapshot)
    _coverage(report.coverage)


def _score(report: Report, snapshot: Snapshot) -> None:
    result = report.health
    if result is None:
        return
    with st.container(border=True, key="doctor-score"):
        word = "healthy" if result.score >= GOOD else "fair" if result.score >= FAIR else "poorly"
        st.metric("Health of the set", f"{result.score} of 100")
        st.progress(result.score / 100, text=f"The set is {word}.")
        st.caption(
            f"Sound conversations {SOUND * result.soundness:.0f} of {SOUND}, "
            f"how many there are {SIZE * result.size:.0f} of {SIZE}, "
            f"how different their questions are {VARIETY * result.variety:.0f} of {VARIETY}."
        )
        if result.steps:
            st.markdown("**What would raise it most**")
        for step in result.steps[:STEPS_SHOWN]:
            _step(step, report, snapshot)


def _step(step: Step, report: Report, snapshot: Snapshot) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(
            f":green[+{max(step.gain, 0.1):.{0 if step.gain >= 1 else 1}f}]", width="content"
        )
        if step.action == "write":
            st.button(
                f"Write {step.count:,} more",
                icon=":material/add:",
                key="doctor_raise_write",
                help="Begin with a new conversation",
                on_click=actions.new_conversation,
            )
        elif step.action == "look":
            st.button(
                f"{KINDS[step.key]} ({step.count:,})",
                icon=":material/list:",
                key=f"doctor_raise_{step.key}",
                help="List these conversations",
                on_click=_list,
                args=(step.key,),
            )
        else:
            _mend_button(step.key, report, snapshot, key=f"doctor_raise_{step.key}")


def _findings(found: Found, report: Report, snapshot: Snapshot) -> None:
    kinds = Counter(report.kinds) + Counter({"too-long": len(found.too_long)})
    st.subheader("What to mend", anchor=False)
    few = too_few(report.conversations, fine_tune_state.preset())
    of_the_set = [*report.of_the_set, *([few] if few and not report.of_the_set else [])]
    for finding in of_the_set:
        st.caption(f":orange[:material/info:] {plain(finding.message)} {plain(finding.remedy)}")
    if not kinds.total() and not of_the_set:
        st.success("Nothing: the doctor found no fault.", icon=":material/check_circle:")
    for kind in KINDS:
        if kinds.get(kind):
            _kind(kind, found, report, snapshot)
    if dataset_reading.chosen() is None:
        st.caption("Which conversations are too long is told once there is a model.")


def _kind(kind: str, found: Found, report: Report, snapshot: Snapshot) -> None:
    """One kind of finding: how often, a sentence, the mend, and the first conversations."""
    places = sorted(found.too_long) if kind == "too-long" else report.of_kind(kind)
    first = next(f for f in found.of(places[0]) if f.kind == kind)
    colour = "red" if first.severity == "error" else "orange"
    with st.container(border=True, gap="small", key=f"doctor-{kind}"):
        st.markdown(
            f":{colour}[:material/{'error' if colour == 'red' else 'warning'}:] "
            f"**{KINDS[kind]}** · {counted(len(places))}"
        )
        st.caption(plain(first.remedy))
        for index in places[:EXAMPLES_SHOWN]:
            finding = next(f for f in found.of(index) if f.kind == kind)
            with st.container(horizontal=True, wrap=False, vertical_alignment="center"):
                st.button(
                    f"{index + 1:,}",
                    icon=":material/arrow_forward:",
                    type="tertiary",
                    help="Open this conversation",
                    key=f"doctor_{kind}_{index}",
                    on_click=actions.open_from_elsewhere,
                    args=(index, snapshot.version),
                )
                st.markdown(plain(finding.message))
        with st.container(horizontal=True):
            for mend in _mends(kind, places, found):
                _mend_button(mend, report, snapshot, key=f"doctor_mend_{kind}_{mend}")
            if len(places) > EXAMPLES_SHOWN:
                st.button(
                    f"List all {len(places):,}",
                    icon=":material/list:",
                    type="tertiary",
                    key=f"doctor_list_{kind}",
                    on_click=_list,
                    args=(kind,),
                )


def _mends(kind: str, places: Sequence[int], found: Found) -> list[str]:
    """The mends that findings of this kind have, each once."""
    some: list[Finding] = [f for index in places[:50] for f in found.of(index) if f.kind == kind]
    return list(dict.fromkeys(finding.mend for finding in some if finding.mend))


def _mend_button(mend: str, report: Report, snapshot: Snapshot, *, key: str) -> None:
    st.button(
        f"{MENDS[mend].button} ({report.mends[mend]:,})",
        icon=":material/healing:",
        key=key,
        help="In every conversation that shows it; undo brings all back.",
        on_click=bulk.mend_all,
        args=(mend, report),
    )


def _list(kind: str) -> None:
    show_kind(kind)
    show_view("Write")


def _coverage(covered: Coverage) -> None:
    """What people ask, and what is not answered yet."""
    with st.container(border=True, key="doctor-coverage"):
        st.markdown("**What people will ask**")
        if not covered.judged:
            st.caption(
                "Which kinds of question are answered can be told for English only; most of "
                f"this set is in {covered.language}."
            )
            return
        st.caption(
            "No conversation answers these yet (coverage). Click one to write it."
            if covered.missing
            else "Every kind of question that we know has an answer (coverage)."
        )
        with st.container(horizontal=True, gap="small"):
            for kind in covered.missing:
                st.button(
                    kind.name,
                    icon=":material/add:",
                    key=f"doctor_write_{kind.key}",
                    help=f"Begin a conversation with “{plain(kind.example)}”",
                    on_click=actions.begin_with,
                    args=(kind.example,),
                )
        answered = [f"{kind.name} ({kind.count:,})" for kind in covered.kinds if kind.count]
        if answered:
            st.caption(plain(f"Answered: {', '.join(answered)}."))
