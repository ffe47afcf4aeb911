"""Checkpoints are whole or not there; a state that was cut off is never resumed from."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from transformers import AutoModelForCausalLM, AutoTokenizer

from chatbot.engine import catalog
from chatbot.engine.device import Placement
from chatbot.engine.loading import load, load_for_training
from chatbot.errors import ChatbotError
from chatbot.training import saving, trainable
from chatbot.training.config import TrainingConfig
from chatbot.training.runs import Run

FLOAT32 = Placement("cpu", "float32", "for the test")


def state(run: Run, step: int, *, whole: bool = True) -> Path:
    folder = saving.state_folder(run) / f"checkpoint-{step}"
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"w" * 100)
    (folder / "optimizer.pt").write_bytes(b"o" * 200)
    if whole:
        saving.mark_complete(folder)
    return folder


def test_a_whole_model_is_halved_loads_in_the_library_and_in_the_chat(
    home: Path, tiny_gpt2: Path
) -> None:
    model, tokenizer = load_for_training(tiny_gpt2)
    model.config.use_cache = False  # as the Trainer leaves it
    folder = saving.export(model, tokenizer, home / "models" / "mine" / "checkpoint-3")
    loaded = AutoModelForCausalLM.from_pretrained(folder)
    assert loaded.dtype == torch.bfloat16
    assert loaded.config.use_cache
    for name, weight in loaded.state_dict().items():
        assert torch.equal(weight, model.state_dict()[name].bfloat16()), name
    with safe_open(folder / "model.safetensors", "pt") as file:
        assert "lm_head.weight" not in file.keys()  # noqa: SIM118  (tied: written once)
    text = "Hello, keeper."
    assert AutoTokenizer.from_pretrained(folder).encode(text) == tokenizer.encode(text)
    assert load("mine/checkpoint-3", FLOAT32).entry.problem is None
    assert not list(folder.parent.glob(".*"))


def test_an_adapter_names_its_base_and_is_small(home: Path, tiny: str) -> None:
    config = TrainingConfig(base_model=tiny, lora_rank=4)
    made = trainable.build(config, (), FLOAT32)
    folder = saving.export(
        made.model, made.tokenizer, home / "models" / "a" / "checkpoint-1", base=made.base
    )
    settings = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    assert settings["base_model_name_or_path"] == tiny
    assert sorted(settings["target_modules"]) == ["c_attn", "c_fc", "c_proj"]
    assert not (folder / "README.md").exists()
    entry = catalog.resolve("a/checkpoint-1")
    assert (entry.kind, entry.base, entry.problem) == ("adapter", tiny, None)
    whole = (home / "models" / tiny / "model.safetensors").stat().st_size
    assert (folder / "adapter_model.safetensors").stat().st_size < whole / 2


def test_a_save_that_fails_leaves_the_old_checkpoint(
    home: Path, tiny_gpt2: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, tokenizer = load_for_training(tiny_gpt2)
    folder = saving.export(model, tokenizer, home / "models" / "checkpoint-3")
    before = (folder / "model.safetensors").read_bytes()

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(tokenizer), "save_pretrained", full)
    with pytest.raises(ChatbotError, match="disk is full"):
        saving.export(model, tokenizer, folder)
    assert (folder / "model.safetensors").read_bytes() == before
    assert [path.name for path in folder.parent.iterdir()] == ["checkpoint-3"]


def test_only_a_marked_state_of_the_right_sizes_counts(tmp_path: Path) -> None:
    run = Run(tmp_path)
    assert saving.last_state(run) is None
    good = state(run, 5)
    state(run, 10, whole=False)
    cut = state(run, 15)
    (cut / "optimizer.pt").write_bytes(b"o" * 10)
    lost = state(run, 20)
    (lost / "model.safetensors").unlink()
    unmarked = state(run, 25)
    (unmarked / saving.MARKER).write_text("{", encoding="utf-8")
    assert saving.last_state(run) == good
    newer = state(run, 12)
    assert saving.last_state(run) == newer


def test_what_is_not_needed_goes(tmp_path: Path) -> None:
    run = Run(tmp_path)
    states = [state(run, step) for step in (5, 10)]
    for step in (5, 10, 15):
        (tmp_path / f"checkpoint-{step}").mkdir()
    (tmp_path / ".checkpoint-20.tmp").mkdir()
    (tmp_path / ".status.abc.tmp").write_text("", encoding="utf-8")
    saving.clear_leftovers(run)
    saving.keep_only_state(run, states[1])
    saving.keep_only_checkpoints(run, {tmp_path / "checkpoint-10"})
    assert sorted(path.name for path in tmp_path.iterdir()) == [".resume", "checkpoint-10"]
    assert [path.name for path in (tmp_path / ".resume").iterdir()] == ["checkpoint-10"]
    saving.keep_only_state(run, None)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-10"]


def test_a_copy_is_whole_and_overwrites_nothing(tmp_path: Path) -> None:
    source, target = tmp_path / "checkpoint-3", tmp_path / "out"
    source.mkdir()
    (source / "config.json").write_text("{}", encoding="utf-8")
    assert saving.copy_checkpoint(source, target) == target
    assert (target / "config.json").read_text(encoding="utf-8") == "{}"
    with pytest.raises(ChatbotError):
        saving.copy_checkpoint(source, target)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint-3", "out"]
