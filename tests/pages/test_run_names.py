"""Runs in a few words."""

from dataclasses import replace

import pytest

from chatbot.training.config import TrainingConfig
from pages.ui.run_names import way


@pytest.mark.parametrize(
    ("base", "read"),
    [
        ("smollm2-135m-instruct", "smollm2-135m-instruct"),
        ("runs/20261122-1615-gpt2-lora/checkpoint-40", "20261122-1615-gpt2-lora, step 40"),
        ("/elsewhere/gpt2", "gpt2"),
        ("/elsewhere/wick/checkpoint-40", "wick, step 40"),
    ],
)
def test_a_base_is_named_without_the_folders_that_it_lies_in(base: str, read: str) -> None:
    config = TrainingConfig(base_model=base)
    assert way(config) == f"LoRA on {read}"
    assert way(replace(config, method="scratch")) == "From scratch"
