"""A model in a zip file: taken out file by file, by name, and never beyond what was announced.

Refused are zips that would write elsewhere, that hold links or locked files, and that grow beyond
all proportion when they are opened.
"""

import stat
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from chatbot.engine.checkpoints import ADAPTER_CONFIG
from chatbot.errors import BadInput
from chatbot.fetching import wanted

MOST_ENTRIES = 10_000
MOST_RATIO = 200
"""Unpacked bytes for each packed one; weights are hardly packed at all, JSON about tenfold."""
_CHUNK = 1 << 20


def unpack(source: Path, target: Path, on_bytes: Callable[[int], object]) -> Path:
    """Take the files of the one model in a zip into an empty folder; or its one GGUF file.

    Args:
        on_bytes: is told how many bytes have been unpacked.

    Returns:
        `target`, or the GGUF file in it.

    Raises:
        BadInput: it is no zip, a dangerous one, or holds no model or several.
        OSError: it can't be read, or the files can't be written.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            _see_that_it_is_harmless(entries)
            chosen = _of_one_model(entries)
            done = 0
            for entry in chosen:
                name = PurePosixPath(entry.filename).name
                with archive.open(entry) as packed, (target / name).open("xb") as handle:
                    left = entry.file_size
                    while chunk := packed.read(_CHUNK):
                        left -= len(chunk)
                        if left < 0:
                            raise _refused("one of its files is larger than it says")
                        handle.write(chunk)
                        done += len(chunk)
                        on_bytes(done)
                if left:
                    raise _refused("one of its files is shorter than it says")
    except (zipfile.BadZipFile, zlib.error, EOFError, UnicodeError, ValueError) as error:
        raise _refused(str(error) or "it is damaged") from error
    except (NotImplementedError, RuntimeError) as error:  # a method or a password it doesn't know
        raise _refused(str(error)) from error
    gguf = [entry for entry in chosen if entry.filename.lower().endswith(".gguf")]
    return target / PurePosixPath(gguf[0].filename).name if gguf else target


def unpacked_size(source: Path) -> int:
    """Bytes that its files say they have. 0 where it can't be read."""
    try:
        with zipfile.ZipFile(source) as archive:
            return sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, UnicodeError, NotImplementedError):
        return 0


def _see_that_it_is_harmless(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MOST_ENTRIES:
        raise _refused(f"it holds {len(entries):,} files")
    for entry in entries:
        path = PurePosixPath(entry.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in entry.filename:
            raise _refused(f"it wants to write outside its folder ({entry.filename[:60]})")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise _refused(f"it holds a link to another place ({entry.filename[:60]})")
        if entry.flag_bits & 1:
            raise _refused("it is locked with a password")
    packed = sum(entry.compress_size for entry in entries)
    whole = sum(entry.file_size for entry in entries)
    if whole > 10**7 and whole > MOST_RATIO * max(packed, 1):
        raise _refused(f"{packed:,} bytes would become {whole:,} (a zip bomb)")


def _of_one_model(entries: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """The files of the folder inside that holds the model; the GGUF file where there is no such."""
    folders = {
        PurePosixPath(entry.filename).parent
        for entry in entries
        if PurePosixPath(entry.filename).name in ("config.json", ADAPTER_CONFIG)
    }
    if len(folders) > 1:
        raise BadInput(
            "This zip holds several models.",
            value=", ".join(sorted(map(str, folders))[:3]),
            remedy="Make a zip of the folder of one model.",
        )
    if not folders:
        ggufs = [entry for entry in entries if entry.filename.lower().endswith(".gguf")]
        if len(ggufs) == 1:
            return ggufs
        raise BadInput(
            "This zip holds no model: there is no config.json in it.",
            remedy="A model has config.json, model.safetensors and tokenizer.json.",
        )
    inside = {
        PurePosixPath(entry.filename).name: entry
        for entry in entries
        if PurePosixPath(entry.filename).parent in folders
    }
    return [inside[name] for name in wanted.chosen(inside, "This zip")]


def _refused(why: str) -> BadInput:
    return BadInput(
        f"This zip file is not opened: {why}.",
        remedy="Make a new zip of the model's folder, without a password and without links.",
    )
