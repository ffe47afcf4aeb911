"""Files that a user made: written whole or not at all, and recognised by their content."""

import contextlib
import errno
import hashlib
import os
import tempfile
from pathlib import Path

from chatbot.errors import ChatbotError, OutOfResources


def write_atomically(path: Path, content: bytes | str) -> None:
    """Replace `path` by `content`: temporary file beside it, flushed to disk, then renamed.

    A crash at any moment leaves the old file or the new one, never a part.

    Raises:
        OutOfResources: the disk is full.
        ChatbotError: the folder can't be written.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name}.", suffix=".tmp", delete=False
        ) as handle:
            temporary = Path(handle.name)
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        if path.exists():
            temporary.chmod(path.stat().st_mode & 0o777)
        temporary.replace(path)
        flush_folder(path.parent)
    except OSError as error:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
        raise write_error(error, path) from error


def write_error(error: OSError, path: Path) -> ChatbotError:
    """The sentence for a write that the system refused."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return OutOfResources(
            f"The disk is full, so {path.name} could not be saved.",
            remedy="Free some space and try again; the last saved version is untouched.",
        )
    return ChatbotError(
        f"{path.name} could not be saved: {error.strerror or error}.",
        value=str(path.parent),
        remedy="Check that this folder exists and that you may write to it.",
    )


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's content, as 64 hexadecimal digits."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def flush_folder(folder: Path) -> None:
    """Make a rename durable where the system allows opening folders (not on Windows)."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
