"""How fast fine-tuning is beside its peers: tokens/s, and seconds to the same held-out loss.

    python -m benchmarks.train [--cases NAME ...] [--plain-steps N] [--limit N] [--seconds N]

The plain Trainer recipe (float32, every conversation padded to 512 tokens) makes a few steps; each
of the others then trains until its held-out loss is as low. All learn the same tokens of the
starter persona at the same learning rate, eight conversations a step, and are measured on the same
held-out conversations, which counts in nobody's time. All but the plain recipe compute in the
number format that the lab measured to be the quicker one here. Tokens are those of conversations:
padding is work that nobody asked for. Aims on two cores: at least 15 times the plain recipe, 1.3
times the best of the others.

Needs the development dependencies (TRL).
"""

import argparse
import gc
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import chatbot  # noqa: F401  (first: it says how threads wait, before torch is loaded)
from chatbot.engine.device import Placement
from chatbot.training import adapters, data, packing, scratch
from chatbot.training.config import Method, TrainingConfig, preset
from chatbot.training.number_format import placement_for_training
from chatbot.training.trainable import Trainable, build

BATCH = 8
RATES: dict[Method, float] = {"lora": 1.5e-3, "full": 5e-5, "scratch": 6e-3}
"""The learning rates of all recipes: ways to compute are compared, not settings."""
MEASURED_ON = 24
"""Held-out conversations: enough to compare by, few enough to look often."""
EVERY = 2
"""Steps between two looks at the held-out loss."""


@dataclass(frozen=True)
class Case:
    """A model and a way to train it."""

    title: str
    method: Method
    full_size: bool = False


CASES = {
    "pocket": Case("Pocket GPT-2, from scratch", "scratch"),
    "gpt2-full": Case("GPT-2 124M (its shape), full", "full", full_size=True),
    "gpt2-lora": Case("GPT-2 124M (its shape), LoRA", "lora", full_size=True),
    "smollm2-full": Case("SmolLM2 135M, full", "full"),
    "smollm2-lora": Case("SmolLM2 135M, LoRA", "lora"),
}


@dataclass(frozen=True)
class Result:
    """What came of one recipe. `loss`: held-out, in nats a token, after `steps`."""

    seconds: float
    tokens: int
    steps: int
    loss: float

    @property
    def speed(self) -> float:
        return self.tokens / self.seconds


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--cases", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--plain-steps", type=int, default=3, help="steps of the plain recipe")
    parser.add_argument("--limit", type=int, default=60, help="most steps of the others")
    parser.add_argument("--seconds", type=float, default=90, help="and most seconds of training")
    options = parser.parse_args(given)
    _silence()
    parts = data.split(data.read("").usable, 0.1, 42)
    print(placement_for_training().reason)
    for name in options.cases:
        compare(CASES[name], parts, options.plain_steps, options.limit, options.seconds)
    return 0


def _silence() -> None:
    """The libraries' own bars and remarks would tear the table apart."""
    import datasets
    from transformers.utils import logging

    datasets.disable_progress_bars()
    logging.set_verbosity_error()
    logging.disable_progress_bar()


def compare(case: Case, parts: data.Split, plain_steps: int, limit: int, seconds: float) -> None:
    """Print a table: each recipe, and its ratio to the plain one."""
    from benchmarks.recipes import RECIPES

    print(f"\n{case.title}")
    print("| recipe | tokens/s | of plain | seconds to its loss | times as fast |")
    print("|---|---|---|---|---|")
    first: Result | None = None
    for name, recipe in RECIPES.items():
        with tempfile.TemporaryDirectory() as folder:
            wanted = first.loss if first else float("-inf")
            steps = limit if first else plain_steps
            result = trained(case, parts, recipe, Path(folder), wanted, steps, seconds)
        first = first or result
        reached = result.loss <= first.loss
        took = f"{result.seconds:.1f}" if reached else f"not in {result.seconds:.0f}"
        faster = f"{first.seconds / result.seconds:.1f}" if reached else "-"
        print(
            f"| {name} | {result.speed:,.0f} | {result.speed / first.speed:.1f} | {took} "
            f"({result.steps} steps, loss {result.loss:.3f}) | {faster} |",
            flush=True,
        )


