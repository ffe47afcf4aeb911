"""What a person noted about a conversation: tags, a note, whether they like it.

It stands in the file beside the turns ("tags", "note", "liked"), where other programs pass over
it. A value of another shape, written by somebody else, counts as nothing and is left alone until
it is set here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from chatbot.errors import BadInput
from chatbot.messages import Conversation

LONGEST_TAG = 40
FROM_CHAT = "from chat"
"""Tag of what was taken from a chat; a run makes sure to learn it (`training.emphasis`)."""


def tags_of(conversation: Conversation) -> tuple[str, ...]:
    tags = conversation.extra.get("tags")
    return tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else ()


def note_of(conversation: Conversation) -> str:
    note = conversation.extra.get("note")
    return note if isinstance(note, str) else ""


def is_liked(conversation: Conversation) -> bool:
    return conversation.extra.get("liked") is True


def with_tags(conversation: Conversation, tags: Iterable[str]) -> Conversation:
    """The conversation with just these tags, each once, in this order.

    Raises:
        BadInput: a tag is longer than `LONGEST_TAG` characters.
    """
    return _with(conversation, "tags", list(dict.fromkeys(filter(None, map(tag_from, tags)))))


def tagged(conversation: Conversation, tag: str) -> Conversation:
    """The conversation with one tag more."""
    return with_tags(conversation, (*tags_of(conversation), tag))


def untagged(conversation: Conversation, tag: str) -> Conversation:
    """The conversation without this tag."""
    return with_tags(conversation, (t for t in tags_of(conversation) if t != tag))


def with_note(conversation: Conversation, note: str) -> Conversation:
    return _with(conversation, "note", note.strip())


def with_liked(conversation: Conversation, liked: bool) -> Conversation:
    return _with(conversation, "liked", liked)


def tag_from(text: str) -> str:
    """A tag as it is kept: one line, single spaces."""
    tag = " ".join(text.split())
    if len(tag) > LONGEST_TAG:
        raise BadInput(
            f"A tag has at most {LONGEST_TAG} characters.",
            value=tag,
            remedy="Shorten it, or write it into the note.",
        )
    return tag


def all_tags(conversations: Sequence[Conversation]) -> tuple[str, ...]:
    """Every tag that occurs, in alphabetical order."""
    found = {tag for c in conversations if c.extra for tag in tags_of(c)}
    return tuple(sorted(found, key=lambda tag: (tag.casefold(), tag)))


def _with(conversation: Conversation, key: str, value: Any) -> Conversation:
    """An empty value takes the key away, so that the file says nothing it need not."""
    extra = dict(conversation.extra)
    if value:
        extra[key] = value
    else:
        extra.pop(key, None)
    return replace(conversation, extra=extra)
