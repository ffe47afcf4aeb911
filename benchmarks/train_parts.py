"""What our own parts of a training step take beside the libraries'.

    python -m benchmarks.train_parts [--rounds N]

The optimizer of a new model on Pocket GPT-2's matrices, beside `torch.optim.Muon`; and the layers
of a block of SmolLM2 with LoRA adapters on 400 tokens, there and back, beside peft's, in the number
format that training takes here. In turns; medians. Aims: the optimizer in less than half of the
time, the layers in less.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import chatbot  # noqa: F401  (first: it says how threads wait, before torch is loaded)
from chatbot.training.config import TrainingConfig
from chatbot.training.number_format import placement_for_training

TOKENS, RANK = 400, TrainingConfig().lora_rank
BLOCK = [(576, 576), (576, 192), (576, 192), (576, 576), (576, 1536), (576, 1536), (1536, 576)]
"""The widths in and out of the layers of one of SmolLM2's thirty blocks."""


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args(given).rounds
    from torch.optim import Muon

    from chatbot.training.muon import MuonOnProcessor

    dtype = placement_for_training().dtype
    compare("Muon's step", optimizer(MuonOnProcessor).step, optimizer(Muon).step, rounds)
    at_once, apart = block(dtype, at_once=True), block(dtype, at_once=False)
    compare(f"a block with LoRA, {dtype}", at_once, apart, rounds)
    return 0


def compare(what: str, ours: Callable[[], Any], theirs: Callable[[], Any], rounds: int) -> None:
    """Print both and their ratio. The first of the rounds warms up."""
    took: list[list[float]] = [[], []]
    for number in range(rounds + 1):
        for seconds, part in zip(took, (ours, theirs), strict=True):
            began = time.perf_counter()
            part()
            if number:
                seconds.append(time.perf_counter() - began)
    own, library = (median(seconds) * 1000 for seconds in took)
    print(f"{what}: {own:.1f} ms, the library's {library:.1f} ms: {own / library:.2f} x")


def optimizer(kind: Any) -> Any:
    """An optimizer of this kind over fresh matrices that have their gradients."""
    import torch

    width, weights = TrainingConfig().scratch_width, []
    torch.manual_seed(0)
    shapes = [(width, 3 * width), (width, width), (width, 4 * width), (4 * width, width)]
    for shape in shapes * TrainingConfig().scratch_layers:
        weight = torch.nn.Parameter(torch.randn(shape))
        weight.grad = torch.randn(shape)
        weights.append(weight)
    return kind(weights, lr=0.02, adjust_lr_fn="match_rms_adamw")


def block(dtype: str, *, at_once: bool) -> Callable[[], None]:
    """Frozen layers with adapters: one way there and back through each."""
    import torch
    from peft import LoraConfig, get_peft_model

    from chatbot.training import lora_at_once

    form = getattr(torch, dtype)
    layers = torch.nn.ModuleList(torch.nn.Linear(*shape, bias=False) for shape in BLOCK).to(form)
    names = [str(number) for number in range(len(BLOCK))]
    adapted: Any = get_peft_model(layers, LoraConfig(target_modules=names, r=RANK))
    if at_once:
        lora_at_once.use_for(adapted)
    given = [torch.randn(1, TOKENS, width, dtype=form, requires_grad=True) for width, _ in BLOCK]
    back = [torch.randn(1, TOKENS, width, dtype=form) for _, width in BLOCK]

    def there_and_back() -> None:
        with torch.autocast("cpu", form, enabled=dtype == "bfloat16"):
            made = [layer(x) for layer, x in zip(adapted.base_model.model, given, strict=True)]
        torch.autograd.backward(made, back)
        adapted.zero_grad()
        for x in given:
            x.grad = None

    return there_and_back


if __name__ == "__main__":
    sys.exit(main())