def trained(
    case: Case,
    parts: data.Split,
    recipe: Any,
    folder: Path,
    wanted: float,
    steps: int,
    seconds: float,
) -> Result:
    """Until the held-out loss is as low as wanted, or the steps or the seconds are over."""
    from benchmarks.recipes import Task, ours

    placement = placement_for_training()
    config, made = start(case, parts, placement if recipe is ours else as_others_do(placement))
    if recipe is not ours:
        made.model.set_attn_implementation("sdpa")
    examples = data.tokenise(made.tokenizer, parts.train, config.max_length).examples
    watcher = _watcher(made, parts, wanted, steps, seconds)
    trainer = recipe(Task(config, made, parts, examples, placement, folder), watcher)
    trainer.train()
    result = watcher.result()
    del trainer, made, watcher
    gc.collect()
    return result


def as_others_do(placement: Placement) -> Placement:
    """Weights stay in float32; bfloat16, where a recipe has it, is `autocast`'s."""
    return replace(placement, dtype="float32")


def start(case: Case, parts: data.Split, placement: Placement) -> tuple[TrainingConfig, Trainable]:
    """The settings, and a fresh model as training wants it."""
    config = preset("Balanced", method=case.method, conversations=len(parts.train))
    rate = RATES[case.method]
    config = replace(config, batch_size=BATCH, gradient_accumulation=1, learning_rate=rate)
    if not case.full_size:
        return config, build(config, parts.train, placement)
    made = gpt2_of_full_size(config, parts)
    packing.use_for(made.model, placement.device)  # type: ignore[arg-type]
    if case.method == "lora":
        made.model = adapters.new(made.model, "gpt2", config, placement)
    return config, made


def gpt2_of_full_size(config: TrainingConfig, parts: data.Split) -> Trainable:
    """GPT-2's smallest shape (124 million weights, 50,257 tokens), with random weights: those of
    the original can't be had without a network, and cost the same."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(config.seed)
    tokenizer = scratch.train_tokenizer(parts.train, config)
    return Trainable(GPT2LMHeadModel(GPT2Config()), tokenizer, 1024, "")


def _watcher(made: Trainable, parts: data.Split, wanted: float, steps: int, seconds: float) -> Any:
    from transformers import TrainerCallback

    class Watcher(TrainerCallback):
        """Times the steps alone, and counts the tokens that belong to a conversation."""

        def __init__(self) -> None:
            self.seconds, self.tokens, self.steps = 0.0, 0, 0
            self.loss = float("inf")
            self._began = 0.0
            made.model.register_forward_pre_hook(self._count, with_kwargs=True)

        def _count(self, model: Any, _: Any, given: dict[str, Any]) -> None:
            if model.training:
                mask, lengths = given.get("attention_mask"), given.get("lengths")
                if lengths is not None:
                    self.tokens += sum(lengths)
                else:
                    self.tokens += int(given["input_ids"].numel() if mask is None else mask.sum())

        def on_step_begin(self, *_: Any, **__: Any) -> None:
            self._began = time.perf_counter()

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self.seconds += time.perf_counter() - self._began
            self.steps = state.global_step
            over = self.steps >= steps or self.seconds >= seconds
            if over or self.steps % EVERY == 0:
                self.loss = held_out_loss(made, parts)
            if over or self.loss <= wanted:
                control.should_training_stop = True

        def result(self) -> Result:
            return Result(self.seconds, self.tokens, self.steps, self.loss)

    return Watcher()


def held_out_loss(made: Trainable, parts: data.Split) -> float:
    """Nats a token over the same held-out tokens, conversation by conversation."""
    import torch

    from chatbot.training.trainer import token_loss

    examples = data.tokenise(made.tokenizer, parts.held_out[:MEASURED_ON], made.window).examples
    model: Any = made.model
    training, total, count = model.training, 0.0, 0
    model.eval()
    with torch.no_grad():
        for example in examples:
            batch = data.collate([example])
            labels = batch.pop("labels")
            total += float(token_loss(model(**batch), labels, 1))
            count += int(labels.ne(data.IGNORED).sum())
    model.train(training)
    return total / count


if __name__ == "__main__":
    sys.exit(main())
