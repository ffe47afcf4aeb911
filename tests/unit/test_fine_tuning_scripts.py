"""`start_fine_tuning()`: defaults, progress on the screen, and the path it returns."""

from pathlib import Path
from typing import Any

import pytest

from chatbot.engine import catalog
from chatbot.engine.catalog import DEFAULT_MODEL
from chatbot.errors import BadInput, ChatbotError, NotAvailable
from chatbot.training import data, work
from chatbot.training.config import TrainingConfig, preset
from chatbot.training.runs import list_runs
from models import fine_tuning_scripts
from models.fine_tuning_scripts import start_fine_tuning
from tests.unit.training.small import install, write_persona

SHORT: dict[str, Any] = {"max_steps": 4, "batch_size": 4, "evaluations": 1}


@pytest.fixture
def tiny(home: Path, tiny_gpt2: Path) -> str:
    write_persona(home)
    return install(tiny_gpt2, home)


def test_it_returns_a_checkpoint_that_the_chat_lists_and_says_how_far_it_is(
    tiny: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint = start_fine_tuning(base_model=tiny, seed=7, **SHORT)
    assert checkpoint.parent.parent == home / "models" / "runs"
    assert checkpoint in [entry.path for entry in catalog.list_models()]
    (run,) = list_runs()
    assert (run.config.method, run.config.seed, run.config.max_steps) == ("lora", 7, 4)
    out = capsys.readouterr().out
    assert "Training" in out
    assert str(checkpoint) in out


def test_the_output_folder_gets_a_copy_and_nothing_is_overwritten(
    tiny: str, home: Path, tmp_path: Path
) -> None:
    target = tmp_path / "mine"
    made = start_fine_tuning(base_model=tiny, method="full", output_dir=target, **SHORT)
    assert made == target
    assert (target / "model.safetensors").is_file()
    assert catalog.resolve(target).problem is None
    with pytest.raises(BadInput, match="not empty"):
        start_fine_tuning(base_model=tiny, output_dir=target, **SHORT)
    assert len(list_runs()) == 1


def test_without_arguments_it_is_the_balanced_lora_on_the_persona_and_the_default_model(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[TrainingConfig] = []

    def remember(config: TrainingConfig, **_: Any) -> Any:
        asked.append(config)
        raise NotAvailable("Enough.")

    monkeypatch.setattr(fine_tuning_scripts, "run_training", remember)
    with pytest.raises(NotAvailable):
        start_fine_tuning()
    count = len(data.read("").usable)
    assert count >= 300
    assert asked == [preset("Balanced", method="lora", conversations=count)]
    assert asked[0].base_model == DEFAULT_MODEL


def test_the_default_model_by_its_folder_gets_what_suits_it_as_by_its_name(
    home: Path, tiny_llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its learning rate and the questions that keep what it knew."""
    install(tiny_llama, home, DEFAULT_MODEL)
    write_persona(home)
    asked: list[TrainingConfig] = []

    def remember(config: TrainingConfig, **_: Any) -> Any:
        asked.append(config)
        raise NotAvailable("Enough.")

    monkeypatch.setattr(fine_tuning_scripts, "run_training", remember)
    for base in (None, home / "models" / DEFAULT_MODEL):
        for method in ("lora", "full"):
            with pytest.raises(NotAvailable):
                start_fine_tuning(base_model=base, method=method)
    assert asked[:2] == asked[2:]
    assert asked[0].rehearsal > 0


def test_a_failed_run_raises_its_sentence(tiny: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: Any, **__: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(work, "_train", breaks)
    with pytest.raises(ChatbotError, match="ran out of memory"):
        start_fine_tuning(base_model=tiny, **SHORT)


def test_a_misspelt_setting_is_named(tiny: str) -> None:
    with pytest.raises(BadInput, match="no such setting") as caught:
        start_fine_tuning(base_model=tiny, learning_speed=1)
    assert "learning_speed" in str(caught.value)
    assert list_runs() == []
