"""What a folder holds, judged by its small files alone: model, adapter, or why it is neither."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatbot.engine import safetensors_files
from chatbot.engine.families import KIN, SPOKEN, Family, family_of

WEIGHTS = "model.safetensors"
WEIGHTS_INDEX = "model.safetensors.index.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
ADAPTER_CONFIG = "adapter_config.json"
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
_NOT_WEIGHTS = frozenset({"training_args.bin", "optimizer.pt", "scheduler.pt", "rng_state.pth"})
LARGEST_SMALL_FILE = 20_000_000


@dataclass(frozen=True)
class Contents:
    """A folder's judgement. `problem` is None where it can be loaded, else a full sentence."""

    family: Family
    adapter: bool
    weights: tuple[Path, ...]
    summary: str
    base: str | None = None
    problem: str | None = None


def is_candidate(folder: Path) -> bool:
    """Whether a folder looks like a checkpoint at all, whole or not."""
    return (folder / "config.json").is_file() or (folder / ADAPTER_CONFIG).is_file()


def inspect(folder: Path) -> Contents:
    """Judge a folder. Never raises for what is in it: the answer has a `problem` instead."""
    try:
        if (folder / ADAPTER_CONFIG).is_file():
            return _adapter(folder)
        return _model(folder)
    except _UnusableError as reason:
        return Contents("gpt2", False, (), "", problem=str(reason))
    except OSError as error:
        reason_text = error.strerror or "unknown reason"
        return Contents("gpt2", False, (), "", problem=f"It can't be read: {reason_text}.")


def tokenizer_folder(folder: Path) -> Path | None:
    """Where the tokenizer of a checkpoint is: beside it, or one up as some training scripts do."""
    for place in (folder, folder.parent):
        if (place / "tokenizer.json").is_file():
            return place
        if (place / "vocab.json").is_file() and (place / "merges.txt").is_file():
            return place
    return None


class _UnusableError(Exception):
    """Why a folder can't be loaded, as a sentence; never leaves this module."""


def _model(folder: Path) -> Contents:
    if not (folder / "config.json").is_file():
        pickled = _pickles(folder)
        raise _UnusableError(_only_pickle(pickled) if pickled else "It has no config.json.")
    config = _json(folder / "config.json")
    family = family_of(config.get("model_type"))
    if family is None:
        said = config.get("model_type")
        raise _UnusableError(f"Its model type is {said!r}; what can be loaded: {SPOKEN}.")
    if config.get("auto_map"):
        raise _UnusableError(
            "It wants to run code of its own (auto_map), which is never done here."
        )
    if config.get("quantization_config"):
        raise _UnusableError("Its weights are quantised; only plain weights can be loaded.")
    wanted = KIN[family].language_model
    named = config.get("architectures") or [wanted]
    if named != [wanted]:
        raise _UnusableError(f"It is no language model: {named!r} instead of {wanted}.")
    weights = _model_weights(folder)
    if tokenizer_folder(folder) is None:
        raise _UnusableError("It has no tokenizer.json (nor vocab.json with merges.txt).")
    return Contents(family, False, weights, _summary(config, family, weights))


def _adapter(folder: Path) -> Contents:
    config = _json(folder / ADAPTER_CONFIG)
    if config.get("peft_type") != "LORA":
        raise _UnusableError(f"It is an adapter of the kind {config.get('peft_type')!r}, not LoRA.")
    if config.get("auto_mapping"):
        raise _UnusableError(
            "It wants to run code of its own (auto_mapping), which is never done here."
        )
    base = config.get("base_model_name_or_path")
    if not isinstance(base, str) or not base:
        raise _UnusableError("It does not say which model it belongs to.")
    path = folder / ADAPTER_WEIGHTS
    _require_whole(path, folder)
    summary = f"LoRA adapter, rank {config.get('r')}, {_size((path,))}"
    return Contents("gpt2", True, (path,), summary, base=base)


def _model_weights(folder: Path) -> tuple[Path, ...]:
    if (folder / WEIGHTS).is_file() or not (folder / WEIGHTS_INDEX).is_file():
        _require_whole(folder / WEIGHTS, folder)
        return (folder / WEIGHTS,)
    parts = _json(folder / WEIGHTS_INDEX).get("weight_map")
    if not isinstance(parts, dict) or not parts:
        raise _UnusableError(f"{WEIGHTS_INDEX} names no files.")
    names = sorted({str(name) for name in parts.values()})
    for name in names:
        if Path(name).name != name or not name.endswith(".safetensors"):
            raise _UnusableError(
                f"{WEIGHTS_INDEX} names a file that is no safetensors file beside it."
            )
        _require_whole(folder / name, folder)
    return tuple(folder / name for name in names)


def _require_whole(path: Path, folder: Path) -> None:
    problem = safetensors_files.problem_of(path)
    if problem is None:
        return
    pickled = _pickles(folder)
    if pickled and not path.is_file():
        raise _UnusableError(_only_pickle(pickled))
    raise _UnusableError(f"{path.name} is not usable: {problem}.")


def _pickles(folder: Path) -> list[str]:
    found = {path.name for pattern in _PICKLES for path in folder.glob(pattern)}
    return sorted(found - _NOT_WEIGHTS)


def _only_pickle(names: list[str]) -> str:
    return (
        f"Its weights are stored as {names[0]}, a format that can run code when it is opened; "
        "only safetensors is loaded."
    )


def _summary(config: dict[str, Any], family: Family, weights: tuple[Path, ...]) -> str:
    layers = config.get("n_layer", config.get("num_hidden_layers"))
    width = config.get("n_embd", config.get("hidden_size"))
    return f"{KIN[family].title}, {layers} layers, {width} wide, {_size(weights)}"


def _size(paths: tuple[Path, ...]) -> str:
    megabytes = sum(path.stat().st_size for path in paths) / 1e6
    return f"{megabytes:.0f} MB" if megabytes >= 10 else f"{megabytes:.1f} MB"


def _json(path: Path) -> dict[str, Any]:
    if path.stat().st_size > LARGEST_SMALL_FILE:
        raise _UnusableError(f"{path.name} is far too large to be right.")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise _UnusableError(f"{path.name} is not readable JSON.") from error
    if not isinstance(content, dict):
        raise _UnusableError(f"{path.name} is not what it should be.")
    return content
