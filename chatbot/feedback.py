"""What a person thinks of an answer, as a conversation of the data set that the next run learns.

The truth is in the data set: an example says which answer it is from, so that a second press finds
it again, in another tab and after a restart. That answer is named by a mark and not by its chat,
whose id is a secret address and must not leave with the data.
"""

import hashlib
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from chatbot.dataset.marks import FROM_CHAT, with_liked, with_tags
from chatbot.errors import BadInput
from chatbot.messages import Conversation, assistant, user
from chatbot.transcript import Transcript

if TYPE_CHECKING:
    from chatbot.dataset.store import ConversationStore

Kind = Literal["liked", "corrected"]
SOURCE = "from_chat"
"""The field of a conversation that says which answer it is from."""


def mark_of(chat_id: str, turn_id: int) -> str:
    """Names an answer without telling its chat."""
    return hashlib.sha256(f"{chat_id}/{turn_id}".encode()).hexdigest()[:20]


def example(transcript: Transcript, turn_id: int, kind: Kind) -> Conversation:
    """The exchange as a conversation to learn from: its question and its answer.

    Raises:
        BadInput: one of the two is missing.
        Conflict: it is not shown (any more).
    """
    turn = transcript.turns[transcript.place(turn_id)]
    if not turn.question.strip() or not turn.answer.strip():
        raise BadInput(
            "Only a question with its answer can be learned.",
            remedy="Ask something first, or write the answer yourself.",
        )
    receipt = turn.receipt or {}
    source = {
        "mark": mark_of(transcript.id, turn.id),
        "at": int(time.time()),
        "model": str(receipt.get("model") or ""),
        "hash": str(receipt.get("hash") or ""),
    }
    made = Conversation((user(turn.question), assistant(turn.answer)), {SOURCE: source})
    return with_liked(with_tags(made, (FROM_CHAT, kind)), kind == "liked")


def take(store: "ConversationStore", transcript: Transcript, turn_id: int, kind: Kind) -> None:
    """Put the exchange into the data set, in the place of what this answer gave before. One step of
    its undo.

    Raises:
        BadInput, Conflict: as `example`.
        ChatbotError: the data set can't be written.
    """
    made = example(transcript, turn_id, kind)
    snapshot = store.snapshot()
    place = places(snapshot.conversations).get(mark_of(transcript.id, turn_id))
    if place is None:
        store.add(made)
    else:
        store.replace(place, snapshot.conversations[place], made)


def take_back(store: "ConversationStore", mark: str) -> None:
    """Take an example out again; nothing where it is gone already.

    Raises:
        Conflict: somebody else changed it this moment.
    """
    snapshot = store.snapshot()
    place = places(snapshot.conversations).get(mark)
    if place is not None:
        store.delete(place, snapshot.conversations[place])


def places(conversations: Sequence[Conversation]) -> dict[str, int]:
    """Where the examples of answers stand, by their marks."""
    found = {}
    for place, conversation in enumerate(conversations):
        if conversation.extra and (mark := source_of(conversation).get("mark")):
            found[str(mark)] = place
    return found


def new_since(conversations: Sequence[Conversation], moment: float) -> list[Conversation]:
    """The examples that were taken after a moment, in seconds since the epoch."""
    return [
        conversation
        for conversation in conversations
        if conversation.extra and _seconds(source_of(conversation).get("at")) > moment
    ]


def source_of(conversation: Conversation) -> Mapping[str, Any]:
    """Which answer it is from; empty where it is from none."""
    source = conversation.extra.get(SOURCE)
    return source if isinstance(source, dict) else {}


def disliked(transcript: Transcript, turn_id: int, *, so: bool) -> Transcript:
    """The chat with an answer marked as a bad one, or not any more.

    Raises:
        Conflict: it is not shown (any more).
    """
    return transcript.with_turn(transcript.place(turn_id), disliked=so)


def _seconds(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
