"""Turns a catalog entry into a model in memory. Safetensors only; nothing in a folder is ever run.

Raises errors for people where a folder is damaged; the library's own exceptions stay attached.
"""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerFast
from transformers.utils import logging as library_logging

from chatbot import files
from chatbot.engine import catalog, checkpoints
from chatbot.engine.catalog import ModelEntry
from chatbot.engine.device import Placement, choose_placement
from chatbot.engine.families import Family, class_of
from chatbot.engine.templates import ensure_template
from chatbot.errors import BadInput, OutOfResources

HASH_DIGITS = 12

library = threading.RLock()
"""Held by whoever makes or reads a model, in any thread. `from_pretrained` swaps functions of the
library for the whole process and puts them back; two at once leave them swapped for good, and a
model that is built meanwhile loses the tie between its embeddings and its output."""

_hashes: dict[tuple[str, int, int], str] = {}
"""SHA-256 by (path, size, time of change), for the life of the process."""


@dataclass
class LoadedModel:
    """A model ready to chat. `hash`: 12 hex digits that name its weights; `window`: tokens."""

    entry: ModelEntry
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerFast
    hash: str
    placement: Placement
    window: int


def load(name_or_path: str | Path, placement: Placement | None = None) -> LoadedModel:
    """Load a model for chatting: evaluation mode, no gradients, on its device.

    An adapter is merged into its base in float32 and cast afterwards.

    Args:
        name_or_path: a catalog name, or a folder.
        placement: where it shall run; None chooses.

    Raises:
        NotAvailable: there is no such model.
        BadInput: its files are damaged or of a kind that is not loaded.
        OutOfResources: it doesn't fit into memory.
    """
    entry = catalog.resolve(name_or_path)
    place = placement or choose_placement()
    hashing = _Hashing(entry)
    with in_plain_words(entry):
        model = _weights(entry, torch.float32 if entry.kind == "adapter" else place.torch_dtype)
        tokenizer = load_tokenizer(entry)
        cast_weights(model, place.torch_dtype)
        moved: Any = model
        moved.to(place.device)
        _check_vocabulary(model, tokenizer)
        digest = hashing.result()
    # Without a gradient torch takes another way to the scores of a prompt's last token, and copies
    # the whole output matrix on it: 100 ms before each answer of SmolLM2. `inference_mode` sees to
    # it that none is computed.
    model.eval().requires_grad_(True)
    window = int(model.config.max_position_embeddings)
    return LoadedModel(entry, model, tokenizer, digest[:HASH_DIGITS], place, window)


def load_for_training(name_or_path: str | Path) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    """A fresh float32 copy on the CPU that nobody else holds; an adapter comes merged.

    Raises: as `load`.
    """
    entry = catalog.resolve(name_or_path)
    with in_plain_words(entry):
        model = _weights(entry, torch.float32)
        tokenizer = load_tokenizer(entry)
        _check_vocabulary(model, tokenizer)
    return model.train().requires_grad_(True), tokenizer


def load_tokenizer(entry: ModelEntry) -> PreTrainedTokenizerFast:
    """The checkpoint's own tokenizer, else that of its adapter's base; with a chat template."""
    folder = checkpoints.tokenizer_folder(entry.path)
    if folder is None and entry.base is not None:
        return load_tokenizer(catalog.resolve(entry.base))
    if folder is None:
        raise BadInput("This checkpoint has no tokenizer.", value=entry.name)
    reader: Any = PreTrainedTokenizerFast
    if not _names_generic_class(folder):  # importing all classes takes longer than loading
        from transformers import AutoTokenizer

        reader = AutoTokenizer
    with _quietly():
        tokenizer = reader.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise BadInput(
            "This checkpoint's tokenizer is of a kind that can't be used here.",
            value=type(tokenizer).__name__,
            remedy="Save it as tokenizer.json (a fast tokenizer) beside the weights.",
        )
    ensure_template(tokenizer)
    return tokenizer


def cast_weights(model: PreTrainedModel, dtype: torch.dtype) -> None:
    """Give the weights a number type. Rotary frequencies, which are no weights, stay in float32,
    as the library loads them: `model.to(dtype)` would round the positions."""
    for weights in model.parameters():
        weights.data = weights.data.to(dtype)


