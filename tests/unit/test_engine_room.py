"""The loaded models: one at rest at a time, never taken away from an answer that needs it."""

import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from chatbot.engine.device import Placement
from chatbot.engine.generation import Engine
from chatbot.engine_room import Choice, EngineRoom
from chatbot.errors import ChatbotError, NotAvailable

HERE = Placement("cpu", "float32", "for the test")


class FakeLoaded:
    placement = HERE


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


def test_what_is_loaded_or_on_its_way_is_known_by_name(
    room: EngineRoom, workshop: Workshop
) -> None:
    assert room.models() == frozenset()
    workshop.gate.clear()
    room.warm(Choice("one"))
    assert room.models() == {"one"}
    workshop.failure = RuntimeError("no")
    workshop.gate.set()
    assert settled(room, Choice("one")) == "failed"
    assert room.models() == frozenset()
