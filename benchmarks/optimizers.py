"""What the step of a new model's optimizer takes beside the library's.

    python -m benchmarks.optimizers [--rounds N]

Pocket GPT-2's matrices with gradients of noise; our step and that of `torch.optim.Muon` in turns,
medians. Aim: less than half.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from statistics import median
from typing import Any

import chatbot  # noqa: F401  (first: it says how threads wait, before torch is loaded)
from chatbot.training.config import TrainingConfig


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args(given)
    from torch.optim import Muon

    from chatbot.training.muon import MuonOnProcessor

    kinds = {kind: made(kind) for kind in (Muon, MuonOnProcessor)}
    took: dict[Any, list[float]] = {kind: [] for kind in kinds}
    for number in range(options.rounds + 1):
        for kind, optimizer in kinds.items():
            began = time.perf_counter()
            optimizer.step()
            if number:  # the first one warms up
                took[kind].append(time.perf_counter() - began)
    library, ours = (median(took[kind]) * 1000 for kind in kinds)
    print(f"a step: ours {ours:.0f} ms, the library's {library:.0f} ms: {ours / library:.2f} x")
    return 0


def made(kind: Any) -> Any:
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


if __name__ == "__main__":
    sys.exit(main())
