"""What the lab's playthings (strip, dice, steps, tour) remember for one browser tab."""

import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from typing import cast

import streamlit as st

from chatbot.engine.sampling import LARGEST_SEED, SamplingParams
from chatbot.live_answers import LiveAnswer
from chatbot.strips import SCALES, Setting
from pages.ui.lab_tour_steps import STEPS, Tour

_MEMORY = "own_lab_play"
_TOUR = "tour"


class Key(StrEnum):
    """Keys of widgets; each names a CSS class `st-key-<key>` as well."""

    STRIP_SETTING = "lab_strip_setting"
    STRIP_RANGE = "lab_strip_range"
    STRIP_GO = "lab_strip_go"
    STRIP_STOP = "lab_strip_stop"
    STRIP = "lab_strip"
    DICE_ROLL = "lab_dice_roll"
    DICE_MORE = "lab_dice_more"
    DICE = "lab_dice"
    STEPS_GO = "lab_steps_go"
    STEPS_STOP = "lab_steps_stop"
    STEPS_BACK = "lab_steps_back"
    STEPS_FORWARD = "lab_steps_forward"
    STEPS_AT = "lab_steps_at"
    STEPS_ANSWER = "lab_steps_answer"
    STEPS_CANDIDATES = "lab_steps_candidates"
    TOUR = "lab_tour"
    TOUR_BEGIN = "lab_tour_begin"
    TOUR_LEAVE = "lab_tour_leave"
    TOUR_AGAIN = "lab_tour_again"
    GLOSSARY_FORMULAS = "lab_glossary_formulas"
    GLOSSARY_SEARCH = "lab_glossary_search"


@dataclass
class Play:
    """Runs that were started in this tab.

    Attributes:
        strip: five answers; `strip_setting` is what differs between them.
        dice: what is rolled for, read by the model; `dice_seed` and `rounds` say what was rolled.
        rolls: how often dice were rolled since the tab was opened.
        recording: the answer whose steps are shown.
        tour: where the guided tour stands.
    """

    strip: tuple[LiveAnswer, ...] = ()
    strip_setting: Setting = "temperature"
    dice: LiveAnswer | None = None
    dice_seed: int = 0
    rounds: int = 0
    rolls: int = 0
    recording: LiveAnswer | None = None
    tour: Tour = field(default_factory=Tour)


def play() -> Play:
    """This tab's memory."""
    if _MEMORY not in st.session_state:
        st.session_state[_MEMORY] = Play(tour=_addressed())
    found = st.session_state[_MEMORY]
    assert isinstance(found, Play)
    return found


def _addressed() -> Tour:
    """The tour that the address names by the number of its step, so that a refresh goes on."""
    asked = st.query_params.get(_TOUR, "")
    if asked in {str(number + 1) for number in range(len(STEPS))}:
        return Tour(done=int(asked) - 1, running=True)
    return Tour()


def name_in_address(tour: Tour) -> None:
    """A refresh goes on with the step that is under way."""
    if not tour.running or tour.finished:
        st.query_params.pop(_TOUR, None)
    elif st.query_params.get(_TOUR) != str(tour.done + 1):
        st.query_params[_TOUR] = str(tour.done + 1)


def seed_for(params: SamplingParams) -> int:
    """The page's own seed where one is set, else a fresh one."""
    return secrets.randbelow(LARGEST_SEED + 1) if params.seed is None else params.seed


def strip_setting() -> Setting:
    chosen = st.session_state.get(Key.STRIP_SETTING)
    return cast("Setting", chosen) if chosen in SCALES else "temperature"


def at() -> int:
    """The step that is shown, from 1."""
    return int(st.session_state.get(Key.STEPS_AT) or 1)


def go_to(step: int) -> None:
    """Only in a callback, or before the slider is drawn."""
    st.session_state[Key.STEPS_AT] = step


def wanted_terms() -> str:
    return str(st.session_state.get(Key.GLOSSARY_SEARCH) or "").strip().lower()
