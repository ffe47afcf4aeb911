"""The catalog's figures against the models' published shapes, counted by the library itself."""

import json
import math
from typing import Any

import pytest

from chatbot import paths
from chatbot.engine.families import class_of
from chatbot.engine.safetensors_files import header_of
from chatbot.fetching.known import KNOWN, Known

GPT2 = {"vocab_size": 50257, "n_positions": 1024}
SMOLLM2: dict[str, Any] = {
    "vocab_size": 49152,
    "tie_word_embeddings": True,
    "max_position_embeddings": 8192,
}
SMALL = {"n_layer": 12, "n_embd": 768, "n_head": 12, **GPT2}
MEDIUM = {"n_layer": 24, "n_embd": 1024, "n_head": 16, **GPT2}
SMOL_135 = {
    "num_hidden_layers": 30,
    "hidden_size": 576,
    "intermediate_size": 1536,
    "num_attention_heads": 9,
    "num_key_value_heads": 3,
    **SMOLLM2,
}
SMOL_360 = {
    "num_hidden_layers": 32,
    "hidden_size": 960,
    "intermediate_size": 2560,
    "num_attention_heads": 15,
    "num_key_value_heads": 5,
    **SMOLLM2,
}
CONFIGS: dict[str, dict[str, Any]] = {
    "HuggingFaceTB/SmolLM2-135M-Instruct": SMOL_135,
    "HuggingFaceTB/SmolLM2-135M": SMOL_135,
    "HuggingFaceTB/SmolLM2-360M-Instruct": SMOL_360,
    "HuggingFaceTB/SmolLM2-360M": SMOL_360,
    "openai-community/gpt2": SMALL,
    "openai-community/gpt2-medium": MEDIUM,
    "openai-community/gpt2-large": {"n_layer": 36, "n_embd": 1280, "n_head": 20, **GPT2},
    "openai-community/gpt2-xl": {"n_layer": 48, "n_embd": 1600, "n_head": 25, **GPT2},
    "distilbert/distilgpt2": {"n_layer": 6, "n_embd": 768, "n_head": 12, **GPT2},
    "microsoft/DialoGPT-small": SMALL,
    "microsoft/DialoGPT-medium": MEDIUM,
}
ROUNDED = 0.002


def numbers_in_the_file(model: Known, config: dict[str, Any]) -> int:
    """GPT-2's files also hold each layer's attention mask; those of DialoGPT the output layer,
    which is the table of embeddings once more."""
    count = model.parameters
    if model.family == "gpt2":
        count += config["n_layer"] * config["n_positions"] ** 2
    if "DialoGPT" in model.id:
        count += config["vocab_size"] * config["n_embd"]
    return count


@pytest.mark.parametrize("model", [each for each in KNOWN if each.id], ids=lambda each: each.name)
def test_parameters_and_download_are_those_of_the_published_shape(model: Known) -> None:
    import torch

    cls, config = class_of(model.family), CONFIGS[model.id]
    with torch.device("meta"):
        made: Any = cls(cls.config_class(**config))
    assert made.num_parameters() == model.parameters
    full = model.family == "gpt2" and "DialoGPT" not in model.id
    size = (4 if full else 2) * numbers_in_the_file(model, config)  # float32, or two bytes each
    assert model.download == pytest.approx(size, rel=ROUNDED)


def test_the_shipped_one_has_as_many_as_its_file_says() -> None:
    (pocket,) = [each for each in KNOWN if not each.id]
    file = paths.PROJECT / "models" / "checkpoint-420" / "model.safetensors"
    counted = sum(math.prod(row["shape"]) for row in header_of(file).values())
    assert pocket.parameters == pytest.approx(counted, rel=0.01)
    assert json.loads((file.parent / "config.json").read_text())["model_type"] == pocket.family
