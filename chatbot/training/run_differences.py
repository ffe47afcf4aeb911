"""What differs between two runs: settings, data, and what they were made with."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from chatbot.training.config import FIELDS, TrainingConfig
from chatbot.training.runs import Run

LARGEST_DATA = 5_000_000
"""Bytes of data.json up to which conversations are compared one by one."""
HASH_DIGITS = 12
_FACTS = {
    "trained_on": "Conversations learned from",
    "held_out": "Conversations held out",
    "base_hash": "Weights of the base model",
    "device": "Device",
    "dtype": "Number format",
    "threads": "Processor threads",
    "python": "Python",
}
"""What `Run.facts` tells and people understand."""


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same.

    Args:
        name: the technical term, as in a run's files.
        label: in plain words.
        here, there: the values as text; data versions and hashes shortened.
    """

    name: str
    label: str
    here: str
    there: str


def differences(one: Run, other: Run) -> list[Difference]:
    """Settings first, then data, then what the runs were made with; only what differs.

    A setting that one of the two does not use is left out: the way to fine-tune, which differs
    then, says it. What one of the runs does not know about itself is left out as well.

    Raises:
        BadInput: the settings of one can't be read.
    """
    found = (*_settings(one.config, other.config), *_data(one, other), *_facts(one, other))
    return [difference for difference in found if difference.here != difference.there]


def caution(one: Run, other: Run) -> str:
    """Why the losses of the two can't be compared directly; "" where they can.

    Raises:
        BadInput: the settings of one can't be read.
    """
    here, there = one.config, other.config
    if "scratch" in (here.method, there.method) and here.method != there.method:
        return (
            "A model from scratch cuts text into other tokens than a ready one, so their losses "
            "can't be compared: compare their answers."
        )
    if here.method == "scratch" and (
        here.scratch_vocab != there.scratch_vocab or one.dataset_version != other.dataset_version
    ):
        return "Their tokens are not the same, so small differences of their losses mean little."
    measured = (one.dataset_version, here.held_out, here.seed)
    if measured != (other.dataset_version, there.held_out, there.seed):
        return (
            "Their held-out losses were measured on different conversations, so small "
            "differences mean little."
        )
    if here.base_model != there.base_model:
        return (
            "Different base models may cut text into other tokens; then their losses can't be "
            "compared."
        )
    return ""


def _settings(here: TrainingConfig, there: TrainingConfig) -> Iterator[Difference]:
    yield Difference("method", "Way to fine-tune", here.method, there.method)
    ours, theirs = _used(here), _used(there)
    if "base_model" in ours and "base_model" in theirs:
        yield Difference("base_model", "Base model", here.base_model, there.base_model)
    for name, advice in FIELDS.items():
        if name in ours and name in theirs:
            values = (_text(getattr(config, name)) for config in (here, there))
            yield Difference(name, advice.label, *values)
    yield Difference("dataset", "Persona's file", *(_file(config) for config in (here, there)))
    asked = ("; ".join(config.questions) or "chosen for it" for config in (here, there))
    yield Difference("questions", "Questions asked", *asked)


def _used(config: TrainingConfig) -> set[str]:
    """The settings that count for this way to fine-tune."""
    foreign = {
        "lora": ("scratch_",),
        "full": ("scratch_", "lora_"),
        "scratch": ("lora_", "rehearsal"),
    }
    used = {name for name in FIELDS if not name.startswith(foreign[config.method])}
    if config.method != "scratch":
        used.add("base_model")
    if config.max_steps is not None:
        used.discard("epochs")  # the steps take their place
    return used


def _text(value: float | None) -> str:
    if value is None:
        return "no limit"
    return str(value) if isinstance(value, int) else f"{value:.4g}"


def _file(config: TrainingConfig) -> str:
    return config.dataset or "the first persona"


def _data(one: Run, other: Run) -> Iterator[Difference]:
    here, there = one.dataset_version, other.dataset_version
    if not here or not there or here == there:
        return
    short = (here[:HASH_DIGITS], there[:HASH_DIGITS])
    yield Difference("dataset_sha256", "Version of the data", *short)
    ours, theirs = _conversations(one), _conversations(other)
    if ours is not None and theirs is not None:
        alone = ((ours - theirs).total(), (theirs - ours).total())
        yield Difference("", "Conversations only in this one", *map(str, alone))


def _conversations(run: Run) -> Counter[str] | None:
    """Its conversations, each as one text; None where they are too many or of another format."""
    path = run.path / "data.json"
    try:
        if path.stat().st_size > LARGEST_DATA:
            return None
        rows = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(rows, list):
        return None
    return Counter(json.dumps(row, sort_keys=True) for row in rows)


def _facts(one: Run, other: Run) -> Iterator[Difference]:
    here, there = one.facts, other.facts
    for name, label in _FACTS.items():
        ours, theirs = here.get(name), there.get(name)
        if ours is not None and theirs is not None:
            yield Difference(name, label, str(ours), str(theirs))
    ours, theirs = here.get("libraries"), there.get("libraries")
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in sorted({*ours, *theirs}):
            values = (str(versions.get(name, "not there")) for versions in (ours, theirs))
            yield Difference(name, f"Library {name}", *values)
