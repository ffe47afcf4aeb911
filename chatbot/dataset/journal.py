"""An append-only file of JSON lines: what is appended is on disk; a torn last line is nothing.

The caller holds the lock that keeps other writers out.
"""

import contextlib
import json
import os
import time
from pathlib import Path
from typing import Any

from chatbot.files import write_atomically, write_error

Entry = dict[str, Any]


class Journal:
    """Reads what is new since the last look, and appends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._end = 0
        self._before_last = 0
        self._identity: int | None = None

    def news(self) -> tuple[bool, list[Entry]]:
        """(whether it starts over, the entries since the last call).

        A torn tail, left by a crash in the middle of an append, is passed over. A bad line
        between good ones is damage: the file is set aside and an empty one begins.
        """
        try:
            status = self._path.stat()
        except OSError:
            started_over = self._end > 0
            self._end, self._identity = 0, None
            return started_over, []
        started_over = self._end > 0 and (
            status.st_size < self._end or status.st_ino != self._identity
        )
        if started_over:
            self._end = 0
        self._identity = status.st_ino
        if status.st_size == self._end:
            return started_over, []
        with self._path.open("rb") as handle:
            handle.seek(self._end)
            tail = handle.read()
        entries, length, damaged = _parsed(tail)
        if damaged:
            self.set_aside()
            return True, []
        self._end += length
        return started_over, entries

    def unchanged(self) -> bool:
        """Whether nobody appended since the last look; takes no lock."""
        try:
            status = self._path.stat()
        except OSError:
            return self._end == 0
        return status.st_size == self._end and status.st_ino == self._identity

    def append(self, entry: Entry) -> None:
        """Write one entry and flush it to disk.

        Raises:
            OutOfResources: the disk is full; the journal is as before.
            ChatbotError: the journal can't be written.
        """
        line = json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        try:
            if not self._path.exists():
                write_atomically(self._path, b"")  # makes the new name itself durable
            with self._path.open("r+b", buffering=0) as handle:
                handle.truncate(self._end)  # a torn tail goes
                handle.seek(self._end)
                try:
                    _write_all(handle.fileno(), line)
                    os.fsync(handle.fileno())
                except OSError:
                    with contextlib.suppress(OSError):
                        handle.truncate(self._end)
                    raise
                self._identity = os.fstat(handle.fileno()).st_ino
        except OSError as error:
            raise write_error(error, self._path) from error
        self._before_last, self._end = self._end, self._end + len(line)

    def take_back(self) -> None:
        """Remove the entry that was just appended, as far as the disk allows."""
        self._end = self._before_last
        with contextlib.suppress(OSError), self._path.open("r+b") as handle:
            handle.truncate(self._end)

    def set_aside(self) -> None:
        """Rename a damaged journal, so that a new one can begin and nothing is thrown away."""
        with contextlib.suppress(OSError):
            self._path.replace(
                self._path.with_name(f"{self._path.stem}-damaged-{int(time.time())}.jsonl")
            )
        self._end, self._identity = 0, None


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _parsed(tail: bytes) -> tuple[list[Entry], int, bool]:
    """(entries, how many bytes they take, whether a bad line stands before a good one)."""
    entries: list[Entry] = []
    good_end = position = 0
    bad = False
    for line in tail.splitlines(keepends=True):
        position += len(line)
        entry = _entry(line)
        if entry is None:
            bad = True
        elif bad:
            return [], 0, True
        else:
            entries.append(entry)
            good_end = position
    return entries, good_end, False


def _entry(line: bytes) -> Entry | None:
    if not line.endswith(b"\n"):
        return None
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) else None
