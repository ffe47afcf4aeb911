"""All that a training needs, made ready, and what a run's folder tells of it."""

import platform
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from chatbot.training import data, processes
from chatbot.training.config import TrainingConfig
from chatbot.training.emphasis import emphasised
from chatbot.training.preflight import Preflight
from chatbot.training.runs import Run

if TYPE_CHECKING:
    from chatbot.engine.device import Placement
    from chatbot.training.trainable import Trainable

LIBRARIES = ("torch", "transformers", "accelerate", "peft", "tokenizers", "safetensors", "numpy")


@dataclass
class Prepared:
    """All that the training itself needs."""

    config: TrainingConfig
    plan: Preflight
    placement: "Placement"
    trainable: "Trainable"
    weigh: data.Weigh
    train: data.Tokenised
    held_out: data.Tokenised

    @property
    def keeps_last(self) -> bool:
        """Whether the held-out loss is no judge: a new model knows nothing but these conversations
        and talks best when it knows them by heart; and where the most telling ones are read again,
        the persona's facts come late, when other sentences have long become unlikelier. So do
        the answers that a person corrected."""
        config = self.config
        chosen = 0 < config.most_conversations <= len(self.plan.parts.train) and config.epochs > 1
        judged = self.held_out.examples and not self.corrects
        return config.method == "scratch" or chosen or not judged

    @property
    def corrects(self) -> bool:
        """Whether a person took examples from chats, which are to be known at the end: no loss on
        other conversations ends the run before that."""
        return bool(emphasised(self.plan.parts.train, self.config))


def facts_of(run: Run, prepared: Prepared) -> dict[str, Any]:
    """What a run's folder must tell so that it can be understood and repeated."""
    import torch

    from chatbot.engine.loading import HASH_DIGITS, weights_hash

    base = prepared.plan.base
    return {
        "base_model": base.name if base else None,
        "base_hash": weights_hash(base)[:HASH_DIGITS] if base else None,
        "dataset_sha256": run.dataset_version,
        "conversations": len(prepared.plan.source.usable),
        "trained_on": len(prepared.plan.parts.train),
        "held_out": len(prepared.held_out.examples),
        "cut": prepared.train.cut + prepared.held_out.cut,
        "tokens": prepared.train.tokens,
        "learned_tokens": prepared.train.trained_tokens,
        "steps": prepared.plan.steps,
        "parameters": prepared.trainable.parameters,
        "trained_parameters": prepared.trainable.trained_parameters,
        "device": prepared.placement.device,
        "dtype": prepared.placement.dtype,
        "threads": torch.get_num_threads(),
        "processes": processes.current().count,
        "seed": prepared.config.seed,
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
    }
