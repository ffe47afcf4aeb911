"""Roll the dice: draw the next token 200 times, and watch the counts grow toward the chances."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from chatbot.answering import Request
from chatbot.live_answers import LiveAnswer, Look
from chatbot.messages import Message
from pages.ui import errors, lab_play_state, lab_rows, presses, told
from pages.ui.errors import plain
from pages.ui.lab_play_state import Key, Play
from pages.ui.lab_rows import Row
from pages.ui.lab_tokens import percent
from pages.ui.lab_words import counted, visible
from pages.ui.resources import engine_room
from pages.ui.turns import FRAME

if TYPE_CHECKING:
    from chatbot.engine.dice import Odds

ROLLS = 200
MOST_ROUNDS = 25
SHOWN = 12
"""Tokens with a row of their own; the rest share one."""


def panel(messages: Sequence[Message], request: Request) -> None:
    """Roll for the token after `messages`. Every roll is what the bot would have begun with."""
    play = lab_play_state.play()
    st.subheader("Roll the dice", anchor=False)
    st.caption(
        "The model does not choose a word. It gives each token a chance, and dice decide: that is "
        "why the same question gets different answers. Roll many times, and the counts come near "
        "the chances."
    )
    current = play.dice if _is_for(play.dice, messages, request) else None
    rolled = current is not None and play.rounds > 0
    with st.container(horizontal=True, vertical_alignment="center"):
        begin = presses.button(
            "Start again" if rolled else f"Roll {ROLLS} times",
            icon=":material/casino:",
            key=Key.DICE_ROLL,
            type="secondary" if rolled else "primary",
            disabled=not messages,
        )
        st.button(
            f"{ROLLS} more",
            icon=":material/add:",
            key=Key.DICE_MORE,
            disabled=not rolled or play.rounds >= MOST_ROUNDS,
            on_click=_more,
        )
    if begin:
        _begin(tuple(messages), request)
        st.rerun()
    if not messages:
        st.caption("Write a prompt first.")
    elif current is None:
        if play.dice is not None:
            st.caption("The rolls so far were for another prompt or model.")
    else:
        with errors.shown():
            _draw(play, current, request)


def _is_for(dice: LiveAnswer | None, messages: Sequence[Message], request: Request) -> bool:
    """Other settings are other dice for the same scores; another prompt is another question."""
    return dice is not None and dice.messages == tuple(messages) and dice.choice == request.choice


def _begin(messages: tuple[Message, ...], request: Request) -> None:
    play = lab_play_state.play()
    known = _is_for(play.dice, messages, request)
    if not known or play.dice is None or play.dice.look.state == "failed":
        play.dice = LiveAnswer(
            engine_room(),
            request.choice,
            messages,
            request.params,
            only_first=True,
            on_unexpected=lambda error: errors.log().error("dice", exc_info=error),
        )
    play.dice_seed = lab_play_state.seed_for(request.params)
    play.rounds = 1
    play.rolls += 1


def _more() -> None:
    play = lab_play_state.play()
    play.rounds += 1
    play.rolls += 1


def _draw(play: Play, dice: LiveAnswer, request: Request) -> None:
    look = dice.look
    if look.growing:
        st.fragment(_wait, run_every=FRAME)(dice)
    elif look.sight is None:
        st.error(plain(look.problem or "The model gave no token."), icon=":material/error:")
    else:
        _show(play, look, request)


def _wait(dice: LiveAnswer) -> None:
    if not dice.look.growing:
        told.draw_anew()
    waiting = dice.look.state == "waiting"
    st.caption(":shimmer[Loading the model…]" if waiting else ":shimmer[Reading the prompt…]")


def _show(play: Play, look: Look, request: Request) -> None:
    from chatbot.engine.dice import distance, draw, odds, usual_distance

    assert look.sight is not None
    sight, text_of = look.sight
    expected = odds(sight, request.params)
    times = ROLLS * play.rounds
    drawn = draw(expected, seed=play.dice_seed, times=times)
    best = expected.best(SHOWN)
    place = {token: n for n, (token, _) in enumerate(best)}
    rows = [Row(visible(text_of(token)), chance) for token, chance in best]
    others = len(expected) - len(best)
    if others:
        left = max(0.0, 1.0 - sum(chance for _, chance in best))
        rows.append(Row(f"{others:,} others", left, rest=True))
    lab_rows.growing(
        rows,
        [place.get(token, len(best)) for token in drawn],
        since=times - ROLLS,
        name=str(play.rolls),  # other settings: the same rolls, which need not fall again
        told=how_near(expected, times, distance(expected, drawn), usual_distance(expected, times)),
        title="Rolls of each token, beside what is expected",
        expected="expected by its chance",
        actual="rolled",
        key=Key.DICE,
    )
    fixed = request.params.seed is not None
    st.caption(
        f"Seed {play.dice_seed}"
        + (": it is set on this page, so *Start again* rolls the very same." if fixed else ".")
        + " The same seed and settings give the same rolls. Move a slider, and the same dice fall "
        "on other chances."
    )


def how_near(expected: "Odds", times: int, distance: float, usual: float) -> str:
    """How near the counts came, in words for people who have never heard of a distribution."""
    if len(expected) == 1:
        return (
            f"All {times:,} rolls are the same: the settings left a single token, and there is "
            "nothing to roll for. Raise Temperature or Top-p, and the same dice spread."
        )
    moved, chance = round(distance * times), round(usual * times)
    near = (
        "They match the chances as well as they can"
        if moved == 0
        else f"For a perfect match {counted(moved, 'roll')} of {times:,} "
        f"({percent(distance)}) would have to fall elsewhere"
    )
    if distance > 1.6 * usual and moved > chance + 2:
        verdict = f"that is more than the {chance} that fair dice miss on average: it happens"
    elif distance < usual / 1.6 and moved < chance - 2:
        verdict = f"that is nearer than usual, as fair dice miss {chance} on average"
    else:
        verdict = f"fair dice miss about {chance} on average, so this is chance alone"
    return (
        f"{near}; {verdict}. Roll more, and the share shrinks. "
        f"(Total variation distance {distance:.3f}, {len(expected):,} tokens left to roll.)"
    )
