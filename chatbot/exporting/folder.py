"""Writes a model as the plain folder that `from_pretrained` and `pipeline` read without us."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatbot.engine.sampling import SamplingParams
from chatbot.engine.shapes import shape_of

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

    from chatbot.engine.loading import LoadedModel

_OF_THIS_MACHINE = ("backend", "is_local", "local_files_only")
"""What the library notes down about how it read the tokenizer."""


def write_model(loaded: "LoadedModel", folder: Path) -> None:
    """Weights, configuration, generation defaults and tokenizer into an existing folder.

    Args:
        loaded: in the number format that is wanted.

    Raises:
        OSError: it can't be written.
    """
    model: Any = loaded.model
    with _quietly():
        model.config.dtype = loaded.placement.torch_dtype
        model.config.use_cache = True
        model.generation_config = _generation_config(loaded)
        model.save_pretrained(folder)
        _write_tokenizer(loaded.tokenizer, folder)
    for weights in folder.glob("*.safetensors"):  # written for the owner's eyes only
        weights.chmod(0o644)


def _generation_config(loaded: "LoadedModel") -> Any:
    """The lab's own defaults, and every token that ends an answer."""
    from transformers import GenerationConfig

    tokenizer, params = loaded.tokenizer, SamplingParams()
    ends = sorted(shape_of(tokenizer).stop_ids)
    # The tokenizer's own end first: programs that know a single one take that.
    ends.sort(key=lambda number: number != tokenizer.eos_token_id)
    padding = tokenizer.pad_token_id
    return GenerationConfig(
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=ends if len(ends) > 1 else ends[0] if ends else None,
        pad_token_id=padding if padding is not None else ends[0] if ends else None,
        do_sample=True,
        temperature=params.temperature,
        top_p=params.top_p,
        top_k=params.top_k,
        max_new_tokens=min(params.max_new_tokens, loaded.window // 2),
    )


def _write_tokenizer(tokenizer: "PreTrainedTokenizerFast", folder: Path) -> None:
    tokenizer.save_pretrained(folder)
    path = folder / "tokenizer_config.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    for name in _OF_THIS_MACHINE:
        settings.pop(name, None)
    # The class's name before Transformers 5, which reads it as well.
    if settings.get("tokenizer_class") == "TokenizersBackend":
        settings["tokenizer_class"] = "PreTrainedTokenizerFast"
    path.write_text(json.dumps(settings, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


@contextmanager
def _quietly() -> Iterator[None]:
    """Alone with the library, and without its progress bars on standard error."""
    from transformers.utils import logging

    from chatbot.engine.loading import library

    with library:
        bars = logging.is_progress_bar_enabled()
        logging.disable_progress_bar()
        try:
            yield
        finally:
            if bars:
                logging.enable_progress_bar()
