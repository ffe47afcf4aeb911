"""Killed with -9 again and again, at random moments, a run ends the same to the bit.

Ten kills in all, shared among the ways to fine-tune.
"""

import json
import random
import time
from pathlib import Path
from typing import Any

import pytest

from chatbot.files import sha256_of
from chatbot.training import number_format, recorder, runs, saving, watching
from chatbot.training.config import METHODS, TrainingConfig
from chatbot.training.job import resume_training, run_training
from chatbot.training.runs import Run
from tests.branches import branch
from tests.unit.training.small import answer_briefly, changed

STEPS = 24
KILLS = {"lora": 3, "full": 3, "scratch": 4}


def work_on(name: str, config: str) -> None:
    """What a process does; without a config it resumes."""
    answer_briefly()  # as in the process that this one is compared with
    recorder.SAVING_SHARE = watching.SHARE = 1e9
    # As if float32 were quicker at first, and bfloat16 at each resume: a run keeps its format.
    number_format.times_as_fast_in_float32 = lambda: 2.0 if config else 0.5
    if config:
        run_training(TrainingConfig.from_json(config), run_id=name)
    else:
        resume_training(name)


def through_to_the_end(config: TrainingConfig, name: str) -> Run:
    run = run_training(config, run_id=name)
    assert run.status().state == "finished", run.status()
    return run


def killed_at_random_moments(home: Path, config: TrainingConfig, name: str, kills: int) -> Run:
    """Train in processes of their own, each of which is killed with -9."""
    moment = random.Random(time.time_ns())
    for at in sorted(moment.sample(range(1, STEPS - 2), kills)):
        delay = moment.uniform(0, 0.05)
        print(f"killed at step {at} and {delay:.3f} s")  # pytest shows it where the test fails
        given = "" if settings_are_taken(home, name) else config.to_json()
        work = branch(work_on, name, given)
        while worked_on_by(home, name) != work.pid or reached(home, name) < at:
            assert work.is_alive()
            time.sleep(0.002)
        time.sleep(delay)
        work.kill()
        work.join()
    return runs.get_run(name)


def settings_are_taken(home: Path, name: str) -> bool:
    return (home / "models" / "runs" / name / "config.json").exists()


def worked_on_by(home: Path, name: str) -> int:
    """The process that has the run; 0 before there is one."""
    try:
        status = (home / "models" / "runs" / name / "status.json").read_text(encoding="utf-8")
    except OSError:
        return 0
    return int(json.loads(status)["pid"])


def reached(home: Path, name: str) -> int:
    """The last step of which there is a row. A resume takes back those that it makes again."""
    rows = runs.read_rows(home / "models" / "runs" / name / "metrics.jsonl")
    return max((row["step"] for row in rows if "loss" in row), default=0)


def without_clock(run: Run) -> list[dict[str, Any]]:
    clock = ("seconds", "tokens_per_second")
    return [{k: v for k, v in row.items() if k not in clock} for row in run.metrics()]


@pytest.mark.parametrize("method", METHODS)
def test_a_run_killed_again_and_again_ends_the_same_to_the_bit(
    settings: TrainingConfig, home: Path, method: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "SAVING_SHARE", 1e9)  # a state at each evaluation
    monkeypatch.setattr(watching, "SHARE", 1e9)  # and answers
    config = changed(settings, method=method, max_steps=STEPS, evaluations=12, lora_dropout=0.1)
    through = through_to_the_end(config, "through")
    killed = killed_at_random_moments(home, config, "killed", KILLS[method])
    if killed.status().state == "finished":
        return  # it was quicker than the kill
    assert killed.status().state == "interrupted"
    assert killed.can_resume
    cut_off = saving.state_folder(killed) / f"checkpoint-{STEPS - 1}"
    cut_off.mkdir(parents=True, exist_ok=True)  # as a kill in the middle of a save leaves it
    (cut_off / "trainer_state.json").write_text("{", encoding="utf-8")

    assert resume_training("killed").status().state == "finished"
    assert without_clock(killed) == without_clock(through)
    names = [checkpoint.name for checkpoint in through.checkpoints()]
    assert [checkpoint.name for checkpoint in killed.checkpoints()] == names
    weights = "adapter_model.safetensors" if method == "lora" else "model.safetensors"
    for name in names:
        assert sha256_of(killed.path / name / weights) == sha256_of(through.path / name / weights)
    said = [[row["answer"] for row in run.answers() if row["step"]] for run in (killed, through)]
    assert said[0] == said[1]
    assert killed.best_checkpoint is not None
    assert through.best_checkpoint is not None
    assert killed.best_checkpoint.name == through.best_checkpoint.name
