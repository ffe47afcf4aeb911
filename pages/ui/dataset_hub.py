"""Another way to import: some rows of a data set on the Hugging Face hub.

The fetch runs in the background and belongs to this tab; the fragment only looks at it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from chatbot.dataset.hub import LIMIT, MAX_LIMIT, Fetching
from chatbot.dataset.incoming import Choices, Incoming
from chatbot.errors import ChatbotError
from pages.ui import errors
from pages.ui.errors import plain

POLL = 0.5
"""Seconds between two looks at a fetch."""
_FETCHING, _PROBLEM = "own_dataset_fetching", "own_dataset_hub_problem"

Reader = Callable[[Choices], Incoming]


@dataclass(frozen=True, slots=True)
class Source:
    """What was brought: its name, what tells it from another, and how it is read."""

    name: str
    id: str
    read: Reader


def source(round_: int) -> Source | None:
    """Ask for the data set, show its coming, and give it once it is here."""
    running = fetching()
    busy = running is not None and not running.done
    here = running is not None and running.result is not None
    _form(round_, busy=busy, here=here)
    problem = st.session_state.get(_PROBLEM) or (running.problem if running else None)
    if problem is not None:
        errors.say(problem)
    if running is None:
        return None
    if busy:
        _progress(running)
    if running.result is None:
        if running.done and problem is None:
            st.caption("Stopped; nothing was taken.")
        return None
    fetched = running.result
    return Source(fetched.name, f"hub {id(running)}", fetched.read)


def fetching() -> Fetching | None:
    """The fetch of this tab, running or done."""
    return st.session_state.get(_FETCHING)


def forget() -> None:
    """Stop what is running and drop what was fetched."""
    running = fetching()
    if running is not None:
        running.stop()
    st.session_state.pop(_FETCHING, None)
    st.session_state.pop(_PROBLEM, None)


def _form(round_: int, *, busy: bool, here: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Data set",
            placeholder="owner/name, or the address of its page",
            key=_key("id", round_),
            width=320,
            disabled=busy,
        )
        st.text_input(
            "Split",
            value="train",
            key=_key("split", round_),
            width=120,
            disabled=busy,
            help="The part of the data set, mostly train or test.",
        )
        st.text_input(
            "Configuration",
            placeholder="if it has several",
            key=_key("config", round_),
            width=160,
            disabled=busy,
            help="A data set may hold several sets, such as languages.",
        )
        st.number_input(
            "Rows at most",
            1,
            MAX_LIMIT,
            LIMIT,
            step=100,
            key=_key("limit", round_),
            width=140,
            disabled=busy,
        )
        st.button(
            "Fetch",
            icon=":material/cloud_download:",
            type="secondary" if here else "primary",
            disabled=busy,
            key="dataset_hub_fetch",
            on_click=_start,
            args=(round_,),
        )
    st.caption(
        "This needs the network. What you write here goes to huggingface\\.co, with the access "
        "token of this machine if there is one; nothing of yours is sent along."
    )


def _start(round_: int) -> None:
    forget()
    chosen = st.session_state
    try:
        chosen[_FETCHING] = Fetching(
            chosen[_key("id", round_)],
            chosen[_key("split", round_)],
            chosen[_key("config", round_)],
            int(chosen[_key("limit", round_)]),
        )
    except ChatbotError as error:
        chosen[_PROBLEM] = error


def _stop() -> None:
    running = fetching()
    if running is not None:
        running.stop()


@st.fragment(run_every=POLL)
def _progress(running: Fetching) -> None:
    if running.done:
        st.rerun()
    text = (
        f"{running.rows:,} of at most {running.limit:,} rows" if running.rows else "Asking the hub"
    )
    if running.stopping:
        text = "Stopping"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(min(1.0, running.rows / running.limit), text=f"{plain(running.id)}: {text}")
        st.button("Stop", icon=":material/stop:", key="dataset_hub_stop", on_click=_stop)


def _key(field: str, round_: int) -> str:
    return f"dataset_hub_{field}_{round_}"
