"""A few real steps of a run, to see how long one takes and how much memory: a program of its own,
so that what it loads goes when it ends, and the chat beside it is hardly disturbed.

    python -m chatbot.training.trial < config.json

prints one JSON object (`Trial`), or the sentence that says why not. It ends with the program that
began it: nobody is left to read what it would tell.
"""

import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chatbot.errors import BadInput, ChatbotError

if TYPE_CHECKING:
    from chatbot.engine.prompts import TrainingExample
    from chatbot.training.config import TrainingConfig

STEPS = 4
"""The first one warms up and does not count."""
SAMPLE = 256
"""Conversations that lengths are taken from, spread evenly over the set."""
_LOOK = 0.005
"""Seconds between two looks at the memory."""
_LOOK_FOR_PARENT = 1.0


@dataclass(frozen=True, slots=True)
class Trial:
    """What a few steps took.

    Attributes:
        seconds_a_step, tokens_a_step: the mean of the steps that count.
        tokens_a_conversation: mean over the sample, in the base model's tokens.
        preparing: seconds until the first step: libraries, model, tokens.
        memory: bytes at the most that model and steps took, the libraries not counted.
        device: where it ran; free: bytes that a graphics card had left before, None elsewhere.
        bfloat16: whether the products were made in it.
    """

    seconds_a_step: float
    tokens_a_step: float
    tokens_a_conversation: float
    preparing: float
    memory: int
    device: str
    free: int | None
    bfloat16: bool


def try_out(config: "TrainingConfig") -> Trial:
    """Make a few steps of this run and forget them.

    Raises:
        ChatbotError: the run could not begin; says why.
    """
    began = time.monotonic()
    import torch

    from chatbot.training import data, trainer
    from chatbot.training.number_format import placement_for_training
    from chatbot.training.trainable import build

    placement = placement_for_training()
    on_cuda = placement.device.startswith("cuda")
    free = torch.cuda.mem_get_info()[0] if on_cuda else None
    before, peak = _memory(), _Peak()
    source = data.read(config.dataset)
    parts = data.split(source.usable, config.held_out, config.seed)
    with peak, tempfile.TemporaryDirectory() as folder:
        trainable = build(config, parts.train, placement)
        length = min(config.max_length, trainable.window)
        sample = parts.train[:: max(1, len(parts.train) // SAMPLE)]
        tokenised = data.tokenise(trainable.tokenizer, sample, length)
        if not tokenised.examples:
            raise BadInput("No conversation fits: even the first answers are too long.")
        examples = _enough(tokenised.examples, config)
        args = trainer.arguments(config, Path(folder), steps=STEPS, placement=placement)
        clock = _clock()
        prepared = time.monotonic() - began
        trainer.trainer_for(config, trainable, args, examples, (), [clock]).train()
    memory = torch.cuda.max_memory_allocated() if on_cuda else peak.bytes - before
    took, tokens = clock.steps()
    return Trial(
        seconds_a_step=took,
        tokens_a_step=tokens,
        tokens_a_conversation=tokenised.tokens / len(tokenised.examples),
        preparing=prepared,
        memory=memory,
        device=placement.device,
        free=free,
        bfloat16=placement.dtype == "bfloat16",
    )


def _enough(
    examples: "Sequence[TrainingExample]", config: "TrainingConfig"
) -> "list[TrainingExample]":
    """Full batches for all steps, also of a small set."""
    wanted = STEPS * config.conversations_a_step
    return [examples[number % len(examples)] for number in range(max(wanted, len(examples)))]


def _clock():  # type: ignore[no-untyped-def]  # a class of a library that is imported late
    from transformers import TrainerCallback

    class Clock(TrainerCallback):
        """When each step ended, and how many tokens had been read by then."""

        def __init__(self) -> None:
            self._ends: list[tuple[float, float]] = []

        def on_step_end(self, args, state, control, **_):  # type: ignore[no-untyped-def]
            self._ends.append((time.monotonic(), float(state.num_input_tokens_seen)))

        def steps(self) -> tuple[float, float]:
            (first, read), (last, all_read) = self._ends[0], self._ends[-1]
            count = len(self._ends) - 1
            return (last - first) / count, (all_read - read) / count

    return Clock()


class _Peak:
    """The most memory of this process while the block runs."""

    def __init__(self) -> None:
        self.bytes = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "_Peak":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(_LOOK):
            self.bytes = max(self.bytes, _memory())


def _memory() -> int:
    import psutil

    return int(psutil.Process().memory_info().rss)


def _end_with_parent() -> None:
    """Leave as soon as the program that began this one is gone, such as a killed server."""
    from chatbot.training.runs import process_start

    parent = os.getppid()
    began = process_start(parent)

    def watch() -> None:
        while process_start(parent) == began:
            time.sleep(_LOOK_FOR_PARENT)
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def main() -> int:
    """Read the settings from standard input; print what was measured."""
    from chatbot.training.config import TrainingConfig

    _end_with_parent()
    try:
        trial = try_out(TrainingConfig.from_json(sys.stdin.read()))
    except ChatbotError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(asdict(trial)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
