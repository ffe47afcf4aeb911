"""What can be known before a run starts: is there enough to learn from, does it fit the disk, how
many steps will it be. Light: reads files, loads no model."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chatbot import paths
from chatbot.dataset.findings import Finding
from chatbot.engine import catalog
from chatbot.engine.catalog import ModelEntry
from chatbot.errors import BadInput, OutOfResources
from chatbot.training import data, emphasis, learning_on, parting, processes
from chatbot.training.config import PresetName, TrainingConfig
from chatbot.training.sizes import sizes_of

SPARE_DISK = 100_000_000
"""Bytes that stay free beside what the run needs."""


@dataclass(frozen=True)
class Preflight:
    """What a run would be.

    Args:
        base: the model it starts from; None for one from scratch.
        steps: optimizer steps; warmup of them are the warm-up.
        every: steps between two evaluations.
        disk: bytes that the run needs at its fullest.
        notes: sentences that the person should know; nothing that forbids the run.
    """

    source: data.Source
    parts: data.Split
    base: ModelEntry | None
    steps: int
    warmup: int
    every: int
    disk: int
    notes: tuple[str, ...]


FEWEST: Mapping[PresetName, int] = {"Quick": 20, "Balanced": 50, "Thorough": 100}
"""Conversations below which a preset reads the same few so often that it learns them by heart. A
rule of thumb of ours: the longer a run reads, the more it needs to read."""


def too_few(conversations: int, name: PresetName) -> Finding | None:
    """What to say where a preset has too little to read; None where it has enough."""
    fewest = FEWEST[name]
    if not 0 < conversations < fewest:
        return None
    return Finding(
        "warning",
        None,
        f"{name} wants at least {fewest} conversations; there are {conversations}.",
        "Write more, or choose a shorter preset: it would learn these few by heart.",
        kind="set",
    )


def check(config: TrainingConfig) -> Preflight:
    """Look before starting.

    Raises:
        BadInput: the data or the base model is unusable for this.
        NotAvailable: data set or model is not here.
        OutOfResources: the disk is too full for the checkpoints.
    """
    source = data.read(config.dataset)
    base = None if config.method == "scratch" else _usable_base(config)
    return _plan(config, source, base)


def check_again(config: TrainingConfig, source: data.Source) -> Preflight:
    """The same for a run whose data was copied when it began."""
    base = None if config.method == "scratch" else _usable_base(config)
    return _plan(config, source, base)


def _plan(config: TrainingConfig, source: data.Source, base: ModelEntry | None) -> Preflight:
    processes.current().share_of(config.batch_size)
    found = parting.parts_of(source, config)
    parts = found.split
    notes = _notes(config, source, parts)
    if len(parts.train) < found.offered:
        notes.append(
            f"Learns from the {len(parts.train):,} of {found.offered:,} conversations that tell "
            "most."
        )
    more = emphasis.again(parts.train, config)
    if certain := emphasis.emphasised(parts.train, config):
        notes.append(
            f"{_rows(len(certain))} taken from chats: none of that is held out, and each is read "
            f"{1 + len(more) // len(certain)} times in a pass over the conversations."
        )
    steps = config.steps(len(parts.train) + len(more))
    disk = _disk_needed(config, base) + 2 * len(source.data)
    _check_disk(disk)
    return Preflight(
        source=source,
        parts=parts,
        base=base,
        steps=steps,
        warmup=round(config.warmup_ratio * steps),
        every=max(1, -(-steps // config.evaluations)),
        disk=disk,
        notes=tuple(notes),
    )


def _usable_base(config: TrainingConfig) -> ModelEntry:
    entry = catalog.resolve(config.base_model)
    if config.method != "lora":
        return entry
    if entry.kind == "adapter":
        learning_on.checked(entry, config)
        return entry
    if Path(entry.name).is_absolute():
        raise BadInput(
            "A LoRA adapter needs its base model under models/, or the chat won't find it.",
            value=entry.name,
            remedy="Move that folder into models/, or choose a full fine-tune.",
        )
    return entry


def _notes(config: TrainingConfig, source: data.Source, parts: data.Split) -> list[str]:
    notes = []
    if source.unusable:
        notes.append(f"{_rows(source.unusable)} without an answer of the bot left out.")
    if parts.repeated:
        notes.append(
            f"{_rows(parts.repeated)} left out, being exact copies of held-out conversations."
        )
    if config.held_out > 0 and not parts.held_out:
        notes.append(
            f"With fewer than {data.FEWEST_TO_HOLD_OUT} different conversations none is held "
            "out: the loss tells how well they are known, not how new questions will fare."
        )
    return notes


def _rows(count: int) -> str:
    return "1 conversation was" if count == 1 else f"{count} conversations were"


def _disk_needed(config: TrainingConfig, base: ModelEntry | None) -> int:
    """Two states (weights and the optimizer's two moments, float32) while one replaces the other,
    and up to three checkpoints of half that precision, each with its tokenizer."""
    trained = sizes_of(config, base).trained
    tokenizer = 200_000 if base is None else 5_000_000
    exports = trained * (4 if config.method == "lora" else 2)
    return 2 * 12 * trained + 3 * (exports + tokenizer)


def _check_disk(needed: int) -> None:
    folder = paths.runs_dir()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < needed + SPARE_DISK:
        raise OutOfResources(
            "There is not enough free disk space for the checkpoints of this run.",
            value=f"{free / 1e9:.1f} GB free, {(needed + SPARE_DISK) / 1e9:.1f} GB needed",
            remedy="Free some space, delete old runs under models/runs/, or choose LoRA.",
        )
