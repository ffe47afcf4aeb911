"""What a run does and stands on, in a few words."""

from pathlib import PurePath

from chatbot.training.config import TrainingConfig
from pages.ui.fine_tune_form import METHODS


def way(config: TrainingConfig) -> str:
    """`LoRA on smollm2-135m-instruct`."""
    if config.method == "scratch":
        return METHODS["scratch"]
    return f"{METHODS[config.method]} on {base_name(config.base_model)}"


def base_name(base_model: str) -> str:
    """A base model for reading: `20261122-161502-smollm2-lora, step 40` of a checkpoint, and of a
    folder elsewhere its name alone."""
    folder = PurePath(base_model)
    if folder.is_absolute():
        kept = 2 if folder.name.startswith("checkpoint-") else 1
        base_model = "/".join(folder.parts[-kept:])
    return base_model.removeprefix("runs/").replace("/checkpoint-", ", step ")
