"""Answers are read once more in the background, remembered, and left where nobody looks."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chatbot import hindsight
from chatbot.answer_parts import origin
from chatbot.engine.device import Placement
from chatbot.engine.generation import Engine
from chatbot.engine.loading import load
from chatbot.engine.looking_back import NEUTRAL, Part
from chatbot.engine.sampling import SamplingParams
from chatbot.engine_room import Choice, EngineRoom
from chatbot.hindsight import Asked, Hindsight, Look, LookingBack
from chatbot.messages import user

TINY = Choice("tiny")
PARAMS = SamplingParams(max_new_tokens=12, seed=3, temperature=1.2)
ASKED = (user("Who are you?"),)


@pytest.fixture
def room(home: Path, tiny_gpt2: Path) -> Iterator[EngineRoom]:
    found = EngineRoom(lambda _: Engine(load(tiny_gpt2, Placement("cpu", "float32", "a test"))))
    yield found
    found.close()


def answered(room: EngineRoom) -> Asked:
    with room.lease(TINY) as engine:
        generation = engine.stream(ASKED, PARAMS)
        tokens = tuple(token.id for chunk in generation for token in chunk.tokens)
        parts = (Part(0, PARAMS, PARAMS, 0),)
        return Asked(TINY, engine.loaded.hash, ASKED, generation.text, tokens, parts)


def until(one: LookingBack, condition: Callable[[Look], bool]) -> Look:
    end = time.monotonic() + 60
    while not condition(one.look):
        assert time.monotonic() < end, one.look.state
        time.sleep(0.005)
    return one.look


def read(one: LookingBack) -> Look:
    return until(one, lambda look: look.state != "reading")


def test_an_answer_is_read_to_its_end_and_only_once(room: EngineRoom) -> None:
    memory, asked = Hindsight(room), answered(room)
    one = memory.ask(asked)
    look = read(one)
    assert (look.state, look.problem) == ("done", "")
    assert look.tokens == asked.tokens
    assert [place.id for place in look.places] == list(asked.tokens)
    assert look.tokenizer is not None
    assert memory.ask(replace(asked)) is one
    other = memory.ask(replace(asked, hash="0" * 12))  # the weights were replaced
    assert other is not one
    read(other)


def test_words_alone_are_read_as_the_model_spells_them(room: EngineRoom) -> None:
    asked = replace(answered(room), answer="I like tea.", tokens=(), parts=())
    look = read(Hindsight(room).ask(asked))
    assert look.tokenizer is not None
    assert look.tokenizer.decode(list(look.tokens)) == "I like tea."
    assert [place.params for place in look.places] == [None] * len(look.tokens)


def test_the_prompt_is_measured_for_who_wants_to_compare(room: EngineRoom) -> None:
    with room.lease(TINY) as engine:
        generation = engine.stream(ASKED, PARAMS)
        tokens = tuple(token.id for chunk in generation for token in chunk.tokens)
        receipt = generation.receipt
        digest = engine.loaded.hash
    assert receipt is not None
    row = {"params": vars(receipt.params), "new_tokens": receipt.new_tokens}
    parts = origin(row, len(tokens)).parts
    look = read(Hindsight(room).ask(Asked(TINY, digest, ASKED, generation.text, tokens, parts)))
    assert look.prompt_tokens == receipt.prompt_tokens


def test_the_memory_is_bounded(room: EngineRoom) -> None:
    memory, asked = Hindsight(room, most=2), answered(room)
    for words in ("one", "two", "three"):
        read(memory.ask(replace(asked, answer=words, tokens=(), parts=())))
    assert len(memory) == 2


def test_what_nobody_looks_at_is_left_and_begun_anew(
    room: EngineRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory, asked = Hindsight(room), answered(room)
    monkeypatch.setattr(hindsight, "PATIENCE", -1.0)
    left = memory.ask(asked)
    assert read(left).state == "left"
    monkeypatch.undo()
    again = memory.ask(asked)
    assert again is not left
    assert read(again).state == "done"


def test_a_model_that_is_not_loaded_is_not_asked_for(room: EngineRoom) -> None:
    asked = replace(answered(room), choice=Choice("other"))
    assert read(Hindsight(room).ask(asked)).state == "left"
    assert room.status(asked.choice).state == "absent"


def test_what_can_not_be_read_is_told_until_it_is_tried_again(room: EngineRoom) -> None:
    asked = answered(room)
    long = replace(asked, tokens=tuple([5] * 300), parts=(Part(0, None, NEUTRAL, 300),))
    memory = Hindsight(room)
    look = read(memory.ask(long))
    assert (look.state, look.places) == ("failed", ())
    assert "window" in look.problem
    assert memory.ask(long).look.state == "failed"
    memory.retry(long)
    assert len(memory) == 0


def test_a_fault_of_ours_is_reported_and_told_calmly(
    room: EngineRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a fault")

    asked = answered(room)
    monkeypatch.setattr("chatbot.engine.looking_back.prepare", broken)
    told: list[BaseException] = []
    look = read(Hindsight(room, told.append).ask(asked))
    assert look.state == "failed"
    assert "our side" in look.problem
    assert [str(error) for error in told] == ["a fault"]
