"""A home with a small persona and a tiny model in it."""

from pathlib import Path

import pytest

from chatbot.training.config import TrainingConfig
from tests.unit.training.small import answer_briefly, install, write_persona


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short answers in every run, those of other processes included (see `branches`)."""
    from chatbot.training import answers
    from chatbot.training.scores import greedy

    for module in (answers, greedy):
        monkeypatch.setattr(module, "LONGEST_ANSWER", module.LONGEST_ANSWER)
    answer_briefly()


@pytest.fixture
def persona(home: Path) -> Path:
    """24 conversations where the editor has them."""
    return write_persona(home)


@pytest.fixture
def tiny(home: Path, tiny_gpt2: Path) -> str:
    """The catalog name of a tiny GPT-2."""
    return install(tiny_gpt2, home)


@pytest.fixture
def settings(persona: Path, tiny: str) -> TrainingConfig:
    """A full fine-tune of the tiny GPT-2: 11 steps of 4 conversations, 3 evaluations."""
    return TrainingConfig(
        base_model=tiny,
        method="full",
        max_steps=11,
        batch_size=4,
        evaluations=3,
        learning_rate=1e-2,
        lora_rank=4,
        lora_alpha=8,
        max_length=200,
        scratch_layers=2,
        scratch_width=32,
        scratch_heads=2,
        scratch_vocab=300,
        questions=("Who are you?", "And then?"),
    )
