"""An adapter that learns on: which settings come with it, and which adapters can."""

import json
from dataclasses import replace

from chatbot.engine import catalog
from chatbot.engine.catalog import DEFAULT_MODEL, ModelEntry
from chatbot.engine.checkpoints import ADAPTER_CONFIG
from chatbot.errors import BadInput, ChatbotError
from chatbot.training.config import REHEARSAL, TrainingConfig

_NOT_OURS = ("use_dora", "use_rslora", "modules_to_save", "rank_pattern", "alpha_pattern")
"""What changes how an adapter is added to its base; a run knows the plain sum of LoRA alone."""


def adapter_of(config: TrainingConfig) -> ModelEntry | None:
    """The adapter that these settings train further; None where they put on a new one.

    Raises:
        NotAvailable, BadInput: there is no such base model.
    """
    if config.method != "lora":
        return None
    entry = catalog.resolve(config.base_model)
    return entry if entry.kind == "adapter" else None


def suited(config: TrainingConfig) -> TrainingConfig:
    """The settings with what an adapter that learns on brings: its rank and alpha, and rehearsal
    where it stands on the default model. Others, and those of an adapter that can't learn on or is
    not here, come back as they are: `checked` says why."""
    try:
        adapter = adapter_of(config)
        if adapter is None:
            return config
        rank, alpha = _rank_and_alpha(adapter)
        rehearsal = REHEARSAL if adapter.base == DEFAULT_MODEL else config.rehearsal
        return replace(config, lora_rank=rank, lora_alpha=alpha, rehearsal=rehearsal)
    except ChatbotError:
        return config


def checked(adapter: ModelEntry, config: TrainingConfig) -> None:
    """That the adapter can learn on with these settings.

    Raises:
        BadInput: it is of a kind that can't be trained here, or they name another rank or alpha.
    """
    rank, alpha = _rank_and_alpha(adapter)
    if (rank, alpha) != (config.lora_rank, config.lora_alpha):
        raise BadInput(
            "An adapter that learns on keeps its rank and alpha.",
            value=f"rank {config.lora_rank}, alpha {config.lora_alpha}",
            remedy=f"Set the rank to {rank} and alpha to {alpha}, or start from {adapter.base}.",
        )


def _rank_and_alpha(adapter: ModelEntry) -> tuple[int, int]:
    """Raises `BadInput` where the adapter is none that can be trained further."""
    try:
        settings = json.loads((adapter.path / ADAPTER_CONFIG).read_text(encoding="utf-8"))
        rank, alpha = int(settings["r"]), float(settings["lora_alpha"])
        other = [name for name in _NOT_OURS if settings.get(name)]
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadInput(
            "The settings of this LoRA adapter can't be read.",
            value=f"{adapter.name}: {error}",
            remedy=f"Start from {adapter.base}, or choose a full fine-tune.",
        ) from error
    if settings.get("bias", "none") != "none":
        other.append("bias")
    if not alpha.is_integer():
        other.append(f"alpha {alpha:g}")
    if other:
        raise BadInput(
            "This LoRA adapter is of a kind that can't be trained further here.",
            value=f"{adapter.name}: {', '.join(other)}",
            remedy=f"Start from {adapter.base}, or choose a full fine-tune.",
        )
    return rank, int(alpha)
