"""The data file as it lies on the disk."""

import contextlib
import hashlib
import os
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from chatbot.dataset.json_rows import MAX_KEPT_BYTES
from chatbot.errors import BadInput, OutOfResources
from chatbot.files import flush_folder, sha256_of, write_atomically, write_error

NOTHING = b"[]\n"

Signature = tuple[int, int, int]
"""Time, size and identity: what tells an unchanged file without reading it."""
_SYNC_EVERY = 4 * 1024**2
"""Bytes: an edit's journal, written meanwhile, may have to wait for all that is not on disk yet."""
SETTLING = 50_000_000
"""Nanoseconds after which most file systems give another time."""


@dataclass(frozen=True, slots=True)
class Staged:
    """A file written beside the data file, safe on the disk, that is to take its place.

    Attributes:
        version: SHA-256 of its content.
        signature: what it will be known by in the data file's place.
    """

    path: Path
    version: str
    signature: Signature


class DataFile:
    """The file at `path`; `starter` is what it begins as where there is none."""

    def __init__(self, path: Path, starter: Path | None) -> None:
        self.path = path
        self._starter = starter
        self._seen: Signature | None = None

    @property
    def name(self) -> str:
        return self.path.name

    def read(self) -> bytes | None:
        """Its bytes; None where there is no file.

        Raises:
            BadInput: it is there and can't be read.
        """
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise BadInput(
                f"{self.name} can't be read: {error.strerror or error}.",
                value=str(self.path),
                remedy="Check that it is a file and that you may read it.",
            ) from error

    def refuse_too_large(self, size: int) -> None:
        """Raises `OutOfResources` for more bytes than could be read again."""
        if size > MAX_KEPT_BYTES:
            raise OutOfResources(
                f"With this change {self.name} would be larger than "
                f"{MAX_KEPT_BYTES // 1024**2} MB.",
                remedy="Delete some conversations first.",
            )

    def starter(self) -> bytes | None:
        """The starter set that came with the project; None where this file has none."""
        if self._starter is None or self._starter == self.path or not self._starter.is_file():
            return None
        return self._starter.read_bytes()

    def set_aside(self, folder: Path) -> Path | None:
        """Copy the file, broken as it may be, into `folder`; None where there is none."""
        content = self.read()
        if content is None:
            return None
        stamp = f"{datetime.now():%Y%m%d-%H%M%S}-{version_of(content)[:8]}"
        aside = folder / f"broken-{stamp}{self.path.suffix}"
        write_atomically(aside, content)
        return aside

    # Noticing changes without reading

    def unchanged(self) -> bool:
        """Whether the file is for certain what it was when it was last watched."""
        return self._seen is not None and self._seen == self._signature()

    def watch(self) -> None:
        """To be called before the content is read: a change from then on is noticed."""
        signature = self._signature()
        self._seen = signature if _settled(signature) else None

    def forget(self) -> None:
        """Nothing is known of the file any more: somebody is about to write it."""
        self._seen = None

    def _signature(self) -> Signature | None:
        try:
            return _signature(self.path.stat())
        except OSError:
            return None

    # A large file, written in two steps

    def stage(self, parts: Iterable[bytes]) -> Staged:
        """Write a new content beside the file. One process at a time: the rests of one that died
        are removed.

        Raises:
            OutOfResources: the disk is full, or it is more than could be read again.
            ChatbotError: the folder can't be written.
        """
        hashed, size, synced = hashlib.sha256(), 0, 0
        staged: Path | None = None
        try:
            for rest in self.path.parent.glob(f".{self.name}.*.next"):
                rest.unlink(missing_ok=True)
            with tempfile.NamedTemporaryFile(
                dir=self.path.parent, prefix=f".{self.name}.", suffix=".next", delete=False
            ) as handle:
                staged = Path(handle.name)
                for part in parts:
                    size += len(part)
                    self.refuse_too_large(size)
                    handle.write(part)
                    hashed.update(part)
                    if size - synced > _SYNC_EVERY:
                        handle.flush()
                        os.fsync(handle.fileno())
                        synced = size
                handle.flush()
                os.fsync(handle.fileno())
                if self.path.exists():
                    staged.chmod(self.path.stat().st_mode & 0o777)
                return Staged(staged, hashed.hexdigest(), _signature(os.fstat(handle.fileno())))
        except BaseException as error:
            if staged is not None:
                _discard(staged)
            if isinstance(error, OSError):
                raise write_error(error, self.path) from error
            raise

    def put(self, staged: Staged) -> None:
        """Let it take the file's place, and watch it there; `confirm` has to follow.

        Raises:
            ChatbotError: the system refuses.
        """
        try:
            staged.path.replace(self.path)
        except OSError as error:
            raise write_error(error, self.path) from error
        flush_folder(self.path.parent)
        self._seen = staged.signature

    def confirm(self, staged: Staged) -> None:
        """Make sure by its content that the file is what was put there: a change by somebody else
        in that very instant would not show in its signature. Takes a moment, and needs no lock."""
        time.sleep(1.2 * SETTLING / 1e9)
        try:
            same = _settled(staged.signature) and sha256_of(self.path) == staged.version
        except OSError:
            same = False
        if not same and self._seen == staged.signature:
            self._seen = None

    def discard(self, staged: Staged) -> None:
        """Remove it where it did not take the file's place."""
        _discard(staged.path)


def _settled(signature: Signature | None) -> bool:
    """Whether any change from now on must show in the signature. File systems count time in
    steps, some of a whole second or two: a change right after another may carry its time."""
    if signature is None:
        return False
    step = 2_100_000_000 if signature[0] % 1_000_000_000 == 0 else SETTLING
    return time.time_ns() - signature[0] > step


def version_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _signature(status: os.stat_result) -> Signature:
    return (status.st_mtime_ns, status.st_size, status.st_ino)


def _discard(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
