"""What the doctor knows about the conversations that the page shows, and how far it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import streamlit as st

from chatbot import paths
from chatbot.dataset.checkup import Checkup, CheckupState, Report
from chatbot.dataset.findings import Finding
from chatbot.dataset.snapshot import Snapshot
from chatbot.errors import ChatbotError
from pages.ui import dataset_reading, dataset_state

POLL = 0.5
"""Seconds between two looks at a checkup that goes on."""


@dataclass(frozen=True)
class Found:
    """The last report, maybe of the version before, and the conversations that are too long."""

    state: CheckupState
    too_long: Mapping[int, Finding] = field(default_factory=dict)

    @property
    def report(self) -> Report | None:
        return self.state.report

    def of(self, index: int) -> list[Finding]:
        """What there is to mend in the conversation at this index."""
        own = self.report.findings(index) if self.report else []
        return [*own, self.too_long[index]] if index in self.too_long else own

    def faulty(self) -> set[int]:
        """The conversations with something to mend."""
        return {*(self.report.faulty if self.report else ()), *self.too_long}


def examined(snapshot: Snapshot, *, with_lengths: bool = False) -> Found:
    """Have the doctor look at what stands there now; never waits long.

    Args:
        with_lengths: count tokens as well, which loads the tokenizer; else only what is counted
            already is told.
    """
    state = _checkup(str(paths.home()), dataset_state.memory().persona).request(
        snapshot.conversations, snapshot.version
    )
    return Found(state, _too_long(snapshot, begin=with_lengths))


def kinds_found(persona: str, snapshot: Snapshot) -> Mapping[str, int]:
    """How many conversations of a persona show each kind of trouble, as far as the doctor knows by
    now; it is asked to look."""
    report = (
        _checkup(str(paths.home()), persona)
        .request(snapshot.conversations, snapshot.version)
        .report
    )
    return report.kinds if report is not None else {}


def follow(state: CheckupState) -> None:
    """While the checkup goes on: say how far it is, and draw the page anew when it is done."""
    if state.running:
        _progress(dataset_state.memory().persona)


@st.fragment(run_every=POLL)
def _progress(persona: str) -> None:
    state = _checkup(str(paths.home()), persona).state()
    if not state.running:
        st.rerun()
    st.progress(
        state.done / state.total,
        text=f"The doctor has looked at {state.done:,} of {state.total:,} conversations",
    )


@st.cache_resource(show_spinner=False, max_entries=4)
def _checkup(home: str, persona: str) -> Checkup:
    return Checkup()


def _too_long(snapshot: Snapshot, *, begin: bool) -> dict[int, Finding]:
    try:
        choice = dataset_reading.chosen()
    except ChatbotError:  # the model is gone: where its tokens are shown, that is said
        return {}
    if choice is None:
        return {}
    lengths = dataset_reading.lengths(choice.reader)
    if begin or lengths.ready:
        lengths.request(snapshot.conversations, choice.max_length)
    return {f.row - 1: f for f in lengths.findings() if f.row is not None}
