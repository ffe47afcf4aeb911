"""What a safetensors file says about itself, read without the library: is it whole, what is in it.

Format: 8 bytes length of the header (little-endian), the header as JSON, then the raw tensors.
"""

import json
from pathlib import Path
from typing import Any

LARGEST_HEADER = 100_000_000
"""Bytes; the format's own limit."""


def header_of(path: Path) -> dict[str, Any]:
    """The header: tensor name -> {"dtype", "shape", "data_offsets"}.

    Raises:
        ValueError: the file is cut off or no safetensors file; says which.
        OSError: it can't be read.
    """
    size = path.stat().st_size
    with path.open("rb") as handle:
        length = int.from_bytes(handle.read(8), "little")
        if size < 8 or length > min(LARGEST_HEADER, size - 8):
            raise ValueError("it is cut off or not a safetensors file")
        try:
            header = json.loads(handle.read(length))
        except (ValueError, RecursionError) as error:
            raise ValueError("its header is not readable") from error
    if not isinstance(header, dict):
        raise ValueError("its header is not readable")
    header.pop("__metadata__", None)
    if size < 8 + length + _end_of_tensors(header):
        raise ValueError("it is cut off")
    return header


def problem_of(path: Path) -> str | None:
    """None where the file is whole, else what is wrong with it, as half a sentence."""
    try:
        header_of(path)
    except FileNotFoundError:
        return "it is missing"
    except ValueError as error:
        return str(error)
    except OSError as error:
        return f"it can't be read ({error.strerror})"
    return None


def _end_of_tensors(header: dict[str, Any]) -> int:
    ends = [0]
    for entry in header.values():
        offsets = entry.get("data_offsets") if isinstance(entry, dict) else None
        if not (isinstance(offsets, list) and len(offsets) == 2 and isinstance(offsets[1], int)):
            raise ValueError("its header is not readable")
        ends.append(offsets[1])
    return max(ends)
