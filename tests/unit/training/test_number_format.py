"""The format that a run learns in: the quicker one, asked for or begun with; one for all."""

from pathlib import Path
from typing import Any

import pytest
import torch

from chatbot.engine.device import choose_placement
from chatbot.training import along, number_format
from chatbot.training.config import METHODS, Method, TrainingConfig
from chatbot.training.job import resume_training, run_training
from chatbot.training.number_format import MARGIN, placement_for_training
from chatbot.training.runlog import request_pause
from chatbot.training.runs import Run, get_run
from chatbot.training.trainer import PackedTrainer
from tests.unit.training.small import changed, conversations


@pytest.fixture(autouse=True)
def with_bfloat16(monkeypatch: pytest.MonkeyPatch) -> None:
    """A processor that computes in bfloat16, and nobody who asks for a format."""
    for name in ("CHATBOT_DTYPE", "CHATBOT_DEVICE"):
        monkeypatch.delenv(name, raising=False)
    processor(monkeypatch, "avx512_bf16")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


def processor(monkeypatch: pytest.MonkeyPatch, *features: str) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: dict.fromkeys(features, True))


def float32_is(monkeypatch: pytest.MonkeyPatch, faster: float) -> None:
    """So many times as fast as bfloat16."""
    monkeypatch.setattr(number_format, "times_as_fast_in_float32", lambda: faster)


def not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    def look() -> float:
        pytest.fail("nothing is to be measured here")

    monkeypatch.setattr(number_format, "times_as_fast_in_float32", look)


def losses(run: Run) -> dict[int, float]:
    return {row["step"]: row["loss"] for row in run.metrics() if "loss" in row}


@pytest.mark.parametrize(
    ("faster", "dtype"),
    [(0.25, "bfloat16"), (MARGIN - 0.01, "bfloat16"), (MARGIN, "float32"), (1.9, "float32")],
)
def test_the_quicker_one_learns_and_answers_stay_as_they_are(
    monkeypatch: pytest.MonkeyPatch, faster: float, dtype: str
) -> None:
    float32_is(monkeypatch, faster)
    placement = placement_for_training()
    assert (placement.device, placement.dtype) == ("cpu", dtype)
    assert choose_placement().dtype == "bfloat16"
    if dtype == "float32":
        assert f"{faster} times as fast in float32" in placement.reason


def test_who_asks_for_a_format_gets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    not_looked_at(monkeypatch)
    monkeypatch.setenv("CHATBOT_DTYPE", "bfloat16")
    assert placement_for_training().dtype == "bfloat16"
    assert placement_for_training({"device": "cpu", "dtype": "float32"}).dtype == "bfloat16"


def test_where_there_is_nothing_to_choose_nothing_is_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    not_looked_at(monkeypatch)
    processor(monkeypatch, "avx2")
    assert placement_for_training().dtype == "float32"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: True)
    placement = placement_for_training()
    assert (placement.device, placement.dtype) == ("cuda", "bfloat16")


@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
def test_a_run_keeps_the_format_that_it_began_with(
    monkeypatch: pytest.MonkeyPatch, dtype: str
) -> None:
    not_looked_at(monkeypatch)
    assert placement_for_training({"device": "cpu", "dtype": dtype}).dtype == dtype


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"device": "cpu", "dtype": "int3"},
        {"device": "cpu", "dtype": ["bfloat16"]},
        {"device": "cuda", "dtype": "bfloat16"},
        {"dtype": "bfloat16"},
    ],
)
def test_what_a_run_does_not_tell_or_began_elsewhere_is_measured(
    monkeypatch: pytest.MonkeyPatch, facts: dict[str, object]
) -> None:
    float32_is(monkeypatch, 2.0)
    assert placement_for_training(facts).dtype == "float32"


def test_a_busy_moment_is_no_disadvantage_to_one_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """A neighbour that is there in all rounds but one, and in each longer for float32."""
    rounds = iter([(9.0, 1.0), (7.0, 2.0), (0.5, 1.0), (8.0, 1.0), (9.0, 3.0)])
    waiting: list[tuple[str, float]] = []

    def seconds(dtype: str) -> float:
        if not waiting:
            waiting.extend(zip(("float32", "bfloat16"), next(rounds), strict=True))
        name, took = waiting.pop(0)
        assert name == dtype  # in turns
        return took

    monkeypatch.setattr(number_format, "_seconds", seconds)
    assert number_format.times_as_fast_in_float32.__wrapped__() == 2.0


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_real_products_take_time(dtype: str) -> None:
    assert 0 < number_format._seconds(dtype) < 60


@pytest.mark.parametrize("method", METHODS)
def test_paused_and_resumed_it_learns_the_same_though_the_measure_has_turned(
    settings: TrainingConfig, monkeypatch: pytest.MonkeyPatch, method: Method
) -> None:
    config = changed(settings, method=method, evaluations=1)
    float32_is(monkeypatch, 2.0)
    through = run_training(config, run_id="through")
    learn = PackedTrainer.training_step

    def pausing(self: Any, *given: Any) -> Any:
        if self.state.global_step == 5:
            request_pause(get_run("paused"))
        return learn(self, *given)

    with monkeypatch.context() as patched:
        patched.setattr(PackedTrainer, "training_step", pausing)
        run = run_training(config, run_id="paused")
    assert run.status().state == "paused"
    float32_is(monkeypatch, 0.5)
    resumed = resume_training("paused")
    assert resumed.status().state == "finished"
    assert resumed.facts["dtype"] == through.facts["dtype"] == "float32"
    assert losses(resumed) == losses(through) != {}
    anew = run_training(config, run_id="anew")
    assert anew.facts["dtype"] == "bfloat16"


def test_the_others_learn_in_the_format_of_the_main_process(
    settings: TrainingConfig, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    not_looked_at(monkeypatch)
    learned = tuple(conversations(8))
    for dtype in ("float32", "bfloat16"):
        task = along.Task(settings, dtype, learned, (), home / "states", None, 1, False)
        assert along._trainer(task).args.bf16 is (dtype == "bfloat16")
