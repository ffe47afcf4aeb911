"""How fast fine-tuning is: seconds to the same held-out loss, and what our own code adds.

    python -m benchmarks.train [--plain-steps N] [--limit N] [--rounds N] [--only loss|overhead]

1. A plain Trainer recipe (float32, every conversation padded to 512 tokens, all weights, batches
   of 8, learning rate 5e-5) on SmolLM2 runs for a few steps; then ours (LoRA, as the preset has
   it) runs until its held-out loss is as low. Both are measured on the same held-out tokens, and
   measuring is counted in neither time. Aim: at least 10 times faster.
2. The same settings with and without our callback, files and checkpoints, in turns; the middle
   one of each counts. Aim: at most 3 % more. Pocket GPT-2 is used: its steps are the shortest, so
   that whatever is added weighs most.
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

import chatbot.training  # noqa: F401  (first: it says how threads wait, before torch is loaded)
from chatbot.engine.device import Placement, choose_placement
from chatbot.engine.loading import load_for_training
from chatbot.training import data, recorder, saving
from chatbot.training.config import TrainingConfig, preset
from chatbot.training.lessons import Lessons
from chatbot.training.runlog import RunLog
from chatbot.training.runs import Run
from chatbot.training.trainable import Trainable, build
from chatbot.training.trainer import arguments, trainer_for

PADDED_TO = 512
BATCH = 8


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--plain-steps", type=int, default=8, help="steps of the plain recipe")
    parser.add_argument("--limit", type=int, default=120, help="most steps that ours may take")
    parser.add_argument("--rounds", type=int, default=4, help="runs with and without our code")
    parser.add_argument("--overhead-steps", type=int, default=60)
    parser.add_argument("--only", choices=["loss", "overhead"])
    options = parser.parse_args(given)
    source = data.read("")
    parts = data.split(source.usable, 0.1, 42)
    with tempfile.TemporaryDirectory() as folder:
        if options.only != "overhead":
            to_the_same_loss(parts, Path(folder), options.plain_steps, options.limit)
        if options.only != "loss":
            overhead(parts, Path(folder), options.overhead_steps, options.rounds)
    return 0


class Clock:
    """Seconds and tokens of training steps alone."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.tokens = 0
        self._began = 0.0

    def start(self) -> None:
        self._began = time.perf_counter()

    def stop(self) -> None:
        self.seconds += time.perf_counter() - self._began


def to_the_same_loss(parts: data.Split, folder: Path, plain_steps: int, limit: int) -> None:
    placement = choose_placement()
    print(f"SmolLM2 135M; {placement.reason}")
    before, loss, plain = run_plain(parts, folder, plain_steps)
    print(f"plain: {plain_steps} steps, held-out loss {before:.3f} -> {loss:.3f}")
    print(f"       {plain.seconds:.1f} s, {plain.tokens / plain.seconds:.0f} tokens/s (no padding)")
    reached, steps, ours = run_ours(parts, folder, placement, loss, limit)
    print(f"ours:  {steps} steps, held-out loss {reached:.3f}")
    print(f"       {ours.seconds:.1f} s, {ours.tokens / ours.seconds:.0f} tokens/s")
    if reached > loss:
        print(f"ours did not reach it in {limit} steps")
        return
    print(f"seconds to the same held-out loss: {plain.seconds / ours.seconds:.1f} times faster")
    faster = (ours.tokens / ours.seconds) / (plain.tokens / plain.seconds)
    print(f"tokens/s: {faster:.1f} times as many")


def run_plain(parts: data.Split, folder: Path, steps: int) -> tuple[float, float, Clock]:
    """The recipe that one finds everywhere, with labels on the same tokens as ours."""
    import torch
    from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments

    model, tokenizer = load_for_training("smollm2-135m-instruct")
    examples = data.tokenise(tokenizer, parts.train, PADDED_TO).examples
    clock = Clock()

    def padded(batch: Sequence[data.TrainingExample]) -> dict[str, Any]:
        clock.tokens += sum(len(example.ids) for example in batch)
        ids = torch.full((len(batch), PADDED_TO), int(tokenizer.pad_token_id or 0))
        labels = torch.full((len(batch), PADDED_TO), data.IGNORED)
        mask = torch.zeros((len(batch), PADDED_TO), dtype=torch.long)
        for row, example in enumerate(batch):
            own = torch.tensor(example.ids)
            learned = torch.tensor(example.trained)
            ids[row, : len(own)] = own
            mask[row, : len(own)] = 1
            labels[row, : len(own)] = own.where(learned, torch.tensor(data.IGNORED))
        return {"input_ids": ids, "attention_mask": mask, "labels": labels}

    class Timer(TrainerCallback):
        def on_step_begin(self, *_: Any, **__: Any) -> None:
            clock.start()

        def on_step_end(self, *_: Any, **__: Any) -> None:
            clock.stop()

    args = TrainingArguments(
        output_dir=str(folder / "plain"),
        max_steps=steps,
        per_device_train_batch_size=BATCH,
        learning_rate=5e-5,
        use_cpu=choose_placement().device == "cpu",
        seed=42,
        save_strategy="no",
        logging_strategy="no",
        disable_tqdm=True,
        report_to=[],
        remove_unused_columns=False,
        dataloader_pin_memory=False,
    )
    before = held_out_loss(model, tokenizer, parts)
    trainer = Trainer(
        model=model, args=args, data_collator=padded, train_dataset=examples, callbacks=[Timer()]
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    return before, held_out_loss(model, tokenizer, parts), clock


def run_ours(
    parts: data.Split, folder: Path, placement: Placement, wanted: float, limit: int
) -> tuple[float, int, Clock]:
    """Until the held-out loss is as low as wanted, looking at it after every second step."""
    from transformers import TrainerCallback

    config = preset("Balanced", method="lora", conversations=len(parts.train) + len(parts.held_out))
    total = config.steps(len(parts.train))
    made = build(config, parts.train, placement)
    examples = data.tokenise(made.tokenizer, parts.train, config.max_length).examples
    clock, reached = Clock(), [float("inf")]

    class Watch(TrainerCallback):
        def on_step_begin(self, *_: Any, **__: Any) -> None:
            clock.start()

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            clock.stop()
            clock.tokens = state.num_input_tokens_seen
            if state.global_step % 2 == 0:
                reached[0] = held_out_loss(made.model, made.tokenizer, parts)
            if reached[0] <= wanted or state.global_step >= limit:
                control.should_training_stop = True

    args = arguments(config, folder / "ours", steps=total, placement=placement)
    trainer = trainer_for(config, made, args, examples, (), [Watch()])
    trainer.train()
    return reached[0], trainer.state.global_step, clock


def held_out_loss(model: Any, tokenizer: Any, parts: data.Split) -> float:
    """Nats a token over all held-out tokens, the same for both models: conversation by
    conversation, with the model as it is."""
    import torch

    from chatbot.training.trainer import token_loss

    examples = data.tokenise(tokenizer, parts.held_out, PADDED_TO).examples
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


def overhead(parts: data.Split, folder: Path, steps: int, rounds: int) -> None:
    placement = choose_placement()
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
