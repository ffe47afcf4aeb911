"""Finding conversations by their words."""

from collections.abc import Sequence

from chatbot.dataset.text_index import TextIndex, words_of
from chatbot.messages import Conversation

_FEW = 5_000
"""So many are looked through quickly enough as they are."""
_index = TextIndex()
"""Of the one large set that this process serves."""


def find(conversations: Sequence[Conversation], query: str) -> list[int]:
    """Indices of the conversations that contain every word of the query: in any turn, a tag or
    the note, in any case."""
    words = query.casefold().split()
    if len(conversations) > _FEW:
        if words:
            return _index.find(conversations, words)
        _index.prepare(conversations)  # whoever looks at the list may search it next
    if not words:
        return list(range(len(conversations)))
    return [
        index for index, conversation in enumerate(conversations) if _contains(conversation, words)
    ]


def _contains(conversation: Conversation, words: Sequence[str]) -> bool:
    text = words_of(conversation).casefold()
    return all(word in text for word in words)
