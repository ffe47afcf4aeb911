"""Step by step: a whole answer, token by token, forward and back, and what else could have come."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from chatbot.answering import Request
from chatbot.live_answers import LiveAnswer, Look
from chatbot.messages import Message
from pages.ui import errors, lab_play_state, lab_rows, presses, told
from pages.ui.errors import plain
from pages.ui.lab_play_state import Key
from pages.ui.lab_rows import Row
from pages.ui.lab_tokens import percent
from pages.ui.lab_words import counted, visible
from pages.ui.resources import engine_room
from pages.ui.turns import FRAME

if TYPE_CHECKING:
    from chatbot.engine.steps import Candidate, Step

_ASSETS = Path(__file__).resolve().parent / "assets"

_component = st.components.v2.component(
    "lab_answer",
    html='<div id="view"></div>',
    css=(_ASSETS / "lab_answer.css").read_text(encoding="utf-8"),
    js=(_ASSETS / "lab_answer.js").read_text(encoding="utf-8"),
)


def panel(messages: Sequence[Message], request: Request) -> None:
    """Record an answer to `messages`, then walk through it."""
    play = lab_play_state.play()
    st.subheader("Step by step", anchor=False)
    st.caption(
        "An answer is made of many such choices, one token after the other, and each token taken "
        "changes the chances of the next. Record an answer and walk through it."
    )
    recording = play.recording
    growing = recording is not None and recording.look.growing
    with st.container(horizontal=True):
        begin = presses.button(
            "Record an answer" if recording is None else "Record another",
            icon=":material/footprint:",
            key=Key.STEPS_GO,
            type="primary" if recording is None else "secondary",
            disabled=not messages or growing,
        )
        st.button(
            "Stop",
            icon=":material/stop_circle:",
            key=Key.STEPS_STOP,
            disabled=not growing,
            on_click=_stop,
        )
    if begin:
        _begin(tuple(messages), request)
        st.rerun()
    if not messages:
        st.caption("Write a prompt first.")
    if recording is not None:
        # One fragment for growing and walking: the answer stays where it is, and a step forward
        # draws this part of the page alone.
        draw = st.fragment(_draw, run_every=FRAME if growing else None)
        draw(recording, tuple(messages), request, growing)


def _begin(messages: tuple[Message, ...], request: Request) -> None:
    _stop()
    lab_play_state.play().recording = LiveAnswer(
        engine_room(),
        request.choice,
        messages,
        request.params,
        record=True,
        on_unexpected=lambda error: errors.log().error("steps", exc_info=error),
    )
    lab_play_state.go_to(1)


def _stop() -> None:
    recording = lab_play_state.play().recording
    if recording is not None:
        recording.stop()


def _draw(
    recording: LiveAnswer, messages: tuple[Message, ...], request: Request, drawn_growing: bool
) -> None:
    look = recording.look
    if drawn_growing and not look.growing:
        told.draw_anew()  # the buttons are told
    if look.problem:
        st.error(plain(look.problem), icon=":material/error:")
    if look.growing and not look.steps:
        waiting = look.state == "waiting"
        st.caption(":shimmer[Loading the model…]" if waiting else ":shimmer[Reading the prompt…]")
    if not look.steps:
        return
    at = 0 if look.growing else min(lab_play_state.at(), len(look.steps))
    _answer(recording, look, at)
    if at:
        _walk(look.steps, at)
    st.caption(_made_by(recording, look, messages, request))


def _answer(recording: LiveAnswer, look: Look, at: int) -> None:
    run = str(id(recording))

    def taken() -> None:
        choice = _choice(run)
        if choice:
            lab_play_state.go_to(min(max(int(choice["step"]), 1), len(look.steps)))

    _component(
        key=Key.STEPS_ANSWER,
        data={
            "run": run,
            "at": at - 1,
            "heard": int(_choice(run).get("press", 0)),
            "texts": [visible(step.chosen.text) for step in look.steps],
        },
        on_at_change=taken,
    )


def _choice(run: str) -> Mapping[str, Any]:
    """The last token that was taken in the answer itself; nothing where it was another answer's."""
    choice = getattr(st.session_state.get(Key.STEPS_ANSWER), "at", None)
    return choice if isinstance(choice, Mapping) and choice.get("run") == run else {}


def _walk(steps: "tuple[Step, ...]", at: int) -> None:
    """The slider, the buttons, and the step that is shown."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button(
            "Back",
            icon=":material/arrow_back:",
            key=Key.STEPS_BACK,
            disabled=at <= 1,
            on_click=lab_play_state.go_to,
            args=(at - 1,),
        )
        st.button(
            "Forward",
            icon=":material/arrow_forward:",
            key=Key.STEPS_FORWARD,
            disabled=at >= len(steps),
            on_click=lab_play_state.go_to,
            args=(at + 1,),
        )
        if len(steps) > 1:
            lab_play_state.go_to(at)
            st.slider("Token", 1, len(steps), key=Key.STEPS_AT)
    step = steps[at - 1]
    st.markdown(sentence(step, at, len(steps)))
    lab_rows.still(
        [_row(step, each) for each in step.candidates],
        title=f"Candidates of token {at}",
        expected="the model's own probability",
        actual="its chance after your settings",
        key=Key.STEPS_CANDIDATES,
    )


def _row(step: "Step", candidate: "Candidate") -> Row:
    after = f"cut by {candidate.cut_by}" if candidate.cut_by else percent(candidate.after)
    return Row(
        visible(candidate.text),
        candidate.before,
        candidate.after,
        f"{percent(candidate.before)} → {after}",
        faded=bool(candidate.cut_by),
        chosen=candidate == step.chosen,
    )


def sentence(step: "Step", at: int, steps: int) -> str:
    """What happened at this step, in words."""
    taken = step.chosen
    places = {1: "the model's favourite", None: "far down the model's list"}
    likely = places.get(step.rank, f"the model's number {step.rank}")
    left = (
        "The settings left **only this token**"
        if step.left == 1
        else f"The settings left **{counted(step.left, 'token')}** of {step.before:,}, and this "
        f"one had a chance of {percent(taken.after)}"
    )
    return (
        f"**Token {at} of {steps}: “{plain(visible(taken.text))}”** — {likely}, with "
        f"{percent(taken.before)} of its own. {left}."
    )


def _made_by(
    recording: LiveAnswer, look: Look, messages: tuple[Message, ...], request: Request
) -> str:
    params = recording.params
    seed = look.receipt.seed if look.receipt is not None else params.seed
    parts = [
        plain(recording.choice.model),
        f"temperature {params.temperature:g}",
        f"top-p {params.top_p:g}",
        f"top-k {params.top_k}",
        f"repetition penalty {params.repetition_penalty:g}",
    ]
    if seed is not None:
        parts.append(f"seed {seed}")
    if (recording.messages, recording.choice) != (messages, request.choice):
        parts.append("recorded for an earlier prompt or another model")
    elif params != request.params:
        parts.append("recorded with these settings, not with those that stand there now")
    return " · ".join(parts)
