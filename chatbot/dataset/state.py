"""The conversations in memory at one version, and what an edit makes of them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.dataset.changes import Edit
from chatbot.dataset.datafile import version_of
from chatbot.dataset.importers import dump_row, read_strictly
from chatbot.errors import Conflict
from chatbot.messages import Conversation


@dataclass(frozen=True, slots=True)
class State:
    """Conversations, the name of their version, and about how many bytes they take in the file."""

    conversations: tuple[Conversation, ...]
    version: str
    size: int

    @classmethod
    def of_bytes(cls, data: bytes, name: str) -> "State":
        """Its version is the SHA-256 of the bytes. Raises `BadInput` where a row can't be read."""
        return cls(read_strictly(data, name), version_of(data), len(data))

    def after(self, edits: Sequence[Edit], version: str) -> "State":
        """The state that the edits, one after the other, lead to.

        Raises:
            Conflict: what one of them changes does not stand there.
        """
        if not edits and version == self.version:
            return self
        conversations, size = list(self.conversations), self.size
        for edit in edits:
            there = conversations[edit.index : edit.index + 1]
            if edit.before is not None and there != [edit.before]:
                raise Conflict("Something else stands where this change was made.")
            edit.apply(conversations)
            size += _length(edit.after) - _length(edit.before)
        return State(tuple(conversations), version, size)

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


def _length(conversation: Conversation | None) -> int:
    return 0 if conversation is None else len(dump_row(conversation)) + len(b",\n")


def kept(conversation: Conversation) -> Conversation:
    """The conversation as the file will give it back.

    Raises:
        BadInput: it holds what a JSON file can't hold.
    """
    return Conversation.from_sharegpt(json.loads(dump_row(conversation)))
