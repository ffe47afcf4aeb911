"""Whole files that were replaced at once, compressed, each named by its content."""

import gzip
import hashlib
import zlib
from pathlib import Path

from chatbot.errors import NotAvailable
from chatbot.files import write_atomically


class Versions:
    """Kept in one folder; the same content is kept once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def store(self, data: bytes) -> str:
        """Keep a whole file; its name is the SHA-256 of its content."""
        name = hashlib.sha256(data).hexdigest()
        path = self._folder / f"{name}.json.gz"
        if not path.exists():
            write_atomically(path, gzip.compress(data, compresslevel=1, mtime=0))
        return name

    def content(self, name: str) -> bytes:
        """A whole file that was stored.

        Raises:
            NotAvailable: it is gone or damaged.
        """
        try:
            data = gzip.decompress((self._folder / f"{name}.json.gz").read_bytes())
        except (OSError, EOFError, zlib.error) as error:
            raise NotAvailable(
                "This earlier version is gone or damaged.", value=f"{name[:12]}.json.gz"
            ) from error
        if hashlib.sha256(data).hexdigest() != name:
            raise NotAvailable("This earlier version is damaged.", value=f"{name[:12]}.json.gz")
        return data
