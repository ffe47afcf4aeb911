"""Models to export: two tiny ones under their names in a home of their own, and an adapter."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def models(home: Path, tmp_path: Path, tiny_gpt2: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """models/ with the model `tiny`; none that came with the project."""
    monkeypatch.setattr("chatbot.paths.PROJECT", tmp_path / "project")
    folder = home / "models"
    shutil.copytree(tiny_gpt2, folder / "tiny")
    return folder


@pytest.fixture
def adapter(models: Path) -> Path:
    """A LoRA adapter on `tiny` that changes what it says, beside it as `adapter`."""
    import torch
    from peft import LoraConfig, get_peft_model

    from chatbot.engine.loading import load_for_training
    from chatbot.training.saving import export

    model, tokenizer = load_for_training(models / "tiny")
    settings = LoraConfig(
        r=2, target_modules=["c_attn"], fan_in_fan_out=True, task_type="CAUSAL_LM"
    )
    adapted = get_peft_model(model, settings)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        for name, weights in adapted.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(weights, std=0.5)
    return export(adapted, tokenizer, models / "adapter", base="tiny")
