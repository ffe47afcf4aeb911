"""The guided tour: five things to try on this page, and a word on what one has seen."""

from collections.abc import Sequence

import streamlit as st

from chatbot.answering import Request
from chatbot.messages import Message
from pages.ui import lab_play_state
from pages.ui.lab_play_state import Key
from pages.ui.lab_tour_steps import STEPS, Situation, Tour


def panel(messages: Sequence[Message], request: Request, left: int | None) -> None:
    """Where the tour stands, and the way in and out.

    It is to be called after the page's widgets, so that it sees what they stand at, in a container
    above them that is always there.

    Args:
        left: tokens that the settings leave for the next place; None where that is not known yet.
    """
    play = lab_play_state.play()
    prompt = "\n".join(message.text for message in messages)
    play.tour = play.tour.notice(Situation(prompt, request.params, left, play.rolls))
    lab_play_state.name_in_address(play.tour)
    with st.container(key=Key.TOUR, border=play.tour.running, gap="small"):
        if play.tour.running:
            _running(play.tour)
        else:
            _invitation(play.tour)


def _invitation(tour: Tour) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        begun = 0 < tour.done < len(STEPS)
        st.button(
            f"Go on with the tour (step {tour.done + 1} of {len(STEPS)})"
            if begun
            else "Take the tour",
            icon=":material/explore:",
            key=Key.TOUR_BEGIN,
            on_click=_become,
            args=(tour.begin(),),
        )
        if begun:
            _from_the_beginning()
        else:
            st.caption("Five things to try yourself; a few minutes.", width="content")


def _running(tour: Tour) -> None:
    st.progress(tour.done / len(STEPS), text=f"Guided tour: {tour.done} of {len(STEPS)} done")
    if tour.done:
        before = STEPS[tour.done - 1]
        st.markdown(f":green[:material/check_circle:] **{before.title}**: done. {before.seen}")
    step = tour.step
    if step is not None:
        st.markdown(f":material/arrow_forward: **Step {tour.done + 1}: {step.title}.** {step.task}")
        if tour.since is not None and not tour.armed:
            st.caption("It is so already: move it away first, then back, to see the difference.")
    else:
        st.markdown(
            "That was the whole way from a prompt to a token. The strip and *Step by step* below "
            "show the same in whole answers."
        )
    with st.container(horizontal=True):
        st.button(
            "Close" if step is None else "Leave the tour",
            icon=":material/close:",
            key=Key.TOUR_LEAVE,
            on_click=_become,
            args=(tour.leave(),),
            help=None if step is None else "It can be taken up again where you left it.",
        )
        if step is None:
            _from_the_beginning()


def _from_the_beginning() -> None:
    st.button(
        "From the beginning",
        icon=":material/restart_alt:",
        type="tertiary",
        key=Key.TOUR_AGAIN,
        on_click=_become,
        args=(Tour(running=True),),
    )


def _become(tour: Tour) -> None:
    lab_play_state.play().tour = tour
