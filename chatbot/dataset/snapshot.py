"""What the store tells its readers."""

from dataclasses import dataclass
from datetime import datetime

from chatbot.errors import ChatbotError
from chatbot.messages import Conversation


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The conversations at one moment.

    Attributes:
        version: the name of this state; SHA-256 of the file, but for edits of a large file.
        undo, redo: what these would take back and bring back; None where there is nothing.
        trouble: why the last edits could not be written into the file as yet; they are safe in
            the journal, and it is tried again.
    """

    conversations: tuple[Conversation, ...]
    version: str
    undo: str | None
    redo: str | None
    trouble: ChatbotError | None = None


@dataclass(frozen=True, slots=True)
class GoodVersion:
    """What a broken or missing file can be replaced by; `saved` is None for the starter set."""

    conversations: int
    saved: datetime | None
