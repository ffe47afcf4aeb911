"""What the pages read: states that don't lie, rows that are whole, runs in order."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from chatbot.errors import BadInput, NotAvailable
from chatbot.training import runs
from chatbot.training.config import TrainingConfig
from chatbot.training.runs import Run


def make(home: Path, name: str = "20260101-000000-tiny-full", **status: Any) -> Run:
    folder = home / "models" / "runs" / name
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(TrainingConfig(seed=7).to_json(), encoding="utf-8")
    (folder / "data.json").write_text("[]", encoding="utf-8")
    if status:
        (folder / "status.json").write_text(json.dumps(status), encoding="utf-8")
    return Run(folder)


def test_a_run_of_a_process_that_is_gone_was_interrupted(home: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    started = psutil.Process(gone.pid).create_time()
    gone.wait()
    run = make(
        home, state="running", step=17, total_steps=40, pid=gone.pid, process_started=started
    )
    status = run.status()
    assert (status.state, status.step, status.total_steps) == ("interrupted", 17, 40)
    assert "step 17" in status.message
    assert run.can_resume
    assert runs.active_run() is None


def test_a_run_of_a_living_process_is_running_and_another_process_with_its_number_is_not(
    home: Path,
) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        started = psutil.Process(other.pid).create_time()
        about = {"state": "running", "pid": other.pid}
        run = make(home, **about, process_started=started)
        assert run.status().state == "running"
        assert not run.can_resume
        assert runs.active_run() == run
        reused = make(home, "b", **about, process_started=started - 1000)
        assert reused.status().state == "interrupted"
        assert other.stdin is not None
        other.stdin.close()


def test_a_run_of_this_process_whose_thread_died_was_interrupted(home: Path) -> None:
    me = psutil.Process().create_time()
    run = make(home, state="running", pid=os.getpid(), process_started=me)
    assert run.status().state == "interrupted"
    runs.going_on_here.add(run.path.resolve())
    try:
        assert run.status().state == "running"
    finally:
        runs.going_on_here.discard(run.path.resolve())


def test_a_run_of_another_machine_goes_on_as_long_as_it_is_heard_of(home: Path) -> None:
    run = make(home, state="running", step=17, pid=2**22, process_started=1.0, machine="elsewhere")
    assert run.status().state == "running"
    assert runs.active_run() == run
    silent = time.time() - runs.SILENCE - 1
    os.utime(run.path / "status.json", (silent, silent))
    assert run.status().state == "interrupted"
    assert run.can_resume


@pytest.mark.parametrize("text", ["", "{", "[]", '{"state": "running", "pid": "x"}'])
def test_a_damaged_status_is_an_interruption_and_no_crash(home: Path, text: str) -> None:
    run = make(home)
    (run.path / "status.json").write_text(text, encoding="utf-8")
    assert run.status().state == "interrupted"


def test_an_ended_run_keeps_its_state(home: Path) -> None:
    done = make(home, "a", state="finished", step=40, ended="2026-01-01T00:00:00+00:00")
    assert done.status().state == "finished"
    assert not done.can_resume
    assert make(home, "b", state="stopped", step=4).can_resume
    assert make(home, "c", state="failed", error="No disk.").can_resume
    assert not make(home, "d", state="failed", resumable=False).can_resume


def test_a_row_that_is_still_being_written_is_left_out(home: Path) -> None:
    run = make(home)
    (run.path / "metrics.jsonl").write_text(
        '{"step": 1, "loss": 3.0}\n{"step": 2, "note": "a\u2028b"}\n{"step": 3, "lo',
        encoding="utf-8",
    )
    assert [row["step"] for row in run.metrics()] == [1, 2]
    assert run.answers() == []


def test_the_best_checkpoint_is_the_named_one_else_the_last(home: Path) -> None:
    run = make(home, state="finished", best_checkpoint="checkpoint-20")
    assert run.best_checkpoint is None
    for step in (20, 100, 40):
        (run.path / f"checkpoint-{step}").mkdir()
    (run.path / "checkpoint-latest").mkdir()
    assert run.best_checkpoint == run.path / "checkpoint-20"
    (run.path / "status.json").write_text('{"state": "finished"}', encoding="utf-8")
    assert run.best_checkpoint == run.path / "checkpoint-100"
    outside = json.dumps({"best_checkpoint": "../../../../etc"})
    (run.path / "status.json").write_text(outside, encoding="utf-8")
    assert run.best_checkpoint == run.path / "checkpoint-100"


def test_runs_come_newest_first_and_other_folders_are_none(home: Path) -> None:
    assert runs.list_runs() == []
    names = ["20260101-000000-a-lora", "20260301-000000-b-full", "20260201-000000-c-lora"]
    for name in names:
        make(home, name)
    (home / "models" / "runs" / "junk").mkdir()
    assert [run.id for run in runs.list_runs()] == sorted(names, reverse=True)
    assert runs.get_run(names[0]).config.seed == 7


@pytest.mark.parametrize("name", ["", "nothing", "../runs", "a/b"])
def test_a_run_that_is_not_there_is_named(home: Path, name: str) -> None:
    make(home, "a")
    with pytest.raises(NotAvailable, match="no such run"):
        runs.get_run(name)


def test_unreadable_settings_of_a_run_are_bad_input(home: Path) -> None:
    run = make(home)
    (run.path / "config.json").write_bytes(b"\xff\xfe")
    with pytest.raises(BadInput):
        _ = run.config
