"""Places in a data set that the user fills in: `{{name}}`."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from chatbot.messages import Conversation

PLACE = re.compile(r"\{\{[ \t]*([^{}\n]{1,40}?)[ \t]*\}\}")


def found(conversations: Iterable[Conversation]) -> Counter[str]:
    """The names between double braces, and how often each occurs."""
    return Counter(
        name
        for conversation in conversations
        for message in conversation.messages
        if "{{" in message.text
        for name in PLACE.findall(message.text)
    )


def fill(conversation: Conversation, values: Mapping[str, str]) -> Conversation:
    """The conversation with the given names filled in; a name without a value stays as it is."""
    given = {name: value for name, value in values.items() if value}
    if not given or not any("{{" in message.text for message in conversation.messages):
        return conversation
    messages = tuple(
        replace(message, text=PLACE.sub(lambda m: given.get(m[1], m[0]), message.text))
        for message in conversation.messages
    )
    return replace(conversation, messages=messages)
