"""`model.generate` as anybody would call it, in a process that knows nothing of us.

    python benchmarks/plain_generate.py FOLDER DTYPE

Reads one JSON object a line, `{"ids": [...], "count": tokens, "sampling": {...}}`, and answers each
with `{"first": seconds, "rate": tokens a second after the first}`.
"""

import json
import sys
import time
from typing import Any

import torch
from transformers import AutoModelForCausalLM, StoppingCriteria, StoppingCriteriaList


class Clock(StoppingCriteria):
    """Notes when each token of `generate` is there; never stops it."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def __call__(self, input_ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
        self.times.append(time.perf_counter())
        return torch.zeros(input_ids.shape[0], dtype=torch.bool)


def answer(model: Any, ids: list[int], count: int, sampling: dict[str, Any]) -> dict[str, float]:
    """Generate `count` tokens after these."""
    clock = Clock()
    prompt = torch.tensor([ids], device=model.device)
    begun = time.perf_counter()
    model.generate(
        input_ids=prompt,
        attention_mask=torch.ones_like(prompt),
        max_new_tokens=count,
        eos_token_id=None,
        pad_token_id=0,
        stopping_criteria=StoppingCriteriaList([clock]),
        **sampling,
    )
    seconds = clock.times[-1] - clock.times[0]
    rate = (len(clock.times) - 1) / seconds if seconds else 0.0
    return {"first": clock.times[0] - begun, "rate": rate}


def main(folder: str, dtype: str) -> None:
    """Answer until the other side hangs up."""
    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, dtype))
    model.to("cuda" if torch.cuda.is_available() else "cpu")
    for line in sys.stdin:
        print(json.dumps(answer(model, **json.loads(line))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
