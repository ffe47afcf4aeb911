"""Weights in the order in which the processor multiplies them, arranged once instead of every time.

On processors that compute in bfloat16, oneDNN (the library under torch) rearranges a weight matrix
each time it is used; for one token that takes longer than the product. For single tokens the packed
product is the same to the bit; for long prompts single sums may round differently in the last bit.
"""

from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

_ROWS = 64
"""Tokens that the order is made for: as good as any for one, and better for a prompt."""
_SMALLEST = 4096
"""Weights; below, there is nothing to win."""


class PackedLinear(nn.Module):
    """A linear layer for inference alone: (..., inputs) to (..., outputs)."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
        """Pack a weight of shape (outputs, inputs)."""
        super().__init__()
        self.packed = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), _ROWS)
        self.bias = bias
        self._product: Any = torch.ops.mkldnn._linear_pointwise.default

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        product: torch.Tensor = self._product(values, self.packed, self.bias, "none", [], "")
        return product


def pack(model: PreTrainedModel) -> bool:
    """Replace the model's linear layers by packed ones; False where that is not possible here.

    The model can't be trained or saved afterwards.
    """
    if model.device.type != "cpu" or model.dtype != torch.bfloat16 or not _works():
        return False
    with torch.inference_mode():
        for parent in list(model.modules()):
            for name, layer in list(parent.named_children()):
                packed = _packed(layer)
                if packed is not None:
                    setattr(parent, name, packed)
    return True


def _packed(layer: nn.Module) -> PackedLinear | None:
    if isinstance(layer, Conv1D):  # GPT-2's linear layer, stored the other way round
        weight, bias = layer.weight.detach().t(), layer.bias.detach()
    elif type(layer) is nn.Linear:
        weight = layer.weight.detach()
        bias = None if layer.bias is None else layer.bias.detach()
    else:
        return None
    return PackedLinear(weight, bias) if weight.numel() >= _SMALLEST else None


def _works() -> bool:
    """Try it on a small product: other builds of torch may not have these operations."""
    try:
        if not torch.ops.mkldnn._is_mkldnn_bf16_supported():
            return False
        weight = torch.arange(-64, 64, dtype=torch.bfloat16).reshape(8, 16)
        values = torch.arange(16, dtype=torch.bfloat16).reshape(1, 1, 16)
        return torch.equal(PackedLinear(weight, None)(values), values @ weight.t())
    except (AttributeError, NotImplementedError, RuntimeError):
        return False
