"""A layer with its LoRA adapter as one operation, there and back.

peft computes both apart and passes over the layer's whole output three times more: to scale what
the adapter says, to add it, and on the way back. Here both write into the same place: 0.91 times
the time in float32, 0.96 in bfloat16 (two cores without AMX; `python -m benchmarks.train_parts`).
"""

from typing import Any

import torch
from peft.tuners.lora import Linear
from torch import Tensor


def use_for(model: torch.nn.Module) -> None:
    """Let all layers with plain adapters compute this way; the variants of others' adapters (DoRA,
    a bias) stay as peft has them."""
    for layer in model.modules():
        if type(layer) is Linear and not layer.lora_variant and not any(layer.lora_bias.values()):
            layer.__class__ = _LinearAtOnce


class _LinearAtOnce(Linear):
    """Between training and measuring alike; merging and saving are peft's."""

    def forward(self, x: Tensor, *given: Any, **named: Any) -> Tensor:
        name, *others = self.active_adapters
        if others or self.disable_adapters or self.merged or given or named:
            whole: Tensor = super().forward(x, *given, **named)
            return whole
        base = self.base_layer
        dropout = self.lora_dropout[name]
        made: Tensor = _Product.apply(
            x,
            base.weight.T if self.fan_in_fan_out else base.weight,
            base.bias,
            self.lora_A[name].weight,
            self.lora_B[name].weight,
            self.scaling[name],
            getattr(dropout, "p", 0.0) if self.training else 0.0,
        )
        return made


class _Product(torch.autograd.Function):
    """y = x Wᵀ + bias + scale · drop(x) Aᵀ Bᵀ (Hu et al. 2021), W and the bias frozen.

    x: (..., in); W: (out, in); A: (rank, in); B: (out, rank). Computed in the dtype of W, as
    `autocast` would, and y is in that; the gradients are in the dtypes of x, A and B.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        down: Tensor,
        up: Tensor,
        scale: float,
        dropout: float,
    ) -> Tensor:
        ctx.scale, ctx.dropout = scale, dropout
        ctx.shape, ctx.dtype, ctx.learned = x.shape, x.dtype, down.dtype
        with torch.autocast(x.device.type, enabled=False):
            rows = x.reshape(-1, x.shape[-1]).to(weight.dtype)
            down, up = down.to(weight.dtype), up.to(weight.dtype)
            kept, mask = rows, None
            if dropout:
                kept, mask = torch.native_dropout(rows, dropout, True)
            low = kept @ down.T
            whole = torch.nn.functional.linear(rows, weight, bias)
            whole.addmm_(low, up.T, alpha=scale)
        ctx.save_for_backward(kept, low, weight, down, up, mask)
        return whole.view(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        kept, low, weight, down, up, mask = ctx.saved_tensors
        of_whole = gradient.reshape(-1, gradient.shape[-1]).to(weight.dtype)
        of_low = (of_whole @ up).mul_(ctx.scale)
        of_down = (of_low.T @ kept).to(ctx.learned)
        of_up = (of_whole.T @ low).mul_(ctx.scale).to(ctx.learned)
        of_x: Tensor | None = None
        if ctx.needs_input_grad[0]:
            of_x = of_whole @ weight
            if mask is None:
                of_x.addmm_(of_low, down)
            else:
                of_x.add_((of_low @ down).mul_(mask).div_(1 - ctx.dropout))
            of_x = of_x.view(ctx.shape).to(ctx.dtype)
        return of_x, None, None, of_down, of_up, None, None
