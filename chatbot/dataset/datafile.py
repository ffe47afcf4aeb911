"""The data file as it lies on the disk, and its parsed state in memory."""

import hashlib
import json
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from chatbot.dataset.changes import Edit
from chatbot.dataset.importers import dump_row, join_rows, read_strictly
from chatbot.dataset.json_rows import MAX_BYTES
from chatbot.errors import BadInput, Conflict, OutOfResources
from chatbot.files import write_atomically
from chatbot.messages import Conversation

NOTHING = b"[]\n"

Signature = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class State:
    """Conversations and the version (SHA-256) of the bytes they came from or went to."""

    conversations: tuple[Conversation, ...]
    version: str
    rows: tuple[bytes, ...] | None = None

    @classmethod
    def of_bytes(cls, data: bytes, name: str) -> "State":
        """Raises `BadInput` where some row can't be read."""
        return cls(read_strictly(data, name), version_of(data))

    def after(self, edit: Edit) -> tuple[bytes, "State"]:
        """The file after one edit. Only the row that changed is written anew.

        Raises:
            Conflict: what the edit changes does not stand there.
        """
        conversations = list(self.conversations)
        if edit.before is not None and conversations[edit.index : edit.index + 1] != [edit.before]:
            raise Conflict("Something else stands where this change was made.")
        rows = list(self.rows or map(dump_row, self.conversations))
        edit.apply(conversations)
        if edit.after is None:
            del rows[edit.index]
        elif edit.before is None:
            rows.insert(edit.index, dump_row(edit.after))
        else:
            rows[edit.index] = dump_row(edit.after)
        data = join_rows(rows)
        return data, State(tuple(conversations), version_of(data), tuple(rows))

    def expect(self, index: int, conversation: Conversation) -> None:
        """Raises `Conflict` where something else stands at `index`."""
        inside = 0 <= index < len(self.conversations)
        if not inside or self.conversations[index] != conversation:
            raise Conflict(
                "This conversation was changed elsewhere in the meantime.",
                remedy="Look at both versions and choose.",
            )

    def expect_version(self, version: str | None) -> None:
        """Raises `Conflict` where `version` is given and this is another one."""
        if version is not None and version != self.version:
            raise Conflict(
                "The conversations were changed elsewhere in the meantime.",
                remedy="Look at what stands there now and try again.",
            )


class DataFile:
    """The file at `path`; `starter` is what it begins as where there is none."""

    def __init__(self, path: Path, starter: Path | None) -> None:
        self.path = path
        self._starter = starter

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

    def refuse_too_large(self, data: bytes) -> None:
        """Raises `OutOfResources` for more than could be read again."""
        if len(data) > MAX_BYTES:
            raise OutOfResources(
                f"With this change {self.name} would be larger than {MAX_BYTES // 1024**2} MB.",
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

    def signature(self) -> Signature | None:
        """What tells an unchanged file without reading it: time, size, identity.

        None where it can't tell: there is no file, or its time is so recent that a further change
        might carry the same one (file systems count in steps, some of a whole second or two).
        """
        try:
            status = self.path.stat()
        except OSError:
            return None
        step = 2_100_000_000 if status.st_mtime_ns % 1_000_000_000 == 0 else 50_000_000
        if time.time_ns() - status.st_mtime_ns <= step:
            return None
        return (status.st_mtime_ns, status.st_size, status.st_ino)


def version_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def kept(conversation: Conversation) -> Conversation:
    """The conversation as the file will give it back.

    Raises:
        BadInput: it holds what a JSON file can't hold.
    """
    return Conversation.from_sharegpt(json.loads(dump_row(conversation)))
