"""Ways to train the same model on the same conversations: the plain recipe, its peers, and ours.

Each learns the same tokens, those of the bot, with AdamW (ours from scratch: Muon) at the same
constant learning rate, eight conversations a step (TRL: a row of as many tokens).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments

from chatbot.engine.device import Placement
from chatbot.engine.prompts import TrainingExample
from chatbot.training import data
from chatbot.training.config import TrainingConfig
from chatbot.training.lessons import Lessons
from chatbot.training.trainable import Trainable
from chatbot.training.trainer import PackedTrainer, arguments, trainer_for

PADDED_TO = 512
"""Tokens of a row in the plain recipe, and of a packed row."""
MOST_STEPS = 10_000
"""A run is ended by its watcher, long before."""


@dataclass
class Task:
    """What is learned: the model in training form, the data, and where files may lie."""

    config: TrainingConfig
    trainable: Trainable
    parts: data.Split
    examples: Sequence[TrainingExample]
    placement: Placement
    folder: Path

    @property
    def pad(self) -> int:
        return int(self.trainable.tokenizer.pad_token_id or 0)


def plain(task: Task, watcher: TrainerCallback) -> Trainer:
    """float32, every conversation padded to 512 tokens: what one finds everywhere."""
    return _padded(task, watcher, lambda longest: PADDED_TO, bfloat16=False)


def padded_to_the_longest(task: Task, watcher: TrainerCallback) -> Trainer:
    """Each batch padded to its longest conversation, bfloat16 where that is quicker."""
    bfloat16 = task.placement.dtype == "bfloat16"
    return _padded(task, watcher, lambda longest: longest, bfloat16=bfloat16)


def trl_packed(task: Task, watcher: TrainerCallback) -> Trainer:
    """TRL's `SFTTrainer`, which fills rows of 512 tokens with whole conversations."""
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    rows = [{"input_ids": e.ids, "labels": _labels(e)} for e in task.examples]
    args = SFTConfig(
        **_common(task, "trl", bfloat16=task.placement.dtype == "bfloat16"),
        per_device_train_batch_size=1,
        packing=True,
        max_length=PADDED_TO,
    )
    return _quiet(
        SFTTrainer(
            model=task.trainable.model,
            args=args,
            train_dataset=Dataset.from_list(rows),
            processing_class=task.trainable.tokenizer,
            callbacks=[watcher],
        )
    )


def ours(task: Task, watcher: TrainerCallback) -> PackedTrainer:
    """As the product trains, but for the learning rate, which stays, and the weights of words, as
    the others treat all alike."""
    args = arguments(task.config, task.folder / "ours", steps=MOST_STEPS, placement=task.placement)
    args.lr_scheduler_type, args.warmup_steps = "constant", 0
    examples: Sequence[TrainingExample] = task.examples
    if task.config.method == "scratch":
        count = MOST_STEPS * task.config.conversations_a_step
        seed, window = task.config.seed, task.trainable.window
        examples = Lessons(task.trainable.tokenizer, task.parts.train, count, window, seed)
    return trainer_for(task.config, task.trainable, args, examples, (), [watcher])


RECIPES: Mapping[str, Callable[[Task, TrainerCallback], Trainer]] = {
    "plain Trainer, float32, padded to 512": plain,
    "Trainer, padded to the longest": padded_to_the_longest,
    "TRL SFTTrainer, packed": trl_packed,
    "ours": ours,
}


def _padded(
    task: Task, watcher: TrainerCallback, width: Callable[[int], int], *, bfloat16: bool
) -> Trainer:
    def collate(batch: Sequence[TrainingExample]) -> dict[str, Any]:
        to = width(max(len(example.ids) for example in batch))
        ids = torch.full((len(batch), to), task.pad)
        labels = torch.full((len(batch), to), data.IGNORED)
        mask = torch.zeros((len(batch), to), dtype=torch.long)
        for row, example in enumerate(batch):
            own = len(example.ids)
            ids[row, :own] = torch.tensor(example.ids)
            mask[row, :own] = 1
            labels[row, :own] = torch.tensor(_labels(example))
        return {"input_ids": ids, "attention_mask": mask, "labels": labels}

    args = TrainingArguments(
        **_common(task, "padded", bfloat16=bfloat16),
        per_device_train_batch_size=task.config.conversations_a_step,
        remove_unused_columns=False,
    )
    return _quiet(
        Trainer(
            model=task.trainable.model,
            args=args,
            data_collator=collate,
            train_dataset=task.examples,
            callbacks=[watcher],
        )
    )


def _common(task: Task, name: str, *, bfloat16: bool) -> dict[str, Any]:
    return {
        "output_dir": str(task.folder / name),
        "max_steps": MOST_STEPS,
        "learning_rate": task.config.learning_rate,
        "lr_scheduler_type": "constant",
        "weight_decay": task.config.weight_decay,
        "bf16": bfloat16,
        "use_cpu": task.placement.device == "cpu",
        "seed": task.config.seed,
        "save_strategy": "no",
        "logging_strategy": "no",
        "disable_tqdm": True,
        "report_to": [],
        "dataloader_pin_memory": False,
        "include_num_input_tokens_seen": "no",
    }


def _labels(example: TrainingExample) -> list[int]:
    return [
        token if learn else data.IGNORED
        for token, learn in zip(example.ids, example.trained, strict=True)
    ]


def _quiet(trainer: Trainer) -> Trainer:
    trainer.remove_callback(PrinterCallback)
    return trainer
