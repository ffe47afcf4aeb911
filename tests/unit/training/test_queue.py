"""Runs that wait: they begin in order, one at a time, with what was pinned when they were added."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from chatbot.dataset.importers import dump
from chatbot.errors import BadInput, Conflict
from chatbot.training import job as jobs
from chatbot.training import queue, shelf
from chatbot.training.config import TrainingConfig
from chatbot.training.job import TrainingJob
from chatbot.training.runs import Run, active_run, get_run
from tests.unit.training.small import changed, conversations

PATIENCE = 90.0


def until(condition: Any) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def state(run: Run) -> str:
    return run.status().state


@pytest.fixture
def short(settings: TrainingConfig) -> TrainingConfig:
    return changed(settings, method="scratch", max_steps=3, evaluations=1)


def test_those_that_wait_follow_in_order_with_their_own_data(
    short: TrainingConfig, persona: Path
) -> None:
    job = TrainingJob()
    first = job.start(changed(short, max_steps=60))
    version = first.dataset_version
    second = job.enqueue(short)
    persona.write_bytes(dump(conversations(12)))
    third = job.enqueue(changed(short, seed=7))
    assert [state(run) for run in (second, third)] == ["waiting", "waiting"]
    assert queue.waiting() == [second, third]
    assert active_run() == first
    assert not second.can_resume
    assert second.dataset_version == version != third.dataset_version

    job.join(PATIENCE)
    assert [state(run) for run in (first, second, third)] == ["finished"] * 3
    assert queue.waiting() == []
    ends = [run.status().ended or "" for run in (first, second, third)]
    assert ends == sorted(ends)
    assert third.facts["conversations"] == 12
    assert job.run == third
    assert not job.is_at_work


def test_the_order_can_be_changed(short: TrainingConfig) -> None:
    job = TrainingJob()
    runs = [job.enqueue(changed(short, seed=seed)) for seed in range(3)]
    queue.move_up(runs[2])
    queue.move_up(runs[2])
    assert queue.waiting() == [runs[2], runs[0], runs[1]]
    queue.move_up(runs[2])  # the first one stays
    assert queue.waiting()[0] == runs[2]
    last = job.enqueue(changed(short, seed=9))
    assert queue.waiting()[-1] == last
    shelf.delete(runs[0])
    assert queue.waiting() == [runs[2], runs[1], last]
    with pytest.raises(Conflict, match="does not wait"):
        queue.move_up(runs[0])
    assert shelf.undelete(runs[0].id) in queue.waiting()


def test_nothing_begins_by_itself_after_a_pause(short: TrainingConfig) -> None:
    job = TrainingJob()
    first = job.start(changed(short, max_steps=300))
    second = job.enqueue(short)
    until(lambda: first.status().step >= 1)
    job.pause()
    job.join(PATIENCE)
    assert (state(first), state(second)) == ("paused", "waiting")
    job.resume(first.id)
    until(lambda: state(first) == "running")
    job.stop()
    job.join(PATIENCE)
    assert (state(first), state(second)) == ("stopped", "finished")


def test_one_that_can_not_begin_any_more_fails_and_the_next_one_follows(
    short: TrainingConfig,
) -> None:
    job = TrainingJob()
    first = job.start(changed(short, max_steps=60))
    damaged, sound = job.enqueue(short), job.enqueue(short)
    (damaged.path / "data.json").write_text("[]", encoding="utf-8")
    job.join(PATIENCE)
    assert [state(run) for run in (first, damaged, sound)] == ["finished", "failed", "finished"]
    assert damaged.status().error
    assert "Traceback" not in damaged.status().error


def test_after_a_restart_they_wait_until_somebody_begins_one(short: TrainingConfig) -> None:
    waiting = [TrainingJob().enqueue(changed(short, seed=seed)) for seed in range(3)]
    restarted = TrainingJob()
    assert queue.waiting() == waiting
    assert not restarted.is_at_work
    assert restarted.start_waiting(waiting[1].id) == waiting[1]
    restarted.join(PATIENCE)
    assert [state(run) for run in waiting] == ["finished"] * 3
    with pytest.raises(Conflict, match="does not wait"):
        restarted.start_waiting(waiting[1].id)


def test_another_program_that_trains_is_not_disturbed(short: TrainingConfig) -> None:
    job = TrainingJob()
    run = job.enqueue(short)
    lock = jobs._take_lock()
    try:
        with pytest.raises(Conflict, match="going on already"):
            job.start_waiting(run.id)
    finally:
        jobs._release(lock)
    assert state(run) == "waiting"


def test_what_can_not_end_well_does_not_wait(short: TrainingConfig, persona: Path) -> None:
    persona.write_text("[]", encoding="utf-8")
    with pytest.raises(BadInput):
        TrainingJob().enqueue(short)
    assert queue.waiting() == []


def test_a_damaged_order_is_no_order(short: TrainingConfig, home: Path) -> None:
    run = TrainingJob().enqueue(short)
    (home / "models" / "runs" / ".queue.json").write_text("{", encoding="utf-8")
    assert queue.waiting() == [run]
    status = json.loads((get_run(run.id).path / "status.json").read_text(encoding="utf-8"))
    assert status["state"] == "waiting"
