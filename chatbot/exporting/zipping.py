"""A folder as one zip file, a megabyte at a time."""

import zipfile
from collections.abc import Callable
from pathlib import Path

_PIECE = 1 << 20
_STORED = (".safetensors", ".gguf")
"""Weights hardly get smaller: packing them only takes time."""


def write_zip(
    folder: Path, path: Path, on_progress: Callable[[float], object] = lambda fraction: None
) -> None:
    """Pack every file of `folder`, under the folder's own name.

    Args:
        on_progress: is told the finished fraction; may raise to stop.

    Raises:
        OSError: it can't be written.
    """
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    whole = sum(file.stat().st_size for file in files) or 1
    done = 0
    with zipfile.ZipFile(path, "x", allowZip64=True) as archive:
        for file in files:
            name = f"{path.stem}/{file.relative_to(folder).as_posix()}"
            entry = zipfile.ZipInfo.from_file(file, name)
            stored = file.suffix in _STORED
            entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            with file.open("rb") as source, archive.open(entry, "w") as target:
                while piece := source.read(_PIECE):
                    target.write(piece)
                    done += len(piece)
                    on_progress(done / whole)
