"""What was exported from the page and lies in `exports/<model>/`: the files are the truth."""

import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from chatbot import paths
from chatbot.engine.catalog import ModelEntry
from chatbot.errors import BadInput, NotAvailable
from chatbot.exporting.formats import Wish
from chatbot.exporting.names import checked, slug
from chatbot.files import write_error

_ENDINGS = {"zip": ".zip", "gguf-f16": "-f16", "gguf-q8_0": "-q8_0"}


@dataclass(frozen=True)
class Made:
    """One export.

    Args:
        size: bytes.
        files: what a browser can download, the largest first; none of a folder for Transformers.
    """

    path: Path
    size: int
    when: datetime
    files: tuple[Path, ...]


def folder_of(entry: ModelEntry) -> Path:
    """Where the exports of a model lie."""
    return paths.exports_dir() / slug(entry.name.replace("/", "-"))


def place_for(entry: ModelEntry, wish: Wish, name: str) -> Path:
    """Where an export of this name goes.

    Raises:
        BadInput: no file can have this name.
    """
    return folder_of(entry) / f"{checked(name)}{_ENDINGS.get(wish.format, '')}"


def made(entry: ModelEntry) -> list[Made]:
    """The exports of a model, the last first. Unfinished ones are hidden and left out."""
    found = []
    with suppress(OSError):
        for path in folder_of(entry).iterdir():
            if not path.name.startswith(".") and not path.is_symlink():
                with suppress(OSError):  # removed meanwhile
                    found.append(_look(path))
    return sorted(found, key=lambda made: (made.when, made.path.name), reverse=True)


def remove(path: Path) -> None:
    """Delete an export; it can be made again.

    Raises:
        NotAvailable: it is gone already.
        BadInput: this is no export.
        ChatbotError: the system refuses.
    """
    inside = path.resolve().is_relative_to(paths.exports_dir().resolve())
    if not inside or path.resolve().parent.parent != paths.exports_dir().resolve():
        raise BadInput("This is no export.", value=str(path))
    try:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    except FileNotFoundError as error:
        raise NotAvailable("This export was deleted meanwhile.", value=path.name) from error
    except OSError as error:
        raise write_error(error, path) from error
    with suppress(OSError):
        path.parent.rmdir()  # where it was the last one


def clear_unfinished(entry: ModelEntry) -> None:
    """Delete what a program that was ended in the middle left; nothing may be going on."""
    with suppress(OSError):
        for left in folder_of(entry).glob(".*.tmp"):
            shutil.rmtree(left, ignore_errors=True)


def _look(path: Path) -> Made:
    within = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    sizes = {file: file.stat().st_size for file in within}
    plain = path.is_dir() and (path / "config.json").is_file()
    files = () if plain else sorted(within, key=lambda file: (-sizes[file], file.name))
    when = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return Made(path, sum(sizes.values()), when, tuple(files))
