"""How a run ends before its last step, and how it goes on: pause, early end, too little memory."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

from chatbot.files import sha256_of
from chatbot.training import memory, saving, work
from chatbot.training.config import METHODS, TrainingConfig
from chatbot.training.job import TrainingJob, resume_training, run_training
from chatbot.training.runs import Run, RunStatus, get_run
from tests.unit.training.small import changed, senseless

PATIENCE = 90.0


def until(condition: Any) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def values(run: Run, name: str) -> dict[int, float]:
    return {row["step"]: row[name] for row in run.metrics() if name in row}


# --- pause ------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_paused_and_resumed_it_ends_the_same_to_the_bit(
    settings: TrainingConfig, method: Any
) -> None:
    config = changed(settings, method=method, max_steps=30, lora_dropout=0.1)
    through = run_training(config)
    job = TrainingJob()
    run = job.start(config)
    until(lambda: run.status().step >= 4)
    job.pause()
    until(lambda: run.status().state != "running")
    job.join(PATIENCE)
    status = run.status()
    assert (status.state, status.phase) == ("paused", "")
    assert 4 <= status.step < 30
    assert f"Paused at step {status.step}" in status.message
    assert run.can_resume
    assert run.best_checkpoint is not None  # it can be chatted with meanwhile

    job.resume(run.id)
    job.join(PATIENCE)
    assert run.status().state == "finished"
    assert values(run, "loss") == values(through, "loss")
    assert values(run, "eval_loss")[30] == values(through, "eval_loss")[30]
    weights = "adapter_model.safetensors" if method == "lora" else "model.safetensors"
    ends = [sha256_of(one.path / "checkpoint-30" / weights) for one in (run, through)]
    assert ends[0] == ends[1]


def test_a_pause_before_the_first_step_can_go_on(
    settings: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = TrainingJob()

    def pause_now(*_: Any, **__: Any) -> Any:
        job.pause()
        yield from ()

    with monkeypatch.context() as patched:
        patched.setattr(work.answers, "ask", pause_now)
        run = job.start(settings)
        job.join(PATIENCE)
    assert run.status().state == "paused"
    job.resume(run.id)
    job.join(PATIENCE)
    assert run.status().state == "finished"


def test_the_last_word_counts_between_pause_and_stop(settings: TrainingConfig) -> None:
    job = TrainingJob()
    run = job.start(changed(settings, max_steps=400))
    until(lambda: run.status().step >= 1)
    job.pause()
    job.stop()
    job.join(PATIENCE)
    assert run.status().state == "stopped"


# --- an early end -----------------------------------------------------------------------------

BY_HEART: Mapping[str, Any] = {
    "max_steps": 120,
    "evaluations": 12,
    "batch_size": 8,
    "held_out": 0.4,
    "learning_rate": 3e-2,
    "weight_decay": 0.0,
}


def test_it_ends_early_when_the_held_out_loss_does_not_fall_any_more(
    settings: TrainingConfig, persona: Path
) -> None:
    senseless(persona)
    run = run_training(changed(settings, **BY_HEART, patience=2))
    held_out = {step: loss for step, loss in values(run, "eval_loss").items() if step}
    steps = list(held_out)
    best = min(held_out, key=lambda step: held_out[step])
    assert run.status().state == "finished"
    assert steps[-1] < 120
    assert steps.index(best) == len(steps) - 1 - 2
    assert run.best_checkpoint is not None
    assert saving.step_of(run.best_checkpoint) == best
    assert "Ended early" in run.status().message
    assert not run.can_resume
    assert not saving.state_folder(run).exists()
    said = [row["step"] for row in run.answers() if row["hash"] and row["step"]]
    assert set(said) == {best}


def test_without_patience_it_goes_to_the_end(settings: TrainingConfig, persona: Path) -> None:
    senseless(persona)
    run = run_training(changed(settings, **BY_HEART))
    assert max(values(run, "loss")) == 120
    assert "Ended early" not in run.status().message


# --- broken off after the last step -----------------------------------------------------------


def test_broken_off_while_answering_it_has_nothing_more_to_learn(
    settings: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chatbot.training import trainer

    real = work.answers.ask

    def broken_off(*given: Any, **named: Any) -> Any:
        yield from real(*given, **named)
        if named["step"]:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(work.answers, "ask", broken_off)
        with pytest.raises(KeyboardInterrupt):
            run_training(settings, run_id="mine")
    run = get_run("mine")
    rows = run.metrics()
    assert run.status().state == "interrupted"
    assert run.can_resume

    def learns_again(*_: Any, **__: Any) -> None:
        raise AssertionError("It was trained already.")

    monkeypatch.setattr(trainer.PackedTrainer, "train", learns_again)
    assert resume_training("mine").status().state == "finished", run.status().error
    assert run.metrics() == rows
    assert run.status().step == run.status().total_steps == 11
    said = [(row["step"], row["question"]) for row in run.answers() if row["hash"] and row["step"]]
    assert len(said) == len(set(said)) == 2


# --- memory -----------------------------------------------------------------------------------


def test_smaller_batches_learn_the_same_steps() -> None:
    config = TrainingConfig(batch_size=12, gradient_accumulation=2)
    seen = []
    while (smaller := memory.smaller_batch(config)) is not None:
        assert smaller.conversations_a_step == 24
        assert smaller.batch_size <= config.batch_size / 2
        seen.append(smaller.batch_size)
        config = smaller
    assert seen == [6, 3, 1]
    odd = memory.smaller_batch(TrainingConfig(batch_size=7))
    assert odd is not None
    assert (odd.batch_size, odd.gradient_accumulation) == (1, 7)
    full = TrainingConfig(batch_size=2, gradient_accumulation=256)
    assert memory.smaller_batch(full) is None


def leave_out_dropout(model: Path) -> None:
    """It differs from batch to batch, so that nothing could be compared."""
    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    config |= {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0}
    (model / "config.json").write_text(json.dumps(config), encoding="utf-8")


def test_out_of_memory_goes_on_with_smaller_batches(
    settings: TrainingConfig, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At step 7, with a state of step 4 on the disk: from there on, without a step lost."""
    from chatbot.training import recorder, trainer

    monkeypatch.setattr(recorder, "SAVING_SHARE", 1e9)
    monkeypatch.setenv("CHATBOT_DTYPE", "float32")
    leave_out_dropout(home / "models" / settings.base_model)
    through = run_training(changed(settings, batch_size=2, gradient_accumulation=2))
    real = trainer.PackedTrainer.training_step

    def hungry(self: Any, model: Any, inputs: Any, count: Any = None) -> Any:
        if self.args.per_device_train_batch_size > 2 and self.state.global_step >= 6:
            torch.empty(2**50, dtype=torch.uint8)  # a petabyte: refused as torch refuses it
        return real(self, model, inputs, count)

    monkeypatch.setattr(trainer.PackedTrainer, "training_step", hungry)
    run = run_training(settings)
    status = run.status()
    assert status.state == "finished"
    assert "goes on with 2 batches of 2 a step" in status.message
    assert (run.config.batch_size, run.config.gradient_accumulation) == (2, 2)
    losses, reference = values(run, "loss"), values(through, "loss")
    assert list(losses) == list(range(1, 12))
    assert losses == pytest.approx(reference, rel=1e-3)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("MPS backend out of memory (MPS allocated: 9.0 GB)"),
        RuntimeError("could not create a primitive"),
    ],
)
def test_every_library_says_it_in_its_own_words(error: Exception) -> None:
    assert memory.ran_out(error)
    assert not memory.ran_out(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))


def test_the_memory_is_told_while_it_runs(settings: TrainingConfig) -> None:
    told: list[RunStatus] = []
    run_training(settings, on_progress=told.append)
    seen = [status for status in told if status.memory is not None]
    assert seen
    assert all(status.memory and 10e6 < status.memory < 1e12 for status in seen)
    assert all(status.memory_free and status.memory_free > 0 for status in seen)
