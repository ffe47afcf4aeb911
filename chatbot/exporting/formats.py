"""What a model can be exported as, and how much room that takes."""

import math
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from chatbot.engine import catalog, checkpoints, safetensors_files
from chatbot.engine.catalog import ModelEntry
from chatbot.engine.device import DTYPES
from chatbot.errors import BadInput, OutOfResources

Format = Literal["folder", "zip", "gguf-f16", "gguf-q8_0"]
FORMATS: Mapping[Format, str] = {
    "folder": "A folder for Transformers",
    "zip": "The same folder as one zip file",
    "gguf-f16": "GGUF for llama.cpp, Ollama, LM Studio",
    "gguf-q8_0": "GGUF of half the size (8 bits)",
}
BYTES: Mapping[str, float] = {"float32": 4, "bfloat16": 2, "float16": 2, "gguf-f16": 2}
_Q8_BYTES = 34 / 32
"""32 numbers of one byte share a scale of two."""
_STORED = {"F32": "float32", "BF16": "bfloat16", "F16": "float16"}
_BESIDE = 8_000_000
"""Bytes for the tokenizer, the card and the vectors that stay in float32."""


@dataclass(frozen=True)
class Wish:
    """What somebody wants: the format, and for a folder or a zip the number format of the weights.

    Raises:
        BadInput: there is no such format.
    """

    format: Format
    dtype: str = "bfloat16"

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise _unknown("format", self.format, FORMATS)
        if self.dtype not in DTYPES:
            raise _unknown("number format", self.dtype, DTYPES)

    @property
    def gguf_kind(self) -> Literal["f16", "q8_0"] | None:
        """None where no GGUF file is wanted."""
        if not self.format.startswith("gguf-"):
            return None
        return cast(Literal["f16", "q8_0"], self.format.removeprefix("gguf-"))


def size_of(entry: ModelEntry, wish: Wish) -> int:
    """Bytes that an export needs on the disk while it is made, about.

    Raises:
        NotAvailable, BadInput: the model is damaged or not here.
    """
    numbers = sum(math.prod(tensor["shape"]) for tensor in _tensors(entry))
    each = _Q8_BYTES if wish.format == "gguf-q8_0" else BYTES["gguf-f16"]
    if wish.gguf_kind is None:
        each = BYTES[wish.dtype] * (2 if wish.format == "zip" else 1)
    return int(numbers * each) + _BESIDE


def stored_dtype(entry: ModelEntry) -> str:
    """The number format that most of a model's weights are kept in; float32 for an adapter, which
    is merged in it.

    Raises:
        NotAvailable, BadInput: the model is damaged or not here.
    """
    if entry.base is not None:
        return "float32"
    sizes: Counter[str] = Counter()
    for tensor in _tensors(entry):
        sizes[_STORED.get(tensor["dtype"], "float32")] += math.prod(tensor["shape"])
    return sizes.most_common(1)[0][0] if sizes else "float32"


def check_room(folder: Path, needed: int) -> None:
    """Whether the disk of a folder (that may not exist yet) has so many bytes left.

    Raises:
        OutOfResources: it has not.
    """
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    free = shutil.disk_usage(place).free
    if free < needed:
        raise OutOfResources(
            "There is not enough room on the disk for this export.",
            value=f"{needed / 1e6:,.0f} MB needed, {free / 1e6:,.0f} MB free",
            remedy="Free some space, or export it as GGUF with 8 bits.",
        )


def _tensors(entry: ModelEntry) -> list[dict[str, Any]]:
    """What the headers of the weights say; of an adapter those of its base."""
    base = entry if entry.base is None else catalog.resolve(entry.base)
    found = []
    try:
        for path in checkpoints.inspect(base.path).weights:
            for tensor in safetensors_files.header_of(path).values():
                math.prod(tensor["shape"])  # a number, or it is not readable
                found.append({"dtype": str(tensor["dtype"]), "shape": tensor["shape"]})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput("The weights of this model can't be read.", value=entry.name) from error
    return found


def _unknown(what: str, value: object, known: Iterable[str]) -> BadInput:
    names = ", ".join(known)
    return BadInput(f"There is no such {what}.", value=value, remedy=f"There are: {names}.")