def weights_hash(entry: ModelEntry) -> str:
    """SHA-256 of the weights, 64 digits: of the file itself where there is one, else of all.

    For several files, and for an adapter with its base, it is taken over their digests in order.
    """
    digests = [_file_hash(path) for path in _weight_files(entry)]
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _weights(entry: ModelEntry, dtype: torch.dtype) -> PreTrainedModel:
    if entry.kind != "adapter":
        return _model(entry.path, entry.family, dtype)
    from peft import PeftModel

    assert entry.base is not None
    base = catalog.resolve(entry.base)
    with library:
        model = _model(base.path, base.family, torch.float32)
        adapted: Any = PeftModel.from_pretrained(model, str(entry.path), use_safetensors=True)
        merged: PreTrainedModel = adapted.merge_and_unload(safe_merge=True)
    return merged


def _model(folder: Path, family: Family, dtype: torch.dtype) -> PreTrainedModel:
    cls: Any = class_of(family)
    with _quietly():
        model, report = cls.from_pretrained(
            folder,
            dtype=dtype,
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
            attn_implementation="sdpa",
            output_loading_info=True,
        )
    if report["missing_keys"]:
        raise BadInput(
            "The weights of this model are not complete.",
            value=", ".join(sorted(report["missing_keys"])[:3]),
            remedy="Download or save the checkpoint again.",
        )
    assert isinstance(model, PreTrainedModel)
    return model


def _check_vocabulary(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast) -> None:
    embeddings: Any = model.get_input_embeddings()
    known = int(embeddings.weight.shape[0])
    if len(tokenizer) > known:
        raise BadInput(
            "Tokenizer and weights of this model don't belong together.",
            value=f"{len(tokenizer)} tokens; the weights know {known}",
            remedy="Put the tokenizer that the model was trained with beside it.",
        )


class _Hashing:
    """Computes the weights' hash on a thread of its own while they are loaded."""

    def __init__(self, entry: ModelEntry) -> None:
        self._answer = ""
        self._error: OSError | None = None
        self._thread = threading.Thread(target=self._run, args=(entry,), daemon=True)
        self._thread.start()

    def _run(self, entry: ModelEntry) -> None:
        try:
            self._answer = weights_hash(entry)
        except OSError as error:
            self._error = error

    def result(self) -> str:
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._answer


def _weight_files(entry: ModelEntry) -> list[Path]:
    own = list(checkpoints.inspect(entry.path).weights)
    return own if entry.base is None else own + _weight_files(catalog.resolve(entry.base))


def _file_hash(path: Path) -> str:
    status = path.stat()
    key = (str(path.resolve()), status.st_size, status.st_mtime_ns)
    if key not in _hashes:
        _hashes[key] = files.sha256_of(path)
    return _hashes[key]


def _names_generic_class(folder: Path) -> bool:
    try:
        text = (folder / "tokenizer_config.json").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return False
    generic = any(f'"{name}"' in text for name in ("PreTrainedTokenizerFast", "TokenizersBackend"))
    return generic and (folder / "tokenizer.json").is_file()


@contextmanager
def _quietly() -> Iterator[None]:
    """Alone with the library, and without its progress bars and hints on standard error."""
    with library:
        bars, verbosity = library_logging.is_progress_bar_enabled(), library_logging.get_verbosity()
        library_logging.disable_progress_bar()
        library_logging.set_verbosity_error()
        try:
            yield
        finally:
            library_logging.set_verbosity(verbosity)
            if bars:
                library_logging.enable_progress_bar()


@contextmanager
def in_plain_words(entry: ModelEntry) -> Iterator[None]:
    """Whatever a damaged folder makes the libraries raise becomes one sentence."""
    try:
        yield
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise _no_memory(entry) from error
    except BadInput:
        raise
    except Exception as error:
        if isinstance(error, RuntimeError) and "not enough memory" in str(error):
            raise _no_memory(entry) from error
        raise BadInput(
            f"The model {entry.title} could not be loaded: its files don't fit together.",
            value=str(error).strip().partition("\n")[0],
            remedy="Download or save the checkpoint again.",
        ) from error


def _no_memory(entry: ModelEntry) -> OutOfResources:
    return OutOfResources(
        f"There is not enough memory for the model {entry.title}.",
        remedy="Close other programs, or choose a smaller model.",
    )
