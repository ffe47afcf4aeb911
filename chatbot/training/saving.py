"""What a run leaves on the disk: checkpoints to chat with, and the state for going on exactly.

A checkpoint `checkpoint-<step>/` is written under a hidden name and then renamed, so that it is
whole or not there. It is small: LoRA adapters in float32, whole models in bfloat16.

The state `.resume/checkpoint-<step>/` is the library's own: float32 weights, optimizer, schedule,
random numbers, progress. It counts once its marker lies in it, which is written last and names
the files' sizes; a state without a true marker was cut off and is never resumed from.
"""

import json
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatbot.files import write_atomically, write_error
from chatbot.training.runs import Run, step_of

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

STATE_FOLDER = ".resume"
MARKER = "complete.json"


def state_folder(run: Run) -> Path:
    return run.path / STATE_FOLDER


def mark_complete(state: Path) -> None:
    """Say that all of a state is there. To be called when everything else in it is written."""
    sizes = {path.name: path.stat().st_size for path in state.iterdir() if path.name != MARKER}
    write_atomically(state / MARKER, json.dumps(sizes, indent=1) + "\n")


def is_complete(state: Path) -> bool:
    try:
        sizes = json.loads((state / MARKER).read_text(encoding="utf-8"))
        return bool(sizes) and all(
            (state / name).stat().st_size == size for name, size in sizes.items()
        )
    except (OSError, ValueError, AttributeError):
        return False


def last_state(run: Run) -> Path | None:
    """The latest state that can be resumed from."""
    whole = [state for state in _states(run) if is_complete(state)]
    return max(whole, key=step_of, default=None)


def keep_only_state(run: Run, kept: Path | None) -> None:
    """Delete every other state, whole or cut off."""
    for state in _states(run):
        if state != kept:
            shutil.rmtree(state, ignore_errors=True)
    if kept is None:
        shutil.rmtree(state_folder(run), ignore_errors=True)


def keep_only_checkpoints(run: Run, kept: set[Path]) -> None:
    for checkpoint in run.checkpoints():
        if checkpoint not in kept:
            shutil.rmtree(checkpoint, ignore_errors=True)


def clear_leftovers(run: Run) -> None:
    """Delete what an interrupted save left under a hidden name. A stop may just be written."""
    for left in (path for path in run.path.glob(".*.tmp") if not path.name.startswith(".stop")):
        shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)


def export(
    model: Any, tokenizer: "PreTrainedTokenizerFast", folder: Path, *, base: str = ""
) -> Path:
    """Write a checkpoint that can be chatted with, whole or not at all.

    Args:
        model: a causal language model, or one with a LoRA adapter (then only that is written).
        folder: where it shall be; one that is there already is replaced.
        base: for an adapter, the name of the model it belongs to.

    Raises:
        OutOfResources, ChatbotError: it can't be written.
    """
    unfinished = folder.with_name(f".{folder.name}.tmp")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        unfinished.mkdir(parents=True)
        if hasattr(model, "peft_config"):
            _write_adapter(model, unfinished, base)
        else:
            _write_model(model, unfinished)
        tokenizer.save_pretrained(unfinished)
        if folder.exists():
            shutil.rmtree(folder)
        unfinished.rename(folder)
    except OSError as error:
        raise write_error(error, folder) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def copy_checkpoint(checkpoint: Path, folder: Path) -> Path:
    """Copy a checkpoint to a new or empty folder, whole or not at all.

    Raises:
        OutOfResources, ChatbotError: it can't be written.
    """
    unfinished = folder.with_name(f".{folder.name}.tmp")
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(checkpoint, unfinished)
        if folder.exists():
            folder.rmdir()
        unfinished.rename(folder)
    except OSError as error:
        raise write_error(error, folder) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def _write_adapter(model: Any, folder: Path, base: str) -> None:
    settings = model.peft_config["default"]
    settings.base_model_name_or_path = base
    try:
        model.save_pretrained(folder, save_embedding_layers=False)
    finally:
        settings.base_model_name_or_path = None
    with suppress(OSError):
        (folder / "README.md").unlink()  # the library's form, not filled in


def _write_model(model: Any, folder: Path) -> None:
    import torch

    halved: dict[int, torch.Tensor] = {}  # shared weights stay shared
    state = {}
    for name, tensor in model.state_dict().items():
        pointer = tensor.data_ptr()
        if pointer not in halved:
            halved[pointer] = tensor.detach().to("cpu", torch.bfloat16)
        state[name] = halved[pointer]
    model.save_pretrained(folder, state_dict=state)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config |= {"dtype": "bfloat16", "use_cache": True}  # training had switched the cache off
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def _states(run: Run) -> list[Path]:
    return [path for path in state_folder(run).glob("checkpoint-*") if step_of(path) >= 0]
