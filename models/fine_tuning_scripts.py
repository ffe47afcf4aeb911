"""Fine-tuning for scripts: one function with documented defaults.

    from models.fine_tuning_scripts import start_fine_tuning
    checkpoint = start_fine_tuning()

trains the persona of the editor into the default model with LoRA, prints how far it is, and returns
the folder of the finished checkpoint, which the chat lists.
"""

from os import PathLike
from pathlib import Path
from typing import Any

from chatbot.engine.catalog import DEFAULT_MODEL, name_of
from chatbot.errors import BadInput, ChatbotError
from chatbot.training import data, learning_on
from chatbot.training.config import Method, PresetName, TrainingConfig, preset
from chatbot.training.job import run_training
from chatbot.training.progress import ProgressLines
from chatbot.training.saving import copy_checkpoint


def start_fine_tuning(
    dataset: str | PathLike[str] | None = None,
    base_model: str | PathLike[str] | None = None,
    method: Method | None = None,
    output_dir: str | PathLike[str] | None = None,
    seed: int = 42,
    *,
    size: PresetName = "Balanced",
    **training: Any,
) -> Path:
    """Fine-tune, print progress, return the checkpoint.

    Args:
        dataset: a file of conversations (ShareGPT JSON); None is the persona of the editor,
            else the starter persona.
        base_model: a folder or a catalog name such as "smollm2-135m-instruct" or "pocket-gpt2";
            None is the default model. With "lora", an adapter learns on and keeps its rank.
        method: "lora" (None means this) trains a small adapter, "full" every weight, "scratch" a
            new small GPT-2.
        output_dir: where to copy the checkpoint in addition; None leaves it in its run's folder
            under models/runs/.
        seed: the same seed, data and settings give the same model on the same machine.
        size: "Quick", "Balanced" or "Thorough": how much to train, by the number of conversations.
        training: any other setting of `chatbot.training.config.TrainingConfig`, such as
            `epochs=3` or `learning_rate=1e-4`; what is not named is as the preset has it.

    Returns:
        the folder of the checkpoint: the one with the lowest held-out loss, else the last.

    Raises:
        BadInput, NotAvailable, OutOfResources, Conflict: it can't start; says why.
        ChatbotError: it started and failed; says why. What had been learned is kept.
    """
    path = "" if dataset is None else str(dataset)
    base = DEFAULT_MODEL if base_model is None else name_of(str(base_model))
    source = data.read(path)
    usual = preset(size, method=method or "lora", base_model=base, conversations=len(source.usable))
    suggested = learning_on.suited(usual)
    config = TrainingConfig.of(**{**vars(suggested), "dataset": path, "seed": seed, **training})
    target = Path(output_dir).expanduser() if output_dir is not None else None
    if target is not None and target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise BadInput(
            "The folder for the checkpoint is not empty.",
            value=str(target),
            remedy="Choose a new one; nothing is overwritten.",
        )
    run = run_training(config, on_progress=ProgressLines(_say))
    status, checkpoint = run.status(), run.best_checkpoint
    if status.state not in ("finished", "stopped") or checkpoint is None:
        raise ChatbotError(status.error or status.message)
    if target is not None:
        checkpoint = copy_checkpoint(checkpoint, target)
    _say(f"The checkpoint is in {checkpoint}")
    return checkpoint


def _say(line: str) -> None:
    print(line, flush=True)
