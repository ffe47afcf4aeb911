"""The command line does what the page would do."""

import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from chatbot import __main__ as program
from chatbot.training import data
from chatbot.training.command import command_of
from chatbot.training.config import TrainingConfig, preset

CHANGES: list[dict[str, object]] = [
    {},
    {"epochs": 1 / 3, "learning_rate": 1.5e-4, "seed": 7},
    {"questions": ("Who's there?", "-- really?", 'A "quoted" $HOME `word`')},
    {"method": "full", "batch_size": 2, "gradient_accumulation": 4},
    {"method": "scratch", "scratch_layers": 2, "max_steps": 20, "held_out": 0.0},
]


@pytest.mark.parametrize("changes", CHANGES)
@pytest.mark.parametrize("name", ["Quick", "Thorough"])
def test_the_command_means_the_same_run(
    persona: Path, tiny: str, name: str, changes: dict[str, object]
) -> None:
    count = len(data.read("").usable)
    method = str(changes.get("method", "lora"))
    wanted = replace(
        preset(name, method=method, base_model=tiny, conversations=count),  # type: ignore[arg-type]
        **changes,  # type: ignore[arg-type]
    )

    command = command_of(wanted, name, count, shlex.join)  # type: ignore[arg-type]
    parts = shlex.split(command)
    assert parts[:4] == ["python", "-m", "chatbot", "train"]
    understood = program._config(program._parser().parse_args(parts[3:]))
    assert understood == (
        replace(wanted, base_model=understood.base_model) if method == "scratch" else wanted
    )


def test_what_the_preset_says_is_left_out(persona: Path) -> None:
    usual = preset("Balanced", method="lora", conversations=24)

    assert command_of(usual, "Balanced", 24, shlex.join) == (
        "python -m chatbot train --preset Balanced"
    )


def test_a_file_with_a_space_stays_one_part(tmp_path: Path) -> None:
    settings = TrainingConfig(dataset=str(tmp_path / "my talks.json"))

    assert str(tmp_path / "my talks.json") in shlex.split(
        command_of(settings, "Quick", 24, shlex.join)
    )
