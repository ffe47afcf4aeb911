"""A home with two tiny models and an adapter on one of them."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chatbot.engine_room import EngineRoom


@pytest.fixture
def models(home: Path, tiny_gpt2: Path, tiny_llama: Path) -> Path:
    """`base` (GPT-2), `tuned` (a LoRA adapter on it) and `other` (Llama)."""
    import torch
    from peft import LoraConfig, get_peft_model

    from chatbot.engine.loading import load_for_training

    folder = home / "models"
    shutil.copytree(tiny_gpt2, folder / "base")
    shutil.copytree(tiny_llama, folder / "other")
    model, _ = load_for_training("base")
    config = LoraConfig(r=4, target_modules=["c_attn"], task_type="CAUSAL_LM", fan_in_fan_out=True)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        tuned: Any = get_peft_model(model, config)
        for name, parameter in tuned.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(parameter, std=0.5)
    tuned.save_pretrained(folder / "tuned")
    path = folder / "tuned" / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"base_model_name_or_path": "base"}))
    return folder


@pytest.fixture
def room(home: Path) -> Iterator[EngineRoom]:
    room = EngineRoom()
    yield room
    room.close()
