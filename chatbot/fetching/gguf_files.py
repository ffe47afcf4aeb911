"""GGUF files that somebody brings: read by ourselves first, so that a damaged or malicious header
reaches no library, then converted.

Format: "GGUF", version, counts; then fields (name, type, value) and tensors (name, sizes, type,
offset); then the tensors' bytes, aligned. Numbers are little-endian.
"""

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from chatbot.engine import gguf_families
from chatbot.errors import BadInput, ChatbotError

_SCALARS = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
"""Bytes by type number; 8 is a text and 9 a list."""
_TEXT, _LIST = 8, 9
MOST_FIELDS, MOST_TENSORS, MOST_ITEMS = 10_000, 100_000, 10_000_000
ARCHITECTURE = "general.architecture"
LONGEST_NAME, LONGEST_TEXT = 1_000, 20_000_000


@dataclass(frozen=True, slots=True)
class Header:
    """What a GGUF file says about itself, and all of it lies within the file."""

    fields: frozenset[str]
    tensors: int
    values: int


def header_of(path: Path) -> Header:
    """Read the header, believing nothing.

    Raises:
        BadInput: it is damaged, claims more than the file holds, or holds a model of a family
            that is not converted.
        OSError: it can't be read.
    """
    size = path.stat().st_size
    with path.open("rb") as handle:
        reader = _Reader(handle, size)
        if reader.take(4) != b"GGUF":
            raise _damaged("it does not begin as one")
        version = reader.number("<I")
        if version not in (2, 3):
            raise _damaged(f"its version {version} is not known")
        tensors, fields = reader.number("<Q"), reader.number("<Q")
        if not 0 < tensors <= MOST_TENSORS or fields > MOST_FIELDS:
            raise _damaged("it claims an impossible number of entries")
        names, alignment, architecture = set(), 32, ""
        for _ in range(fields):
            name = reader.text(LONGEST_NAME)
            kind = reader.number("<I")
            if name == "general.alignment" and kind == 4:
                alignment = reader.number("<I")
            elif name == ARCHITECTURE and kind == _TEXT:
                architecture = reader.text(LONGEST_NAME)
            else:
                reader.skip_value(kind, depth=0)
            names.add(name)
        if not architecture:
            raise _damaged("it does not say what kind of model it holds")
        gguf_families.family({ARCHITECTURE: architecture})
        if not 0 < alignment <= 1 << 20 or alignment & (alignment - 1):
            raise _damaged("its alignment is impossible")
        listed = [_tensor(reader) for _ in range(tensors)]
        start = -(-handle.tell() // alignment) * alignment
    if any(start + offset + length > size for _, length, offset in listed):
        raise _damaged("it is cut off")
    return Header(frozenset(names), tensors, sum(count for count, _, _ in listed))


def converted_size(path: Path) -> int:
    """Bytes of the folder that comes of it, about: two for each value, and the tokenizer.

    Raises:
        as `header_of`.
    """
    return 2 * header_of(path).values + 20_000_000


def convert(source: Path, target: Path, progress: Callable[[float], None]) -> None:
    """Make a GGUF file a folder that can be loaded.

    Raises:
        BadInput: it is damaged, or of a kind that is not converted.
        OSError: it can't be read, or the folder can't be written.
    """
    from chatbot.engine import gguf_conversion

    header_of(source)
    try:
        gguf_conversion.convert(source, target, progress, template=None)
    except (ChatbotError, OSError, MemoryError):
        raise
    except Exception as error:  # whatever the libraries say to senseless values
        what = str(error).partition("\n")[0][:100] or type(error).__name__
        raise _damaged(f"something in it is missing or senseless: {what}") from error


class _Reader:
    """Takes bytes off a file and never more than there are."""

    def __init__(self, handle: BinaryIO, size: int) -> None:
        self._handle, self._size = handle, size

    def take(self, count: int) -> bytes:
        data = self._handle.read(count) if count <= self._size else b""
        if len(data) != count:
            raise _damaged("it is cut off")
        return data

    def skip(self, count: int) -> None:
        if self._handle.tell() + count > self._size:
            raise _damaged("it is cut off")
        self._handle.seek(count, 1)

    def number(self, layout: str) -> int:
        return int(struct.unpack(layout, self.take(struct.calcsize(layout)))[0])

    def text(self, longest: int) -> str:
        length = self.number("<Q")
        if length > longest:
            raise _damaged("it claims a text of an impossible length")
        try:
            return self.take(length).decode("utf-8")
        except UnicodeDecodeError as error:
            raise _damaged("one of its names is no text") from error

    def skip_value(self, kind: int, depth: int) -> None:
        if kind in _SCALARS:
            self.skip(_SCALARS[kind])
        elif kind == _TEXT:
            length = self.number("<Q")
            if length > LONGEST_TEXT:
                raise _damaged("it claims a text of an impossible length")
            self.skip(length)
        elif kind == _LIST and depth < 2:
            inner, count = self.number("<I"), self.number("<Q")
            if count > MOST_ITEMS:
                raise _damaged("it claims a list of an impossible length")
            if inner in _SCALARS:
                self.skip(_SCALARS[inner] * count)
                return
            for _ in range(count):
                self.skip_value(inner, depth + 1)
        else:
            raise _damaged("it holds a value of an unknown kind")


def _tensor(reader: _Reader) -> tuple[int, int, int]:
    """Values, bytes and offset of a tensor."""
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

    reader.text(LONGEST_NAME)
    dimensions = reader.number("<I")
    if not 0 < dimensions <= 4:
        raise _damaged("one of its tensors has an impossible shape")
    count = math.prod(reader.number("<Q") for _ in range(dimensions))
    kind, offset = reader.number("<I"), reader.number("<Q")
    try:
        block, length = GGML_QUANT_SIZES[GGMLQuantizationType(kind)]
    except (ValueError, KeyError) as error:
        raise _damaged("one of its tensors is packed in an unknown way") from error
    if count % block:
        raise _damaged("one of its tensors has an impossible shape")
    return count, count // block * length, offset


def _damaged(why: str) -> BadInput:
    return BadInput(
        f"This GGUF file can't be used: {why}.", remedy="Download it again, or bring another one."
    )
