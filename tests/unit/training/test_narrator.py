"""The narrator says what the curve shows: on real runs, and on curves of every kind."""

import math
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.training.config import TrainingConfig, preset
from chatbot.training.job import run_training
from chatbot.training.narrator import Verdict, narrate
from chatbot.training.runs import Run
from tests.unit.training.small import changed, senseless


def told(run: Run) -> Verdict:
    assert run.status().state == "finished", run.status().error
    config = run.config
    return _narrated(config, run.metrics())


def told_as_it_ran(run: Run) -> list[Verdict]:
    """What stood on the page after each step."""
    config, rows = run.config, run.metrics()
    return [
        _narrated(config, [row for row in rows if row["step"] <= step])
        for step in range(1, config.max_steps + 1)
    ]


def _narrated(config: TrainingConfig, rows: Any) -> Verdict:
    return narrate(
        rows,
        method=config.method,
        base_model=config.base_model,
        learning_rate=config.learning_rate,
    )


def losses(run: Run, name: str) -> dict[int, float]:
    return {row["step"]: row[name] for row in run.metrics() if name in row}


# --- real runs --------------------------------------------------------------------------------


def test_a_run_that_learns(settings: TrainingConfig) -> None:
    run = run_training(changed(settings, max_steps=40, evaluations=4))
    verdict = told(run)

    assert verdict.kind == "learning"
    assert verdict.advice == ""
    held_out = losses(run, "eval_loss")
    assert f"from {held_out[0]:.2f} to {held_out[40]:.2f}" in verdict.sentence


def test_a_run_that_hardly_moves(settings: TrainingConfig) -> None:
    run = run_training(changed(settings, max_steps=40, evaluations=4, learning_rate=1e-7))
    verdict = told(run)

    assert (verdict.kind, verdict.since) == ("plateau", 0)
    assert "learning rate of about 5e-05" in verdict.advice


@pytest.mark.parametrize("method", ["full", "scratch"])
def test_a_run_that_learns_by_heart(settings: TrainingConfig, persona: Path, method: str) -> None:
    senseless(persona)
    run = run_training(
        changed(
            settings,
            method=method,
            max_steps=120,
            evaluations=12,
            batch_size=8,
            held_out=0.4,
            learning_rate=6e-3 if method == "scratch" else 3e-2,
            scratch_width=64,
            weight_decay=0.0,
        )
    )
    verdict, held_out = told(run), losses(run, "eval_loss")

    assert verdict.kind == "memorizing"
    assert verdict.since == min(held_out, key=lambda step: held_out[step])
    assert held_out[120] > held_out[verdict.since]
    assert (verdict.advice == "") == (method == "scratch")


def test_a_run_whose_steps_are_far_too_large(settings: TrainingConfig) -> None:
    trained = run_training(changed(settings, max_steps=100, evaluations=1))
    assert trained.best_checkpoint is not None
    base = trained.best_checkpoint.relative_to(trained.path.parents[1]).as_posix()
    run = run_training(
        changed(
            settings,
            base_model=base,
            method="lora",
            lora_alpha=1024,
            max_steps=40,
            evaluations=4,
            learning_rate=1e-1,
            warmup_ratio=0.9,
        )
    )
    while_it_ran = told_as_it_ran(run)

    rising = [verdict for verdict in while_it_ran if verdict.kind == "diverging"]
    assert rising
    assert "goes on rising" in rising[0].sentence
    learned = losses(run, "loss")
    assert min(learned.values()) < learned[40]
    assert while_it_ran[-1] == told(run)
    assert told(run).kind == "rate_too_high"
    assert "lower learning rate, such as 0.0012" in told(run).advice


def test_lora_with_steps_far_too_large(settings: TrainingConfig, persona: Path) -> None:
    """Nothing but how often each word comes can be learned, and the narrowest of adapters soon
    knows it. At which steps it stands still depends on the processor's rounding."""
    senseless(persona)
    run = run_training(
        changed(
            settings,
            method="lora",
            lora_rank=1,
            lora_alpha=1024,
            batch_size=24,
            held_out=0.4,
            max_steps=100,
            evaluations=10,
            learning_rate=1e-1,
        )
    )

    blamed = [verdict for verdict in told_as_it_ran(run) if verdict.kind == "rate_too_high"]
    assert blamed
    assert "83 times as large as usual" in blamed[0].sentence


# --- curves of every kind ---------------------------------------------------------------------


def rows_of(
    train: list[float], held_out: dict[int, float] | None = None, rate: float = 1e-3
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {"step": step, "loss": loss, "learning_rate": rate}
        for step, loss in enumerate(train, start=1)
    ]
    rows += [{"step": step, "eval_loss": loss} for step, loss in (held_out or {}).items()]
    return rows


