"""Answers to look at: together, in steps, stopped, and where they can't be had."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatbot.engine.device import Placement
from chatbot.engine.generation import Engine
from chatbot.engine.loading import load
from chatbot.engine.sampling import SamplingParams
from chatbot.engine_room import Choice, EngineRoom
from chatbot.errors import NotAvailable
from chatbot.live_answers import LiveAnswer, Look, side_by_side
from chatbot.messages import user
from chatbot.strips import variants

ASKED = (user("Who are you?"),)
TINY = Choice("tiny")


@pytest.fixture
def room(home: Path, tiny_gpt2: Path) -> Iterator[EngineRoom]:
    def one(choice: Choice) -> Engine:
        if choice != TINY:
            raise NotAvailable("There is no such model.", value=choice.model)
        return Engine(load(tiny_gpt2, Placement("cpu", "float32", "for a test")))

    found = EngineRoom(one)
    yield found
    found.close()


def ended(answer: LiveAnswer, seconds: float = 30) -> Look:
    return until(answer, lambda look: not look.growing, seconds)


def until(answer: LiveAnswer, condition: Callable[[Look], bool], seconds: float = 30) -> Look:
    end = time.monotonic() + seconds
    while not condition(answer.look):
        assert time.monotonic() < end, answer.look
        time.sleep(0.005)
    return answer.look


def test_five_answers_are_those_that_each_would_be_alone(room: EngineRoom) -> None:
    settings = variants(
        SamplingParams(max_new_tokens=12, top_k=0, top_p=1.0), "temperature", 0.0, 2.0, seed=3
    )
    together = [ended(each) for each in side_by_side(room, TINY, ASKED, settings)]
    assert [look.state for look in together] == ["done"] * 5
    for look, params in zip(together, settings, strict=True):
        assert look.receipt is not None
        assert look.receipt.params == params
        with room.lease(TINY) as engine:
            assert look.text == "".join(c.text for c in engine.stream(ASKED, params))
    assert len({look.text for look in together}) > 1


def test_steps_tell_the_whole_answer(room: EngineRoom) -> None:
    params = SamplingParams(temperature=1.3, top_k=40, top_p=0.9, max_new_tokens=9, seed=3)
    look = ended(LiveAnswer(room, TINY, ASKED, params, record=True))
    with room.lease(TINY) as engine:
        tokens = [token for chunk in engine.stream(ASKED, params) for token in chunk.tokens]
    taken = [each.chosen for each in look.steps]
    assert [(t.id, t.text) for t in tokens] == [(c.id, c.text) for c in taken[: len(tokens)]]
    assert [t.probability for t in tokens] == pytest.approx(
        [c.before for c in taken[: len(tokens)]]
    )
    assert look.receipt is not None
    assert len(taken) == look.receipt.new_tokens + (look.receipt.finish == "end")
    assert all(each.chosen.after > 0 for each in look.steps)


def test_only_the_first_token_for_the_dice(room: EngineRoom) -> None:
    params = SamplingParams(max_new_tokens=200, seed=1)
    look = ended(LiveAnswer(room, TINY, ASKED, params, only_first=True))
    assert look.state == "done"
    assert look.sight is not None
    assert look.sight[0].scores.ndim == 1
    assert look.steps == ()
    assert look.sight[1](look.sight[0].chosen.id)
    assert look.receipt is not None
    assert look.receipt.new_tokens <= 1


def test_a_stopped_answer_keeps_what_came(room: EngineRoom) -> None:
    params = SamplingParams(temperature=1.5, top_k=0, top_p=1.0, max_new_tokens=190, seed=3)
    answer = LiveAnswer(room, TINY, ASKED, params)
    before = until(answer, lambda look: bool(look.text)).text
    answer.stop()
    look = ended(answer)
    assert look.text.startswith(before)
    assert look.state in ("stopped", "done")  # it may have said its last word just then


def test_what_goes_wrong_is_said(room: EngineRoom) -> None:
    told: list[BaseException] = []
    gone = ended(LiveAnswer(room, Choice("gone"), ASKED, SamplingParams()))
    assert (gone.state, gone.problem) == ("failed", "There is no such model. (got: gone)")
    assert ended(LiveAnswer(room, TINY, (), SamplingParams())).state == "failed"
    broken = (None,)  # a fault of ours
    fault = ended(
        LiveAnswer(room, TINY, broken, SamplingParams(), on_unexpected=told.append)  # type: ignore[arg-type]
    )
    assert "on our side" in fault.problem
    assert len(told) == 1
