"""The loaded models: one at rest at a time, never taken away from an answer that needs it."""

import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
import torch

from chatbot.engine.device import Placement
from chatbot.engine.generation import Engine
from chatbot.engine_room import Choice, EngineRoom
from chatbot.errors import ChatbotError, Conflict, NotAvailable

HERE = Placement("cpu", "float32", "for the test")


class FakeModel:
    def parameters(self) -> list[torch.Tensor]:
        return [torch.zeros(25)]


class FakeLoaded:
    placement = HERE
    model = FakeModel()


class FakeEngine:
    """Knows only whether it was closed."""

    loaded = FakeLoaded()

    def __init__(self) -> None:
        self.closed = False

    def close(self) -> None:
        self.closed = True


class Workshop:
    """A loader that waits for `gate` and remembers what it made."""

    def __init__(self) -> None:
        self.made: list[FakeEngine] = []
        self.gate = threading.Event()
        self.gate.set()
        self.failure: Exception | None = None

    def load(self, choice: Choice) -> Engine:
        assert self.gate.wait(10)
        if self.failure is not None:
            raise self.failure
        self.made.append(FakeEngine())
        return cast("Engine", self.made[-1])


@pytest.fixture
def workshop() -> Workshop:
    return Workshop()


@pytest.fixture
def room(workshop: Workshop, home: Path) -> Iterator[EngineRoom]:
    room = EngineRoom(workshop.load)
    yield room
    workshop.gate.set()
    room.close()


def settled(room: EngineRoom, choice: Choice) -> str:
    until = time.monotonic() + 10
    while room.status(choice).state == "loading" and time.monotonic() < until:
        time.sleep(0.005)
    return room.status(choice).state


A, B = Choice("a"), Choice("b")


def test_asking_for_the_status_loads_nothing(room: EngineRoom, workshop: Workshop) -> None:
    assert room.status(A).state == "absent"
    assert workshop.made == []


def test_a_page_does_not_wait_for_the_model(room: EngineRoom, workshop: Workshop) -> None:
    workshop.gate.clear()
    room.warm(A)
    assert room.status(A).state == "loading"
    workshop.gate.set()
    assert settled(room, A) == "ready"
    assert room.status(A).placement == HERE


def test_two_pages_share_one_model(room: EngineRoom, workshop: Workshop) -> None:
    room.warm(A)
    room.warm(A)
    with room.lease(A) as first, room.lease(A) as second:
        assert first is second
    assert len(workshop.made) == 1


def test_the_next_model_frees_the_last(room: EngineRoom, workshop: Workshop) -> None:
    with room.lease(A):
        pass
    with room.lease(B):
        assert workshop.made[0].closed
    assert not workshop.made[1].closed
    assert room.status(A).state == "absent"


def test_an_answer_under_way_keeps_its_model(room: EngineRoom, workshop: Workshop) -> None:
    with room.lease(A):
        room.warm(B)
        assert settled(room, B) == "ready"
        assert not workshop.made[0].closed
    assert workshop.made[0].closed
    assert not workshop.made[1].closed


def test_a_model_that_nobody_wants_any_more_is_freed_as_soon_as_it_is_there(
    room: EngineRoom, workshop: Workshop
) -> None:
    workshop.gate.clear()
    room.warm(A)
    room.warm(B)
    workshop.gate.set()
    assert settled(room, B) == "ready"
    until = time.monotonic() + 10
    while sum(engine.closed for engine in workshop.made) < 1 and time.monotonic() < until:
        time.sleep(0.005)
    assert [engine.closed for engine in workshop.made].count(True) == 1
    assert room.status(A).state == "absent"


def test_a_failure_is_said_and_not_repeated_by_itself(room: EngineRoom, workshop: Workshop) -> None:
    workshop.failure = NotAvailable("There is no such model.", value="a")
    room.warm(A)
    assert settled(room, A) == "failed"
    assert "There is no such model." in room.status(A).problem
    workshop.failure = None
    room.warm(A)
    assert room.status(A).state == "failed"
    room.warm(A, retry=True)
    assert settled(room, A) == "ready"


def test_a_question_tries_again_after_a_failure(room: EngineRoom, workshop: Workshop) -> None:
    workshop.failure = NotAvailable("Not now.")
    with pytest.raises(NotAvailable), room.lease(A):
        pass
    workshop.failure = None
    with room.lease(A) as engine:
        assert engine is not None


@pytest.mark.parametrize("failure", [RuntimeError("odd"), MemoryError()])
def test_any_failure_becomes_a_sentence(
    room: EngineRoom, workshop: Workshop, failure: Exception
) -> None:
    workshop.failure = failure
    with pytest.raises(ChatbotError) as caught, room.lease(A):
        pass
    assert "model" in str(caught.value)


def test_replaced_weights_are_loaded_anew(home: Path, tiny_gpt2: Path) -> None:
    folder = home / "models" / "mine"
    shutil.copytree(tiny_gpt2, folder)
    room, choice = EngineRoom(), Choice("mine", "cpu", "float32")
    with room.lease(choice) as first:
        pass
    weights = folder / "model.safetensors"
    later = time.time_ns() + 10**9
    os.utime(weights, ns=(later, later))
    assert room.status(choice).state == "absent"
    with room.lease(choice) as second:
        assert second is not first
        assert second.loaded.entry.name == "mine"
    with pytest.raises(NotAvailable):
        _ = first.loaded
    room.close()


def test_what_is_held_is_told_and_can_be_unloaded(room: EngineRoom, workshop: Workshop) -> None:
    one, two = Choice("one"), Choice("two")
    with room.lease(one):
        (held,) = room.held()
        assert (held.choice, held.placement, held.bytes, held.answering) == (one, HERE, 100, True)
        with pytest.raises(Conflict, match="answering"):
            room.unload("one")
    assert [each.answering for each in room.held()] == [False]
    room.unload("one")
    assert room.held() == []
    assert workshop.made[0].closed
    assert room.status(one).state == "absent"
    with room.lease(two):  # the room goes on working
        assert len(room.held()) == 1
    room.unload("nobody")
    assert len(room.held()) == 1


def test_a_model_that_is_unloaded_while_it_is_loaded_is_freed(
    room: EngineRoom, workshop: Workshop
) -> None:
    workshop.gate.clear()
    room.warm(Choice("one"))
    assert [each.bytes for each in room.held()] == [0]
    room.unload("one")
    workshop.gate.set()
    end = time.monotonic() + 30
    while not (workshop.made and workshop.made[0].closed):
        assert time.monotonic() < end
        time.sleep(0.01)
    assert room.held() == []


def test_a_model_whose_folder_is_gone_while_it_is_loaded_goes_on(
    room: EngineRoom, workshop: Workshop, home: Path, tiny_gpt2: Path
) -> None:
    folder = shutil.copytree(tiny_gpt2, home / "models" / "one")
    with room.lease(Choice("one")) as engine:
        shutil.rmtree(folder)
    with room.lease(Choice("one")) as again:
        assert again is engine
    assert room.status(Choice("one")).state == "ready"
    assert len(workshop.made) == 1
