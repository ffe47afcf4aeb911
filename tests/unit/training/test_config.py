"""The settings check themselves, and the presets follow the size of the data."""

import subprocess
import sys
from dataclasses import fields
from itertools import pairwise
from typing import Any

import pytest

from chatbot.errors import BadInput
from chatbot.training.config import FIELDS, METHODS, PRESETS, TrainingConfig, preset


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("learning_rate", 10),
        ("learning_rate", 0),
        ("learning_rate", float("nan")),
        ("batch_size", 100_000),
        ("batch_size", 2.5),
        ("batch_size", True),
        ("epochs", 0),
        ("seed", -1),
        ("held_out", 0.9),
        ("max_steps", 0),
        ("lora_rank", "16"),
    ],
)
def test_a_value_out_of_range_is_named_with_its_range_and_advice(name: str, value: Any) -> None:
    with pytest.raises(BadInput) as caught:
        TrainingConfig(**{name: value})
    advice = FIELDS[name]
    assert name in caught.value.message
    assert f"{advice.maximum:g}" in caught.value.message
    assert caught.value.value is value
    assert caught.value.remedy == advice.help


@pytest.mark.parametrize(
    "questions",
    [(" ",), ("Who?", 3), "Who?", tuple(f"{n}?" for n in range(9)), ("Why? " * 61,)],
)
def test_questions_are_few_short_and_not_empty(questions: Any) -> None:
    with pytest.raises(BadInput, match=r"question"):
        TrainingConfig(questions=questions)


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_both_ends_of_a_range_are_allowed(name: str) -> None:
    advice = FIELDS[name]
    for end in (advice.minimum, advice.maximum):
        value = int(end) if advice.whole else end
        others = {"evaluations": 1} if name == "max_steps" else {}
        assert getattr(TrainingConfig(**{name: value, **others}), name) == value


def test_every_number_among_the_settings_has_advice() -> None:
    texts = {"base_model", "method", "dataset", "questions"}
    assert {field.name for field in fields(TrainingConfig)} - texts == set(FIELDS)


def test_two_settings_that_clash_are_both_named() -> None:
    with pytest.raises(BadInput) as caught:
        TrainingConfig(method="scratch", scratch_width=250, scratch_heads=4)
    assert "scratch_width 250" in str(caught.value)
    assert "scratch_heads 4" in str(caught.value)
    with pytest.raises(BadInput) as caught:
        TrainingConfig(max_steps=3, evaluations=5)
    assert "evaluations 5" in str(caught.value)
    assert "max_steps 3" in str(caught.value)


def test_an_unknown_method_or_setting_is_refused() -> None:
    with pytest.raises(BadInput, match="way to fine-tune"):
        TrainingConfig(method="magic")  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="no such setting"):
        TrainingConfig.of(learning_speed=3)


def test_json_gives_the_same_settings_back() -> None:
    config = TrainingConfig(method="full", epochs=2.5, max_steps=7, questions=("Who, you?", "é"))
    assert TrainingConfig.from_json(config.to_json()) == config


@pytest.mark.parametrize("text", ["", "[1]", "{nonsense", '{"epochs": "many"}', "[" * 100_000])
def test_unreadable_settings_are_bad_input(text: str) -> None:
    with pytest.raises(BadInput):
        TrainingConfig.from_json(text)


@pytest.mark.parametrize(
    ("epochs", "conversations", "steps"), [(1, 16, 2), (1, 17, 3), (2.5, 17, 8), (0.1, 8, 1)]
)
def test_steps_are_whole_batches_rounded_up(epochs: float, conversations: int, steps: int) -> None:
    config = TrainingConfig(epochs=epochs, batch_size=4, gradient_accumulation=2)
    assert config.steps(conversations) == steps


@pytest.mark.parametrize("method", METHODS)
def test_fewer_conversations_are_seen_more_often_and_no_preset_runs_away(method: Any) -> None:
    sizes = (20, 100, 900, 10_000)
    for name in PRESETS:
        made = [preset(name, method=method, conversations=count) for count in sizes]
        epochs = [config.epochs for config in made]
        assert epochs == sorted(epochs, reverse=True)
        steps = [c.steps(count) for c, count in zip(made, sizes, strict=True)]
        assert all(later >= sooner - 1 for sooner, later in pairwise(steps))  # rounded
    quick, balanced, thorough = (
        preset(name, method=method, conversations=500).epochs for name in PRESETS
    )
    assert quick < balanced < thorough


def test_a_full_fine_tune_of_an_unknown_model_starts_at_the_usual_rate() -> None:
    known = preset("Balanced", method="full", conversations=500)
    other = preset("Balanced", method="full", base_model="gpt2", conversations=500)
    assert (known.learning_rate, other.learning_rate) == (2e-4, 5e-5)


def test_an_unknown_preset_is_refused() -> None:
    with pytest.raises(BadInput, match="no such preset"):
        preset("Epic", method="lora", conversations=5)  # type: ignore[arg-type]


def test_settings_runs_and_job_are_imported_without_torch() -> None:
    code = (
        "import sys, chatbot.training.config, chatbot.training.runs, chatbot.training.job\n"
        "print([n for n in ('torch', 'transformers', 'peft', 'pandas') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_new_model_takes_fewer_conversations_a_step_where_there_are_few() -> None:
    sizes = [
        preset("Balanced", method="scratch", conversations=count).batch_size
        for count in (10, 400, 800, 1450, 100_000)
    ]
    assert sizes == sorted(sizes)
    assert (sizes[0], sizes[-1]) == (16, 64)
    assert sizes[1:4] == [17, 34, 62]


@pytest.mark.parametrize("method", ["lora", "full"])
def test_a_ready_model_reads_what_tells_most_and_rehearses(method: Any) -> None:
    for count in (20, 320, 10_000):
        made = preset("Balanced", method=method, conversations=count)
        assert made.most_conversations == 320
        assert made.rehearsal == 0.2
        assert made.telling_weight == 4.0
    alone = preset("Balanced", method="scratch", conversations=1500)
    assert (alone.most_conversations, alone.rehearsal, alone.telling_weight) == (0, 0.0, 1.0)


@pytest.mark.parametrize("method", ["lora", "full"])
def test_a_large_set_takes_no_longer_than_what_is_read_of_it(method: Any) -> None:
    few, many = (
        preset("Balanced", method=method, conversations=count) for count in (1000, 100_000)
    )
    assert few.steps(320) == many.steps(320)
