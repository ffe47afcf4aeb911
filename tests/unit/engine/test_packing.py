"""Packed weights give the product that plain ones give, and only where that is possible."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from transformers.pytorch_utils import Conv1D

from chatbot.engine import packing
from chatbot.engine.device import Placement
from chatbot.engine.loading import load, load_for_training
from chatbot.engine.packing import PackedLinear, pack


def packed_layers(model: nn.Module) -> int:
    return sum(isinstance(layer, PackedLinear) for layer in model.modules())


class OneLayer(nn.Module):
    """Just enough of a model to be packed."""

    def __init__(self, layer: nn.Module, dtype: torch.dtype) -> None:
        super().__init__()
        self.layer = layer
        self.device, self.dtype = torch.device("cpu"), dtype
        self.to(dtype)


@pytest.mark.parametrize("kind", ["linear", "linear without bias", "conv1d"])
@pytest.mark.parametrize("tokens", [1, 7, 200])
def test_products_are_the_same(kind: str, tokens: int) -> None:
    layer: nn.Module = Conv1D(96, 64) if kind == "conv1d" else nn.Linear(64, 96, "bias" not in kind)
    random = torch.Generator().manual_seed(1)
    values = torch.randn((1, tokens, 64), generator=random).to(torch.bfloat16)
    model: Any = OneLayer(layer, torch.bfloat16)
    with torch.inference_mode():
        wanted = model.layer(values)
        possible = pack(model)
        assert packed_layers(model) == int(possible) == int(packing._works())
        got = model.layer(values)
        if tokens == 1:
            assert torch.equal(got, wanted)
        torch.testing.assert_close(got, wanted, rtol=1e-2, atol=1e-2)
        a_slice = values.transpose(1, 2).contiguous().transpose(1, 2)[:, -1:]
        assert torch.equal(model.layer(a_slice), got[:, -1:])


def test_float32_and_small_layers_stay_as_they_are() -> None:
    full: Any = OneLayer(nn.Linear(64, 96), torch.float32)
    assert not pack(full)
    small: Any = OneLayer(nn.Linear(8, 8), torch.bfloat16)
    pack(small)
    assert packed_layers(full) == packed_layers(small) == 0


def test_without_the_operations_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> None:
        raise NotImplementedError

    monkeypatch.setattr(packing, "PackedLinear", missing)
    model: Any = OneLayer(nn.Linear(64, 96), torch.bfloat16)
    assert not pack(model)
    assert isinstance(model.layer, nn.Linear)


def test_a_loaded_model_is_packed_and_one_for_training_is_not(tiny_model: Path) -> None:
    chat = load(tiny_model, Placement("cpu", "bfloat16", "for a test")).model
    assert (packed_layers(chat) > 0) == packing._works()
    training, _ = load_for_training(tiny_model)
    assert packed_layers(training) == 0
    ids = torch.arange(3, 60)[None]
    plain = training.eval().to(torch.bfloat16)
    with torch.inference_mode():
        torch.testing.assert_close(
            chat(input_ids=ids).logits.float(),
            plain(input_ids=ids).logits.float(),
            rtol=0.05,
            atol=0.2,
        )
