"""When a write behind comes, what a failure does, and that nothing is left running."""

import threading
import time

import pytest

from chatbot.dataset import write_behind
from chatbot.dataset.write_behind import WriteBehind
from chatbot.errors import OutOfResources

PATIENCE = 20.0


@pytest.fixture
def soon(monkeypatch) -> None:
    monkeypatch.setattr(write_behind, "QUIET", 0.02)
    monkeypatch.setattr(write_behind, "AT_LATEST", 0.05)
    monkeypatch.setattr(write_behind, "AGAIN", 0.02)


def running() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "write-behind"]


def until(condition) -> None:
    end = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    assert condition()


def test_requests_in_a_row_make_one_write(monkeypatch):
    monkeypatch.setattr(write_behind, "QUIET", 0.2)
    writes: list[float] = []
    behind = WriteBehind(lambda: writes.append(time.monotonic()))

    for _ in range(5):
        behind.soon()
    until(lambda: writes)
    behind.now()
    assert len(writes) == 2


@pytest.mark.usefixtures("soon")
def test_constant_requests_do_not_put_a_write_off_for_ever(monkeypatch):
    monkeypatch.setattr(write_behind, "QUIET", 600.0)
    written = threading.Event()
    behind = WriteBehind(written.set)

    end = time.monotonic() + PATIENCE
    while not written.is_set() and time.monotonic() < end:
        behind.soon()
        time.sleep(0.001)
    assert written.is_set()


@pytest.mark.usefixtures("soon")
def test_a_failure_is_kept_and_tried_again():
    attempts: list[bool] = []
    mended = threading.Event()

    def write() -> None:
        attempts.append(mended.is_set())
        if not mended.is_set():
            raise OutOfResources("The disk is full.")

    behind = WriteBehind(write)
    behind.soon()
    until(lambda: len(attempts) > 1)
    assert str(behind.trouble) == "The disk is full."
    with pytest.raises(OutOfResources):
        behind.now()
    mended.set()
    until(lambda: behind.trouble is None and attempts[-1])


def test_what_python_itself_refuses_is_said_for_people():
    def write() -> None:
        raise MemoryError

    behind = WriteBehind(write)
    with pytest.raises(OutOfResources, match="not enough memory"):
        behind.now()
    assert behind.trouble is not None


@pytest.mark.usefixtures("soon")
def test_the_thread_ends_when_there_is_nothing_to_write():
    others = running()
    behind = WriteBehind(lambda: None)
    behind.soon()

    until(lambda: set(running()) <= set(others))
    written = threading.Event()
    behind._write = written.set
    behind.soon()
    assert written.wait(PATIENCE)
