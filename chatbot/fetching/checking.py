"""Is what lies in a folder a model that will work? Asked before it is offered to anybody.

Reads weights one tensor at a time, so that the check of a large model needs little memory.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from chatbot.engine import catalog, checkpoints, safetensors_files
from chatbot.engine.catalog import ModelEntry
from chatbot.errors import BadInput, ChatbotError, NotAvailable

_NAMED = 3
"""How many names an error shows."""
_OTHER_NAMES = {"embed_out.weight": "lm_head.weight"}
"""What checkpoints of GPT-NeoX call the output layer; the library renames it when it loads."""


def check(folder: Path, base: str | None = None) -> ModelEntry:
    """Look at a folder as if it were to be loaded.

    Args:
        base: for an adapter, the catalog name of its base; None where the adapter says it.

    Raises:
        BadInput: it can't be used; says why.
        NotAvailable: it is an adapter whose base is not here.
    """
    contents = checkpoints.inspect(folder)
    if contents.problem is not None:
        raise _unusable(contents.problem)
    tensors = _tensors(contents.weights)
    if contents.adapter:
        entry = _base_of(contents, base)
        _compare(_adapter_shapes(folder, entry), tensors, complete=False)
    else:
        _compare(_model_shapes(folder, contents), tensors, complete=True)
        _see_vocabulary(folder)
    _see_numbers(contents.weights)
    return catalog.entry_of(folder)


def _base_of(contents: checkpoints.Contents, named: str | None) -> ModelEntry:
    wanted = named or contents.base or ""
    try:
        entry = catalog.resolve(wanted)
    except ChatbotError as error:
        raise NotAvailable(
            "This is a LoRA adapter: a small addition to a model that is not here.",
            value=wanted,
            remedy="Fetch that model first, or say which of yours it belongs to.",
        ) from error
    if entry.kind == "adapter":
        raise BadInput(
            "An adapter can't be put on another adapter.",
            value=entry.name,
            remedy="Choose the model that the adapter was trained on.",
        )
    return entry


def _tensors(paths: Sequence[Path]) -> dict[str, tuple[int, ...]]:
    """Name -> shape, of all files together."""
    found: dict[str, tuple[int, ...]] = {}
    for path in paths:
        try:
            header = safetensors_files.header_of(path)
            found |= {name: tuple(map(int, row["shape"])) for name, row in header.items()}
        except (ValueError, TypeError, KeyError, OSError) as error:
            raise _unusable(f"{path.name} is not usable: {error}.") from error
    return found


def _model_shapes(folder: Path, contents: checkpoints.Contents) -> dict[str, tuple[int, ...]]:
    """What a model of this config consists of, without making it: shapes need no memory."""
    import torch

    from chatbot.engine.families import class_of
    from chatbot.engine.loading import library

    cls: Any = class_of(contents.family)
    try:
        with library, torch.device("meta"):
            model = cls(cls.config_class.from_pretrained(folder, local_files_only=True))
    except Exception as error:  # whatever a library says to an odd config
        raise _unusable(f"Its config.json can't be understood ({_first_line(error)}).") from error
    tied = set(getattr(model, "all_tied_weights_keys", None) or ())
    shapes = {name: tuple(value.shape) for name, value in model.named_parameters()}
    prefix = f"{cls.base_model_prefix}."
    return {name.removeprefix(prefix): shape for name, shape in shapes.items() if name not in tied}


def _adapter_shapes(folder: Path, base: ModelEntry) -> dict[str, tuple[int, ...]]:
    import torch
    from peft import LoraConfig, get_peft_model

    from chatbot.engine.families import class_of
    from chatbot.engine.loading import library

    cls: Any = class_of(base.family)
    try:
        with library, torch.device("meta"):
            model = cls(cls.config_class.from_pretrained(base.path, local_files_only=True))
            settings = LoraConfig.from_pretrained(str(folder))
            settings.base_model_name_or_path = None
            adapted: Any = get_peft_model(model, settings)
    except Exception as error:
        raise _unusable(
            f"This adapter does not fit {base.title} ({_first_line(error)})."
        ) from error
    return {
        name.replace(".default.", "."): tuple(value.shape)
        for name, value in adapted.named_parameters()
        if ".lora_" in name
    }


def _compare(
    expected: Mapping[str, tuple[int, ...]],
    there: Mapping[str, tuple[int, ...]],
    *,
    complete: bool,
) -> None:
    """Every tensor that the model has must be there in its shape.

    Checkpoints of GPT-2 on the hub leave out the prefix of the names, others write it.
    """
    found = {**there, **{name.partition(".")[2]: shape for name, shape in there.items()}}
    found |= there
    found |= {ours: found[theirs] for theirs, ours in _OTHER_NAMES.items() if theirs in found}
    missing = [name for name in expected if name not in found]
    if missing:
        what = "Its weights are not complete" if complete else "It does not fit this model"
        raise _unusable(f"{what}: {_listed(missing)} missing.")
    for name, shape in expected.items():
        if found[name] != shape:
            raise _unusable(
                f"Its weights don't fit its settings: {name} is {_times(found[name])} instead of "
                f"{_times(shape)}."
            )


def _see_vocabulary(folder: Path) -> None:
    """The tokenizer can be read, knows no more tokens than the weights, and knows how they end."""
    import json

    from chatbot.engine.loading import load_tokenizer

    try:
        tokenizer = load_tokenizer(catalog.entry_of(folder))
    except ChatbotError:
        raise
    except Exception as error:
        raise _unusable(f"Its tokenizer can't be read ({_first_line(error)}).") from error
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    known, end = int(config.get("vocab_size") or 0), config.get("eos_token_id")
    ends = end if isinstance(end, list) else [end]
    problem = ""
    if known and len(tokenizer) > known:
        problem = f"{len(tokenizer)} tokens; the weights know {known}"
    elif ends and all(isinstance(each, int) and each >= len(tokenizer) for each in ends):
        problem = f"{len(tokenizer)} tokens; the weights end an answer with token {ends[0]}"
    if problem:
        raise BadInput(
            "Tokenizer and weights of this model don't belong together.",
            value=problem,
            remedy="Put the tokenizer that the model was trained with beside it.",
        )


def _see_numbers(weights: Sequence[Path]) -> None:
    """Every weight is a finite number."""
    import torch
    from safetensors import SafetensorError, safe_open

    for path in weights:
        try:
            with safe_open(path, framework="pt") as opened:
                for name in opened.keys():  # noqa: SIM118  (it is no dictionary)
                    tensor = opened.get_tensor(name)
                    if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
                        raise _unusable(
                            f"{name} holds values that are no numbers (NaN or infinity): the "
                            "training that made it has failed."
                        )
        except SafetensorError as error:
            raise _unusable(f"{path.name} is not usable: {_first_line(error)}.") from error


def _unusable(why: str) -> BadInput:
    return BadInput(f"This model can't be used. {why}")


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more are" if len(names) > _NAMED else (
        " is" if len(names) == 1 else " are"
    )  # fmt: skip
    return ", ".join(names[:_NAMED]) + more


def _times(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape)) or "a single number"


def _first_line(error: BaseException) -> str:
    return (str(error).strip().partition("\n")[0] or type(error).__name__)[:200]
