"""A run from start to chat, in the background: what it leaves, how it is stopped, how it fails."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from chatbot.engine import catalog
from chatbot.engine.loading import load
from chatbot.errors import BadInput, Conflict, OutOfResources
from chatbot.files import sha256_of
from chatbot.training import runs, saving, work
from chatbot.training.config import METHODS, TrainingConfig
from chatbot.training.job import TrainingJob, resume_training, run_training
from chatbot.training.runs import Run, RunStatus
from tests.unit.training.small import changed

PATIENCE = 90.0


def wait_for(condition: Any, seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("method", METHODS)
def test_a_run_ends_with_a_checkpoint_that_the_chat_lists(
    settings: TrainingConfig, persona: Path, method: Any
) -> None:
    job = TrainingJob()
    assert job.run is None
    run = job.start(changed(settings, method=method))
    assert job.run == run
    persona.write_bytes(b"[]")  # an edit while it runs is none of its business
    job.join(PATIENCE)
    status = run.status()
    assert status.error == ""
    assert (status.state, status.step, status.total_steps) == ("finished", 11, 11)
    assert status.phase == ""
    assert status.ended is not None
    assert status.seconds_left is None

    best = run.best_checkpoint
    assert best is not None
    name = best.relative_to(run.path.parent.parent).as_posix()
    assert name in [entry.name for entry in catalog.list_models()]
    answered = [row for row in run.answers() if row["hash"]]  # those of whole models on the disk
    assert {row["hash"] for row in answered if row["step"]} == {load(name).hash}
    assert [row["question"] for row in answered if row["step"]] == ["Who are you?", "And then?"]
    untuned = {row["hash"] for row in answered if row["step"] == 0}
    assert untuned == (set() if method == "scratch" else {load(settings.base_model).hash})

    rows = run.metrics()
    assert [row["step"] for row in rows if "loss" in row] == list(range(1, 12))
    losses = {row["step"]: row["eval_loss"] for row in rows if "eval_loss" in row}
    assert list(losses) == [0, 4, 8, 11]
    assert min(losses, key=losses.__getitem__) == saving.step_of(best)
    assert losses[saving.step_of(best)] < losses[0]
    seconds = [row["seconds"] for row in rows]
    assert seconds == sorted(seconds)
    assert {"epoch", "learning_rate", "grad_norm", "tokens_per_second"} <= rows[1].keys()

    assert run.dataset_version == sha256_of(run.path / "data.json") == run.facts["dataset_sha256"]
    assert run.facts["libraries"].keys() >= {"torch", "transformers"}
    assert run.config == changed(settings, method=method)
    left = {path.name for path in run.path.iterdir()} - {"train.log"}
    kept = {f"checkpoint-{step}" for step in (saving.step_of(best), 11)}
    assert left == {
        *kept, "config.json", "data.json", "run.json", "status.json", "metrics.jsonl",
        "samples.jsonl", "scores.json",
    }  # fmt: skip


def test_a_second_start_is_refused_and_names_the_run_that_goes_on(
    settings: TrainingConfig,
) -> None:
    job = TrainingJob()
    run = job.start(changed(settings, max_steps=1000))
    try:
        with pytest.raises(Conflict) as caught:
            TrainingJob().start(settings)
        assert run.id in str(caught.value)
        with pytest.raises(Conflict):
            run_training(settings)
        assert runs.active_run() == run
        assert len(runs.list_runs()) == 1
    finally:
        job.stop()
        job.join(PATIENCE)
    assert runs.active_run() is None


def test_another_process_is_refused_too_and_may_stop_the_run(
    settings: TrainingConfig, home: Path
) -> None:
    job = TrainingJob()
    run = job.start(changed(settings, max_steps=1000))
    (home / "other.json").write_text(settings.to_json(), encoding="utf-8")
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from chatbot.errors import Conflict\n"
        "from chatbot.training.config import TrainingConfig\n"
        "from chatbot.training.job import TrainingJob\n"
        "config = TrainingConfig.from_json(Path(sys.argv[1]).read_text(encoding='utf-8'))\n"
        "try:\n"
        "    TrainingJob().start(config)\n"
        "except Conflict as error:\n"
        "    print(error)\n"
        "TrainingJob().stop()\n"
    )
    try:
        done = subprocess.run(
            [sys.executable, "-c", code, str(home / "other.json")],
            capture_output=True,
            text=True,
            check=True,
        )
        assert run.id in done.stdout
        job.join(PATIENCE)
        assert run.status().state == "stopped"
    finally:
        job.stop()
        job.join(PATIENCE)


def test_stopped_is_kept_and_a_resume_ends_as_if_never_stopped(settings: TrainingConfig) -> None:
    through = run_training(changed(settings, max_steps=30))
    job = TrainingJob()
    run = job.start(changed(settings, max_steps=30))
    wait_for(lambda: run.status().step >= 5)
    job.stop()
    wait_for(lambda: run.status().state != "running")
    job.join(PATIENCE)
    status = run.status()
    assert status.state == "stopped"
    assert 5 <= status.step < 30
    assert run.best_checkpoint is not None
    assert run.answers()[-1]["step"] == saving.step_of(run.best_checkpoint)
    assert run.can_resume

    assert job.resume(run.id) == run
    job.join(PATIENCE)
    assert run.status().state == "finished"
    assert losses(run)[30] == losses(through)[30]
    last = "checkpoint-30/model.safetensors"
    assert sha256_of(run.path / last) == sha256_of(through.path / last)
    with pytest.raises(BadInput, match="can't be resumed"):
        job.resume(run.id)


def losses(run: Run) -> dict[int, float]:
    return {row["step"]: row["loss"] for row in run.metrics() if "loss" in row}


def test_a_stop_before_the_first_step_keeps_nothing_and_can_go_on(
    settings: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def stop_now(*_: Any, **__: Any) -> Any:
        asked.append(True)
        job.stop()
        yield from ()

    monkeypatch.setattr(work.answers, "ask", stop_now)
    job = TrainingJob()
    run = job.start(settings)
    job.join(PATIENCE)
    assert asked
    assert run.status().state == "stopped"
    assert "nothing has been learned" in run.status().message
    assert run.best_checkpoint is None
    assert run.can_resume


def test_a_loss_that_explodes_ends_the_run_with_advice_and_keeps_the_last_good_model(
    settings: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chatbot.training import trainer

    real = trainer.token_loss
    calls = []

    def explodes(*given: Any, **named: Any) -> Any:
        calls.append(True)
        loss = real(*given, **named)
        return loss * float("nan") if len(calls) > 8 else loss

    monkeypatch.setattr(trainer, "token_loss", explodes)
    run = run_training(settings)
    status = run.status()
    assert status.state == "failed"
    assert "learning rate" in status.error
    assert "Traceback" not in status.error
    assert run.best_checkpoint is not None
    assert status.message.endswith(
        f"the last good checkpoint, that of step {saving.step_of(run.best_checkpoint)}."
    )
    assert not run.can_resume
    assert all(row.get("loss", 0) < 100 for row in run.metrics())


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
            "smaller batch did not help",
        ),
        (MemoryError(), "smaller batch did not help"),
        (OSError(28, "No space left on device"), "disk is full"),
        (RuntimeError("I/O error: No space left on device (os error 28)"), "disk is full"),
        (OutOfResources("Too hot.", remedy="Cool it."), "Too hot. Cool it."),
        (ZeroDivisionError("division by zero"), "went wrong in the training code"),
    ],
)
def test_whatever_breaks_becomes_a_sentence_and_the_traceback_a_file(
    settings: TrainingConfig, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    def breaks(*_: Any, **__: Any) -> None:
        raise error

    job = TrainingJob()
    with monkeypatch.context() as patched:
        patched.setattr(work, "_train", breaks)
        run = job.start(settings)
        job.join(PATIENCE)
    status = run.status()
    assert status.state == "failed"
    assert said in status.error
    assert "Traceback" not in status.error
    assert "Traceback" in (run.path / "train.log").read_text(encoding="utf-8")
    assert run.can_resume
    assert runs.active_run() is None
    assert job.start(settings).id != run.id  # nothing is locked for ever
    job.stop()
    job.join(PATIENCE)


def test_a_broken_off_run_in_the_foreground_reads_as_interrupted(
    settings: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken_off(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(work, "_train", broken_off)
        with pytest.raises(KeyboardInterrupt):
            run_training(settings, run_id="mine")
    run = runs.get_run("mine")
    assert run.status().state == "interrupted"
    assert resume_training("mine").status().state == "finished"


def test_nothing_is_left_behind_by_a_start_that_is_refused(
    settings: TrainingConfig, persona: Path
) -> None:
    with pytest.raises(BadInput, match="name may have"):
        run_training(settings, run_id="../evil")
    persona.write_bytes(b"[]")
    with pytest.raises(BadInput, match="nothing to learn"):
        TrainingJob().start(settings)
    assert runs.list_runs() == []


def test_progress_comes_in_order_and_small_sets_are_honest(
    settings: TrainingConfig, persona: Path
) -> None:
    rows = json.loads(persona.read_text(encoding="utf-8"))
    persona.write_text(json.dumps(rows[:6]), encoding="utf-8")
    seen: list[RunStatus] = []
    run = run_training(changed(settings, held_out=0.5), on_progress=seen.append)
    phases = list(dict.fromkeys(status.phase for status in seen))
    assert phases == [
        "preparing", "answering", "tokenising", "training", "saving", "scoring", ""
    ]  # fmt: skip
    assert [status.step for status in seen] == sorted(status.step for status in seen)
    assert seen[-1].state == "finished"
    assert "none is held out" in run.status().message
    assert all("eval_loss" not in row for row in run.metrics())
    assert run.best_checkpoint == run.path / "checkpoint-11"


def test_runs_of_the_same_second_get_names_of_their_own(settings: TrainingConfig) -> None:
    from chatbot.training import job

    first = job._new_folder(settings, None)
    second = job._new_folder(settings, None)
    assert first != second
    assert "-tiny-full" in first.name
    assert job._base_slug(changed(settings, base_model="my-gpt2/checkpoint-12")) == "my"
    assert job._base_slug(changed(settings, base_model="/tmp/Über/")) == "ber"
    with pytest.raises(Conflict):
        job._new_folder(settings, first.name)


def test_a_conversation_that_is_cut_is_reported(settings: TrainingConfig) -> None:
    run = run_training(changed(settings, max_length=60))
    assert run.facts["cut"] > 0
    assert f"cut after a whole turn: {run.facts['cut']}." in run.status().message


def test_the_same_seed_gives_the_same_model(settings: TrainingConfig) -> None:
    config = changed(settings, method="lora", lora_dropout=0.1)
    made = [run_training(changed(config, seed=seed)) for seed in (1, 1, 2)]
    digests = [sha256_of(run.path / "checkpoint-11" / "adapter_model.safetensors") for run in made]
    assert digests[0] == digests[1] != digests[2]


def test_a_choice_that_is_read_again_keeps_the_last_model_and_reads_rehearsals(
    settings: TrainingConfig,
) -> None:
    config = changed(settings, most_conversations=9, rehearsal=0.25, epochs=4, max_steps=None)
    run = run_training(config)
    assert run.status().state == "finished"
    assert run.facts["trained_on"] == 9
    assert run.facts["steps"] == 12  # four epochs of 9 + 3 in batches of 4
    assert run.best_checkpoint == run.path / "checkpoint-12"
