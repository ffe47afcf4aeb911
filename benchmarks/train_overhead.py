"""What our own code adds to a training: callback, files and checkpoints.

    python -m benchmarks.train_overhead [--steps N] [--rounds N]

The same settings with and without it, in turns; the middle one of each counts. Aim: at most 3 %
more. Pocket GPT-2 is used: its steps are the shortest, so that whatever is added weighs most.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import chatbot  # noqa: F401  (first: it says how threads wait, before torch is loaded)
from chatbot.engine.device import Placement
from chatbot.training import data, recorder, saving
from chatbot.training.config import TrainingConfig, preset
from chatbot.training.lessons import Lessons
from chatbot.training.number_format import placement_for_training
from chatbot.training.runlog import RunLog
from chatbot.training.runs import Run
from chatbot.training.trainable import Trainable, build
from chatbot.training.trainer import arguments, trainer_for


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=4, help="runs with and without our code")
    parser.add_argument("--steps", type=int, default=60)
    options = parser.parse_args(given)
    parts = data.split(data.read("").usable, 0.1, 42)
    with tempfile.TemporaryDirectory() as folder:
        overhead(parts, Path(folder), options.steps, options.rounds)
    return 0


def overhead(parts: data.Split, folder: Path, steps: int, rounds: int) -> None:
    placement = placement_for_training()
    suggested = preset("Balanced", method="scratch", conversations=len(parts.train))
    config = TrainingConfig.of(**{**asdict(suggested), "max_steps": steps, "evaluations": 3})
    print(f"Pocket GPT-2, {steps} steps, with and without callback, files and checkpoints")
    bare, full = [], []
    for number in range(rounds + 1):  # the first round warms up and does not count
        seconds = {
            own: one_run(config, parts, placement, folder / f"{number}-{own}", own=own)
            for own in (number % 2 == 0, number % 2 == 1)  # each first in turn
        }
        if number:
            bare.append(seconds[False])
            full.append(seconds[True])
            print(f"  bare {bare[-1]:.2f} s, ours {full[-1]:.2f} s")
    added = statistics.median(full) / statistics.median(bare) - 1
    print(f"added: {added:+.1%}")


def one_run(
    config: TrainingConfig, parts: data.Split, placement: Placement, folder: Path, *, own: bool
) -> float:
    """Seconds of `Trainer.train`, evaluations included on both sides."""
    made = build(config, parts.train, placement)
    count = (config.max_steps or 1) * config.conversations_a_step
    train = Lessons(made.tokenizer, parts.train, count, config.max_length, config.seed)
    held_out = data.tokenise(made.tokenizer, parts.held_out, config.max_length).examples
    every = -(-(config.max_steps or 1) // config.evaluations)
    run = Run(folder)
    folder.mkdir(parents=True)
    callback: Any = _recorder(run, made, config, every) if own else _bare(every)
    args = arguments(
        config, saving.state_folder(run), steps=config.max_steps or 1, placement=placement
    )
    trainer = trainer_for(config, made, args, train, held_out, [callback])
    began = time.perf_counter()
    trainer.train()
    seconds = time.perf_counter() - began
    shutil.rmtree(folder, ignore_errors=True)
    return seconds


def _recorder(run: Run, made: Trainable, config: TrainingConfig, every: int) -> recorder.Recorder:
    log = RunLog(run)
    log.status = replace(log.status, total_steps=config.max_steps or 1)
    return recorder.Recorder(
        log, made, total=config.max_steps or 1, every=every, measured=True, pace=recorder.Pace()
    )


def _bare(every: int) -> Any:
    from transformers import TrainerCallback

    class OnlyMeasure(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            control.should_evaluate = state.global_step % every == 0

    return OnlyMeasure()


if __name__ == "__main__":
    sys.exit(main())
