"""The number format that a run learns in: the one in which this processor multiplies faster.

An answer reads every weight once for each token, so that half the bytes are twice the speed. A
batch multiplies hundreds of tokens by each weight: there it counts how fast the processor computes,
and one that has bfloat16 may still be quicker in float32.
"""

import time
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from chatbot.engine.device import DTYPES, Placement, choose_placement, wanted_dtype

ROWS, WIDTH, INNER = 256, 768, 3072
"""Tokens of a small batch, and the feed-forward part of GPT-2's smallest model."""
ROUNDS = 5
"""Looks at each format; the quickest counts, as a neighbour on the machine only takes time."""
MARGIN = 1.2
"""So many times as fast must float32 multiply, as it takes more memory and a step is not all
products: at 1.4, a step was 1.1 (all weights of SmolLM2) to 1.4 times as fast (LoRA, from scratch).
Measured on two cores by `python -m chatbot.training.trial` with CHATBOT_DTYPE set to each."""


def placement_for_training(facts: Mapping[str, Any] | None = None) -> Placement:
    """Where, and in which number format, a run learns.

    Args:
        facts: what the folder of a run that goes on tells of it (`Run.facts`). It keeps its format
            on the same kind of device, so that it learns to the bit what it would have learned.

    Raises:
        BadInput, NotAvailable: see `choose_placement`.
    """
    usual = choose_placement()
    if wanted_dtype() is not None:
        return usual
    began = facts or {}
    if began.get("device") == usual.device and began.get("dtype") in DTYPES:
        return replace(usual, dtype=str(began["dtype"]), reason="As the run began.")
    if usual.device != "cpu" or usual.dtype != "bfloat16":
        return usual
    faster = times_as_fast_in_float32()
    if faster < MARGIN:
        return usual
    reason = f"Processor, which multiplies {faster:.1f} times as fast in float32 as in bfloat16."
    return replace(usual, dtype="float32", reason=reason)


@cache
def times_as_fast_in_float32() -> float:
    """How many times as fast as in bfloat16 this processor computes a layer's way there and back;
    takes half a second, once."""
    took = dict.fromkeys(("float32", "bfloat16"), float("inf"))
    for _ in range(ROUNDS):  # in turns, so that a busy moment is no disadvantage to one of them
        for name in took:
            took[name] = min(took[name], _seconds(name))
    return took["bfloat16"] / took["float32"]


def _seconds(dtype: str) -> float:
    import torch

    form = {"dtype": getattr(torch, dtype), "requires_grad": True}
    tokens, weight = torch.ones(ROWS, WIDTH, **form), torch.ones(INNER, WIDTH, **form)
    back = torch.ones(ROWS, INNER, dtype=form["dtype"])
    began = time.perf_counter()
    torch.nn.functional.linear(tokens, weight).backward(back)
    return time.perf_counter() - began
