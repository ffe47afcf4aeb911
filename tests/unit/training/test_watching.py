"""A model that is asked between two steps says what it knows, and learns the same."""

import math
import random
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from safetensors.torch import load_file, save_file

from chatbot.files import sha256_of
from chatbot.training import answers, number_format, recorder, runs, watching
from chatbot.training.config import METHODS, TrainingConfig
from chatbot.training.job import TrainingJob, resume_training, run_training
from chatbot.training.recorder import Pace
from chatbot.training.runlog import RunLog, request_stop
from chatbot.training.runs import Run, RunStatus, step_of
from chatbot.training.watching import Watcher
from tests.unit.training.small import changed, install


@pytest.fixture(autouse=True)
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every round is asked, however little a tiny model trains meanwhile."""
    monkeypatch.setattr(watching, "SHARE", math.inf)


def halve(model: Path) -> None:
    """Store the weights in bfloat16, as those of the embedded model are."""
    file = model / "model.safetensors"
    halved = {name: tensor.bfloat16() for name, tensor in load_file(file).items()}
    save_file(halved, file, {"format": "pt"})


def weights(run: Run) -> dict[str, str]:
    files = run.path.glob("checkpoint-*/*.safetensors")
    return {str(file.relative_to(run.path)): sha256_of(file) for file in files}


def losses(run: Run) -> list[Any]:
    return [(row["step"], row.get("loss"), row.get("eval_loss")) for row in run.metrics()]


@pytest.mark.parametrize("method", METHODS)
def test_a_watched_run_ends_to_the_bit_like_one_that_nobody_watches(
    settings: TrainingConfig, method: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = changed(settings, method=method, lora_dropout=0.1)
    watched = run_training(config)
    assert {row["step"] for row in watched.answers()} >= {4, 8}
    monkeypatch.setattr(Watcher, "wanted", lambda *_: False)
    alone = run_training(config)
    assert {row["step"] for row in alone.answers()} <= {0, 4, 8, 11}
    assert len(alone.answers()) < len(watched.answers())
    assert weights(watched) == weights(alone) != {}
    assert losses(watched) == losses(alone)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("model", ["tiny_gpt2", "tiny_llama"])
@pytest.mark.parametrize("learned_in", ["bfloat16", "float32"])
def test_what_it_says_in_between_is_what_the_checkpoint_of_that_step_says(
    settings: TrainingConfig,
    home: Path,
    method: Any,
    model: str,
    learned_in: str,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    """Also where it learns in another number format than it is asked in."""
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    faster = 2.0 if learned_in == "float32" else 0.5
    monkeypatch.setattr(number_format, "times_as_fast_in_float32", lambda: faster)
    if method == "scratch" and model == "tiny_llama":
        pytest.skip("a new model is a GPT-2")
    compared = []
    real = recorder.Recorder._watch

    def asked_twice(self: Any, state: Any) -> None:
        real(self, state)
        step = state.global_step
        folder = self.export(step, best=True)
        rows = list(answers.ask(folder, config.questions, step=step, seed=config.seed))
        compared.append((self._log.run.answers()[-len(rows) :], rows))

    monkeypatch.setattr(recorder.Recorder, "_watch", asked_twice)
    base = install(request.getfixturevalue(model), home, "the-base")
    halve(home / "models" / base)
    config = changed(settings, method=method, base_model=base)
    run = run_training(config, run_id="twice")
    assert run.status().state == "finished", run.status()
    assert run.facts["dtype"] == learned_in
    assert compared
    for here, there in compared:
        assert [row["answer"] for row in here] == [row["answer"] for row in there]
        assert {row["model"] for row in here} == {f"twice at step {here[0]['step']}"}
        assert {row["hash"] for row in here} == {""}
        assert {row["seed"] for row in here} == {config.seed}


def test_the_random_numbers_go_on_as_if_nothing_had_been_asked(
    settings: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Watcher.ask
    states = []

    def state() -> tuple[Any, ...]:
        words = numpy.random.get_state()[1]
        return random.getstate(), words.tobytes(), torch.get_rng_state().numpy().tobytes()

    def between(self: Watcher, step: int) -> float:
        before = state()
        model: Any = self._trainable.model
        mode, cache = model.training, model.config.use_cache
        took = real(self, step)
        states.append(state() == before)
        assert (model.training, model.config.use_cache) == (mode, cache)
        return took

    monkeypatch.setattr(Watcher, "ask", between)
    run_training(changed(settings, method="lora"))
    assert states
    assert all(states)


def test_without_anything_held_out_it_is_asked_as_often(settings: TrainingConfig) -> None:
    seen: list[RunStatus] = []
    run = run_training(changed(settings, held_out=0.0), on_progress=seen.append)
    assert [row["step"] for row in run.answers()] == [0, 0, 4, 4, 8, 8, 11, 11]
    assert [row["hash"] != "" for row in run.answers()] == [True] * 2 + [False] * 4 + [True] * 2
    assert {s.step for s in seen if s.phase == "answering"} == {0, 4, 8, 11}


def test_a_stop_between_two_answers_is_obeyed_and_the_round_is_not_kept(
    settings: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = answers.ask_loaded

    def stopped_after_one(*given: Any, **named: Any) -> Any:
        for row in real(*given, **named):
            yield row
            if row["step"] == 4 and not row["hash"]:
                request_stop(runs.get_run("mine"))

    through = run_training(settings, run_id="through")
    with monkeypatch.context() as patched:
        patched.setattr(answers, "ask_loaded", stopped_after_one)
        run = run_training(settings, run_id="mine")
    status = run.status()
    assert (status.state, status.step) == ("stopped", 4)
    assert all(row["step"] in (0, 4) for row in run.answers())
    assert all(row["hash"] for row in run.answers())
    assert resume_training("mine").status().state == "finished"
    assert weights(run) == weights(through)
    said = [(r["step"], r["question"], r["answer"]) for r in run.answers() if r["step"] != 4]
    there = [(r["step"], r["question"], r["answer"]) for r in through.answers() if r["step"] != 4]
    assert said == there


def test_a_resumed_run_has_each_answer_once(
    settings: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "SAVING_SHARE", 1e9)
    through = run_training(settings, run_id="through")
    real = Watcher.ask

    def broken_off(self: Watcher, step: int) -> float:
        took = real(self, step)
        if step == 8:
            raise KeyboardInterrupt
        return took

    with monkeypatch.context() as patched:
        patched.setattr(Watcher, "ask", broken_off)
        with pytest.raises(KeyboardInterrupt):
            run_training(settings, run_id="mine")
    run = resume_training("mine")
    without_name = [
        [{k: v for k, v in row.items() if k != "model"} for row in each.answers()]
        for each in (run, through)
    ]
    assert without_name[0] == without_name[1]


def test_a_round_that_costs_too_much_is_left_out_and_the_log_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "SHARE", 0.1)
    clock = [100.0]
    monkeypatch.setattr(watching.time, "monotonic", lambda: clock[0])
    watcher = Watcher(RunLog(Run(tmp_path)), None, None, (), seed=1)  # type: ignore[arg-type]
    watcher.begin()
    assert watcher.wanted(5)  # what a round costs is not known yet
    watcher._took = 3.0
    clock[0] += 29
    assert not watcher.wanted(10)
    clock[0] += 2
    assert watcher.wanted(15)  # the time since the last round adds up
    assert "step 10" in (tmp_path / "train.log").read_text(encoding="utf-8")


def test_a_model_that_cannot_be_asked_learns_on(
    settings: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> Any:
        raise MemoryError("no room")

    monkeypatch.setattr(watching, "chat_copy", full)
    run = run_training(settings)
    assert run.status().state == "finished"
    assert "could not be asked in between" in run.status().message
    assert (run.path / "train.log").read_text(encoding="utf-8").count("Traceback") == 1


def test_the_kept_checkpoint_answers_last(settings: TrainingConfig) -> None:
    job = TrainingJob()
    run = job.start(settings)
    job.join(90)
    best = run.best_checkpoint
    assert best is not None
    assert [row["step"] for row in run.answers()[-2:]] == [step_of(best)] * 2
    assert all(row["hash"] for row in run.answers()[-2:])


def test_time_left_counts_the_answers_but_never_more_than_their_share() -> None:
    pace = Pace()
    for _ in range(3):
        pace.add_step(1.0, 10)
    pace.add_round(2.0)
    assert pace.seconds_left(100, 2) == pytest.approx(104)
    pace.add_round(50.0)
    assert pace.seconds_left(100, 2) == pytest.approx(110)
