"""What the store tells its readers."""

from dataclasses import dataclass
from datetime import datetime

from chatbot.messages import Conversation


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The conversations at one moment.

    Attributes:
        version: SHA-256 of the file.
        undo, redo: what these would take back and bring back; None where there is nothing.
    """

    conversations: tuple[Conversation, ...]
    version: str
    undo: str | None
    redo: str | None


@dataclass(frozen=True, slots=True)
class GoodVersion:
    """What a broken or missing file can be replaced by; `saved` is None for the starter set."""

    conversations: int
    saved: datetime | None