def judged(rows: list[dict[str, Any]], method: Any = "lora") -> Verdict:
    return narrate(rows, method=method, base_model="gpt2", learning_rate=1e-3)


@settings(max_examples=60, deadline=None)
@given(
    begin=st.floats(2, 9),
    share=st.floats(0.2, 0.8),
    steps=st.integers(20, 300),
    method=st.sampled_from(["lora", "full", "scratch"]),
)
def test_a_curve_that_falls_all_the_time_is_learning(
    begin: float, share: float, steps: int, method: str
) -> None:
    curve = [begin * (1 - share * step / steps) for step in range(steps)]
    held_out = {0: begin, steps // 2: curve[steps // 2], steps: curve[-1]}
    rate = 1e-3 if method == "lora" else 1e-4

    rows = rows_of(curve, held_out, rate)
    verdict = narrate(rows, method=method, base_model="gpt2", learning_rate=rate)  # type: ignore[arg-type]
    assert verdict.kind == "learning"


numbers = st.floats(0.01, 20) | st.sampled_from([math.nan, math.inf])


@settings(max_examples=150, deadline=None)
@given(
    train=st.lists(numbers, max_size=120),
    held_out=st.dictionaries(st.integers(0, 120), numbers, max_size=12),
    method=st.sampled_from(["lora", "full", "scratch"]),
)
def test_whatever_the_curve_the_verdict_is_true_of_it(
    train: list[float], held_out: dict[int, float], method: str
) -> None:
    verdict = judged(rows_of(train, held_out), method)

    assert verdict.sentence.endswith(".")
    assert "nan" not in verdict.sentence
    if not all(map(math.isfinite, [*train, *held_out.values()])):
        assert verdict.kind == "diverging"
    if verdict.kind == "memorizing":
        lowest = min(held_out.values())
        assert held_out[verdict.since or 0] == lowest
        assert held_out[max(held_out)] > lowest
    if verdict.kind in ("plateau", "rate_too_high", "diverging"):
        assert verdict.since is not None


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), level=st.floats(1, 8))
def test_noise_around_a_level_is_neither_falling_nor_memorizing(seed: int, level: float) -> None:
    chance = random.Random(seed)
    train = [level * (1 + chance.gauss(0, 0.01)) for _ in range(200)]
    held_out = {step: level * (1 + chance.gauss(0, 0.001)) for step in range(0, 201, 20)}

    assert judged(rows_of(train, held_out)).kind == "plateau"


def test_a_rising_held_out_loss_is_memorizing_only_while_the_training_loss_falls() -> None:
    falling = [4 * 0.98**step for step in range(100)]
    rising = {0: 4.0, 25: 2.8, 50: 2.5, 75: 2.8, 100: 3.1}

    assert (judged(rows_of(falling, rising)).kind, judged(rows_of(falling, rising)).since) == (
        "memorizing",
        50,
    )
    level = falling[:50] + [falling[50]] * 50
    assert judged(rows_of(level, rising)).kind != "memorizing"


def test_too_early_to_tell() -> None:
    assert judged([]).kind == "waiting"
    assert judged(rows_of([5.0, 4.9])).kind == "waiting"
    assert judged(rows_of([], {0: 4.0})).kind == "waiting"
    warming = [
        {"step": step, "loss": 5.0 + 0.1 * (step % 2), "learning_rate": step * 1e-5}
        for step in range(1, 21)
    ]
    assert "warming up" in judged(warming).sentence


def test_worse_than_before_the_first_step_is_no_learning() -> None:
    train = [2.6, *(5.8 * 0.98**step for step in range(39))]
    verdict = judged(rows_of(train, {0: 2.68, 20: 4.0, 40: 2.87}))

    assert verdict.kind == "rate_too_high"
    assert "2.68 then and is 2.87 at step 40" in verdict.sentence


@pytest.mark.parametrize("base", ["smollm2-135m-instruct", "gpt2"])
def test_what_is_usual_for_its_base_is_not_called_too_large(base: str) -> None:
    """SmolLM2 is fine-tuned in full at a rate that is four times that of other models."""
    usual = preset("Balanced", method="full", base_model=base, conversations=500).learning_rate

    def standing_still(rate: float) -> str:
        rows = [{"step": n, "loss": 2.0, "learning_rate": rate} for n in range(1, 61)]
        return narrate(rows, method="full", base_model=base, learning_rate=rate).kind

    assert standing_still(usual) == "plateau"
    assert standing_still(4 * usual) == "rate_too_high"
