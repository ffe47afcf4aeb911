"""The strip: one prompt, one seed, five values of one setting, all answering at once."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from chatbot import live_answers
from chatbot.answering import Request
from chatbot.errors import ChatbotError
from chatbot.live_answers import LiveAnswer, Look
from chatbot.messages import Message
from chatbot.strips import COLUMNS, LONGEST, SCALES, Setting, marked, no_effect, variants
from pages.ui import errors, lab_play_state, presses, told
from pages.ui.errors import plain
from pages.ui.lab_play_state import Key
from pages.ui.resources import engine_room
from pages.ui.turns import FRAME

_ASSETS = Path(__file__).resolve().parent / "assets"
_ENDS = {"end": "ended by itself", "length": "reached the limit", "stopped": "stopped"}

ALIKE = (
    "All five are the same: the other settings leave the model little to choose from, or it is "
    "very sure. Raise Temperature, Top-p or Top-k at the side, or try another prompt."
)

_component = st.components.v2.component(
    "lab_strip",
    html='<div id="view"></div>',
    css=(_ASSETS / "lab_strip.css").read_text(encoding="utf-8"),
    js=(_ASSETS / "lab_strip.js").read_text(encoding="utf-8"),
)


def panel(messages: Sequence[Message], request: Request) -> None:
    """Five answers to `messages`, which differ in one setting alone."""
    st.subheader("Temperature strip", anchor=False)
    st.caption(
        "One prompt, one seed, five values of one setting. All else is equal, so every difference "
        "is the setting's doing. Words that the middle answer does not have are marked."
    )
    setting, low, high = _scale()
    play = lab_play_state.play()
    growing = any(answer.look.growing for answer in play.strip)
    with st.container(horizontal=True):
        begin = presses.button(
            "Answer five times",
            icon=":material/view_column:",
            key=Key.STRIP_GO,
            type="primary",
            disabled=not messages or growing,
            help=f"Each answer has at most {LONGEST} tokens.",
        )
        st.button(
            "Stop",
            icon=":material/stop_circle:",
            key=Key.STRIP_STOP,
            disabled=not growing,
            on_click=_stop,
        )
    with st.container():
        if not messages:
            st.caption("Write a prompt first.")
        if useless := no_effect(request.params, setting):
            st.caption(f":orange[:material/info:] {useless}")
    if begin:
        try:
            _begin(messages, request, setting, low, high)
        except ChatbotError as error:
            errors.say(error)
        else:
            st.rerun()
    if play.strip:
        # One fragment whether or not they grow: the picture stays where it is at the end.
        draw = st.fragment(_draw, run_every=FRAME if growing else None)
        draw(tuple(messages), request, growing)


def _scale() -> tuple[Setting, float, float]:
    """Which setting, and from where to where."""
    places = st.columns(2, vertical_alignment="bottom")
    with places[0]:
        st.segmented_control(
            "What differs",
            list(SCALES),
            format_func=lambda name: SCALES[name].name,
            default="temperature",
            key=Key.STRIP_SETTING,
            required=True,
            persist_state="session",
        )
    setting = lab_play_state.strip_setting()
    scale = SCALES[setting]
    with places[1]:
        low, high = st.slider(
            "Its lowest and its highest value",
            scale.lowest,
            scale.highest,
            (scale.low, scale.high),
            step=0.05,
            key=f"{Key.STRIP_RANGE}_{setting}",
            persist_state="session",
        )
    return setting, low, high


def _begin(
    messages: Sequence[Message], request: Request, setting: Setting, low: float, high: float
) -> None:
    play = lab_play_state.play()
    seed = lab_play_state.seed_for(request.params)
    settings = variants(request.params, setting, low, high, seed=seed)
    _stop()
    play.strip_setting = setting
    play.strip = live_answers.side_by_side(
        engine_room(),
        request.choice,
        messages,
        settings,
        on_unexpected=lambda error: errors.log().error("strip", exc_info=error),
    )


def _stop() -> None:
    for answer in lab_play_state.play().strip:
        answer.stop()


def _draw(messages: tuple[Message, ...], request: Request, drawn_growing: bool) -> None:
    play = lab_play_state.play()
    looks = [answer.look for answer in play.strip]
    growing = any(look.growing for look in looks)
    first = play.strip[0]
    middle = looks[COLUMNS // 2]
    scale = SCALES[play.strip_setting]
    columns = []
    for answer, look in zip(play.strip, looks, strict=True):
        value = getattr(answer.params, play.strip_setting)
        whole = look.state == middle.state == "done"
        pieces = marked(look.text, middle.text, unfinished=not whole)
        columns.append(
            {
                "title": f"{value:g}",
                "middle": look is middle,
                "pieces": [[same, words] for same, words in pieces],
                "growing": look.growing,
                "note": _note(look, middle, growing=growing),
            }
        )
    _component(key=Key.STRIP, data={"name": scale.name, "columns": columns})
    problems = {look.problem for look in looks if look.problem}
    for problem in sorted(problems):
        st.error(plain(problem), icon=":material/error:")
    st.caption(
        plain(f"{first.choice.model} · seed {first.params.seed}") + _stale(first, messages, request)
    )
    if len({look.text for look in looks}) == 1 and all(look.state == "done" for look in looks):
        st.caption(ALIKE)
    if drawn_growing and not growing:
        told.draw_anew()  # the buttons are told


def _note(look: Look, middle: Look, *, growing: bool) -> str:
    if look.state == "waiting":
        return "waits for the model"
    if look.state == "failed":
        return "failed"
    if look.growing:
        return "…"
    ended = _ENDS.get(look.receipt.finish, "") if look.receipt is not None else "stopped"
    if growing or look is middle:
        return ended
    return f"{ended}; word for word the middle one" if look.text == middle.text else ended


def _stale(first: LiveAnswer, messages: tuple[Message, ...], request: Request) -> str:
    if first.messages != messages or first.choice != request.choice:
        return " · these answers are to an earlier prompt or another model"
    return ""
