"""The time that is left, and the end of a run that makes no sense any more."""

import math
from pathlib import Path
from typing import Any

import pytest
from transformers import TrainerControl, TrainerState

from chatbot.training import recorder
from chatbot.training.recorder import DivergedError, Pace, Recorder
from chatbot.training.runlog import STOP_FILE, RunLog
from chatbot.training.runs import Run


class FakeTrainable:
    trained_parameters = 1_000_000


def make(tmp_path: Path, **values: Any) -> Recorder:
    log = RunLog(Run(tmp_path))
    settings = {"total": 100, "every": 10, "measured": True, "pace": Pace()} | values
    return Recorder(log, FakeTrainable(), **settings)  # type: ignore[arg-type]


def end_of_step(made: Recorder, step: int) -> TrainerControl:
    state = TrainerState(global_step=step, num_input_tokens_seen=step * 50)
    return made.on_step_end(None, state, TrainerControl())  # type: ignore[arg-type]


def test_time_left_is_right_from_the_second_step_and_forgets_the_slow_first() -> None:
    pace = Pace(after=4)
    assert pace.seconds_left(10, 1) is None
    pace.add_step(9.0, 100)
    assert pace.seconds_left(10, 0) == 94
    pace.add_evaluation(3.0)
    for _ in range(3):
        pace.add_step(0.5, 100)
    assert pace.seconds_left(10, 2) == pytest.approx(10 * 0.5 + 2 * 3 + 4)
    assert pace.tokens_per_second == pytest.approx(200)


def test_time_left_follows_a_machine_that_slows_down() -> None:
    pace = Pace()
    for seconds in [1.0] * 50 + [2.0] * 20:
        pace.add_step(seconds, 10)
    assert pace.seconds_left(10, 0) == pytest.approx(20)


def test_measured_every_so_many_steps_and_at_the_end(tmp_path: Path) -> None:
    made = make(tmp_path, total=25)
    asked = [step for step in range(1, 26) if end_of_step(made, step).should_evaluate]
    assert asked == [10, 20, 25]
    unmeasured = make(tmp_path, total=25, measured=False)
    assert not any(end_of_step(unmeasured, step).should_evaluate for step in range(1, 26))


def test_states_are_saved_only_while_that_costs_next_to_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(recorder.time, "monotonic", lambda: clock[0])
    made = make(tmp_path)
    made._saving_takes = 2.0
    clock[0] += 30
    assert not end_of_step(made, 10).should_save
    clock[0] += 40
    assert not end_of_step(made, 11).should_save
    assert end_of_step(made, 20).should_save
    assert not end_of_step(made, 100).should_save  # the end needs no state to go on from


def test_a_stop_ends_after_the_step_with_a_measure_and_a_state(tmp_path: Path) -> None:
    made = make(tmp_path)
    assert not end_of_step(made, 3).should_training_stop
    (tmp_path / STOP_FILE).write_text("", encoding="utf-8")
    control = end_of_step(made, 4)
    assert control.should_training_stop
    assert control.should_evaluate
    assert control.should_save
    assert made.stopped


@pytest.mark.parametrize("name", ["loss", "grad_norm", "eval_loss"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_no_number_ends_the_run_unwritten(
    tmp_path: Path, name: str, value: float
) -> None:
    made = make(tmp_path)
    logs = {"loss": 1.0, "grad_norm": 1.0, "learning_rate": 1e-3}
    logs = {name: value} if name == "eval_loss" else logs | {name: value}
    with pytest.raises(DivergedError, match="step 7") as caught:
        made.on_log(None, TrainerState(global_step=7), TrainerControl(), logs=logs)  # type: ignore[arg-type]
    assert "learning rate" in caught.value.remedy
    assert not (tmp_path / "metrics.jsonl").exists()
