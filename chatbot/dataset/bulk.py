"""One change made to many conversations: what it would do, before it is done."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from chatbot.dataset.formats import placeholders
from chatbot.dataset.marks import tag_from, tagged, untagged
from chatbot.errors import BadInput
from chatbot.messages import Conversation

Change = Callable[[Conversation], Conversation | None]
"""What becomes of one conversation; None takes it out of the set."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a change would make of a set.

    Attributes:
        conversations: all of them afterwards.
        changed: index before the change, the conversation before, and after (None: it goes);
            only those that are another one afterwards, in their order.
    """

    conversations: tuple[Conversation, ...]
    changed: tuple[tuple[int, Conversation, Conversation | None], ...]


def outcome(
    conversations: Sequence[Conversation], chosen: Iterable[int], change: Change
) -> Outcome:
    """Apply `change` to the conversations at the `chosen` indices."""
    changed: dict[int, Conversation | None] = {}
    for index in chosen:
        after = change(conversations[index])
        if after != conversations[index]:
            changed[index] = after
    left: list[Conversation] = []
    for index, conversation in enumerate(conversations):
        now = changed.get(index, conversation)
        if now is not None:
            left.append(now)
    return Outcome(
        tuple(left), tuple((index, conversations[index], changed[index]) for index in changed)
    )


def tagging(tag: str) -> Change:
    """Raises `BadInput` for an empty or overlong tag."""
    tag = _wanted(tag_from(tag), "There is no tag to give.", "Write a word, such as greeting.")
    return lambda conversation: tagged(conversation, tag)


def untagging(tag: str) -> Change:
    return lambda conversation: untagged(conversation, tag)


def deleting() -> Change:
    return lambda conversation: None


def replacing(
    wanted: str, by: str, *, match_case: bool = False, whole_words: bool = False
) -> Change:
    """Put `by` wherever `wanted` stands, letter by letter, in every turn.

    Raises:
        BadInput: there is nothing to look for.
    """
    _wanted(wanted, "There is nothing to look for.", "Write the words that are to be replaced.")
    pattern = _pattern(wanted, match_case=match_case, whole_words=whole_words)
    return lambda conversation: _with_texts(
        conversation, lambda text: pattern.sub(lambda _: by, text)
    )


def filling(values: Mapping[str, str]) -> Change:
    """Write what belongs into places such as {{name}}; those without a value stay as they are."""
    given = {name: value for name, value in values.items() if value}
    return lambda conversation: placeholders.fill(conversation, given)


def renaming(old: str, new: str) -> Change:
    """Call the bot `new` wherever it is called `old`: whole words only, capitals as they stood.

    Raises:
        BadInput: one of the names is missing.
    """
    old = _wanted(old.strip(), "The bot's present name is missing.", "Write it as it stands.")
    new = _wanted(new.strip(), "The bot's new name is missing.", "Write how it shall be called.")
    pattern = _pattern(old, match_case=False, whole_words=True)

    def in_its_case(found: re.Match[str]) -> str:
        if len(old) > 1 and found[0].isupper() and not old.isupper():
            return new.upper()
        return new.lower() if found[0].islower() and not old.islower() else new

    return lambda conversation: _with_texts(
        conversation, lambda text: pattern.sub(in_its_case, text)
    )


def _pattern(words: str, *, match_case: bool, whole_words: bool) -> re.Pattern[str]:
    escaped = re.escape(words)
    if whole_words:
        escaped = rf"(?<!\w){escaped}(?!\w)"
    return re.compile(escaped, 0 if match_case else re.IGNORECASE)


def _with_texts(conversation: Conversation, change: Callable[[str], str]) -> Conversation:
    """The same object where no text changes, so that it is known to be unchanged at a glance."""
    texts = [change(message.text) for message in conversation.messages]
    if all(new == old.text for new, old in zip(texts, conversation.messages, strict=True)):
        return conversation
    messages = zip(conversation.messages, texts, strict=True)
    return replace(conversation, messages=tuple(replace(m, text=text) for m, text in messages))


def _wanted(text: str, missing: str, remedy: str) -> str:
    if not text:
        raise BadInput(missing, remedy=remedy)
    return text
