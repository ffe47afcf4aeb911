"""Models on their way: downloads and what is brought, with their progress and what can be done."""

import streamlit as st

from chatbot.fetching.downloads import Shown
from chatbot.fetching.known import known
from chatbot.fetching.spoken import progress_line, size
from pages.ui import models_state
from pages.ui.errors import plain
from pages.ui.resources import bringing, downloads

POLL = 0.5
"""Seconds between two looks at something that goes on in the background."""


def panel() -> None:
    """Everything that is on its way, was interrupted, or has just ended."""
    shown, status = downloads().all(), bringing().status
    if any(each.going_on for each in shown) or status.state == "running":
        _watch()
    elif shown or status.state != "idle":
        _rows()


@st.fragment(run_every=POLL)
def _watch() -> None:
    shown, status = downloads().all(), bringing().status
    if not any(each.going_on for each in shown) and status.state != "running":
        st.rerun()
    _rows()


def _rows() -> None:
    st.subheader("On the way", anchor=False)
    for each in downloads().all():
        with st.container(border=True, gap="xsmall", key=f"models-coming-{each.id}"):
            _download(each)
    if bringing().status.state != "idle":
        with st.container(border=True, gap="xsmall", key="models-bringing"):
            _bringing()


def _download(shown: Shown) -> None:
    found = known(shown.id)
    title = found.title if found else shown.id
    match shown.state:
        case "done":
            st.markdown(f":green[:material/check_circle:] **{plain(title)}** is here and checked.")
        case "failed":
            st.markdown(f"**{plain(title)}**")
            st.error(plain(shown.problem), icon=":material/error:")
        case "paused":
            there = f"{size(shown.progress.done)} of {size(shown.progress.total)} are here"
            st.markdown(f"**{plain(title)}**, paused: {plain(there)}.")
        case _:
            word = "Pausing" if shown.state == "pausing" else progress_line(shown.progress)
            st.markdown(f"**{plain(title)}**")
            st.progress(shown.progress.fraction, text=plain(word))
    with st.container(horizontal=True):
        _buttons(shown)


def _buttons(shown: Shown) -> None:
    def button(label: str, icon: str, do: object, primary: bool = False) -> None:
        st.button(
            label,
            icon=f":material/{icon}:",
            key=f"models-{label}-{shown.id}",
            type="primary" if primary else "secondary",
            on_click=do,  # type: ignore[arg-type]
            args=(shown.id,),
        )

    if shown.state == "done":
        button("Fine", "check", downloads().dismiss)
    elif shown.state in ("paused", "failed"):
        button("Go on", "play_arrow", downloads().start, primary=True)
        button("Throw away", "delete", downloads().stop)
    elif shown.state == "running":
        button("Pause", "pause", downloads().pause)
        button("Stop", "stop", downloads().stop)


def _bringing() -> None:
    status = bringing().status
    if status.state == "running":
        st.progress(status.fraction, text=plain(f"{status.source}: {status.word}"))
        return
    if status.state == "failed":
        st.error(plain(status.problem), icon=":material/error:")
    else:
        st.markdown(
            f":green[:material/check_circle:] **{plain(status.name)}** is here and checked."
        )
    st.button("Fine", icon=":material/check:", key="models-brought", on_click=bringing().dismiss)


def told() -> None:
    """What a callback has to tell: what began, and what went wrong. Once."""
    began = models_state.noted()
    if began:
        st.toast(f"{plain(began)} Its progress is at the top.", icon=":material/arrow_upward:")
    said = models_state.trouble()
    if said:
        st.error(plain(said), icon=":material/error:")
