"""Finding conversations by their words."""

from collections.abc import Sequence

from chatbot.messages import Conversation


def find(conversations: Sequence[Conversation], query: str) -> list[int]:
    """Indices of the conversations that contain every word of the query, in any turn and case."""
    words = query.casefold().split()
    if not words:
        return list(range(len(conversations)))
    return [
        index for index, conversation in enumerate(conversations) if _contains(conversation, words)
    ]


def _contains(conversation: Conversation, words: Sequence[str]) -> bool:
    text = "\n".join(message.text for message in conversation.messages).casefold()
    return all(word in text for word in words)
