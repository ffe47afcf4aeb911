"""Killed with -9 at a random moment, a run goes on to the very same end, to the bit."""

import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from chatbot.files import sha256_of
from chatbot.training import recorder, runs, saving, watching
from chatbot.training.config import METHODS, TrainingConfig
from chatbot.training.job import resume_training, run_training
from chatbot.training.runs import Run
from tests.unit.training.small import changed

WORK = """
import sys
from pathlib import Path
from chatbot.training import recorder, watching
from chatbot.training.config import TrainingConfig
from chatbot.training.job import run_training
recorder.SAVING_SHARE = watching.SHARE = 1e9
name, config = sys.argv[1:]
run_training(TrainingConfig.from_json(Path(config).read_text(encoding="utf-8")), run_id=name)
"""
STEPS = 24


def through_to_the_end(config: TrainingConfig, name: str) -> Run:
    run = run_training(config, run_id=name)
    assert run.status().state == "finished", run.status()
    return run


def killed_at_a_random_moment(home: Path, config: TrainingConfig, name: str) -> Run:
    """Train in a process of its own until it is killed with -9."""
    moment = random.Random(time.time_ns())
    at, delay = moment.randint(1, STEPS - 2), moment.uniform(0, 0.05)
    print(f"killed at step {at} and {delay:.3f} s")  # pytest shows it where the test fails
    (home / "settings.json").write_text(config.to_json(), encoding="utf-8")
    work = subprocess.Popen([sys.executable, "-c", WORK, name, str(home / "settings.json")])
    path = home / "models" / "runs" / name / "metrics.jsonl"
    while not path.exists() or len(path.read_text(encoding="utf-8").splitlines()) < at:
        assert work.poll() is None
        time.sleep(0.002)
    time.sleep(delay)
    work.kill()
    work.wait()
    return runs.get_run(name)


def without_clock(run: Run) -> list[dict[str, Any]]:
    clock = ("seconds", "tokens_per_second")
    return [{k: v for k, v in row.items() if k not in clock} for row in run.metrics()]


@pytest.mark.parametrize("method", METHODS)
def test_a_killed_run_resumes_to_the_bit(
    settings: TrainingConfig, home: Path, method: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "SAVING_SHARE", 1e9)  # a state at each evaluation
    monkeypatch.setattr(watching, "SHARE", 1e9)  # and answers
    config = changed(settings, method=method, max_steps=STEPS, evaluations=12, lora_dropout=0.1)
    through = through_to_the_end(config, "through")
    killed = killed_at_a_random_moment(home, config, "killed")
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
