"""Which conversations a list shows, and in which order."""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from chatbot.dataset.changes import title
from chatbot.dataset.marks import is_liked, note_of, tags_of
from chatbot.messages import Conversation

LONG_TURNS = 5
"""Turns from which a conversation counts as long."""
LONG_WORDS = 1200
"""Characters from which it does, however few its turns are."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Everything that is set must hold.

    Attributes:
        tags: one of them is enough; "" stands for conversations without a tag.
        length: a key of `LENGTHS`, or "".
        liked, noted: only liked ones; only those with a note.
    """

    tags: tuple[str, ...] = ()
    length: str = ""
    liked: bool = False
    noted: bool = False

    @property
    def count(self) -> int:
        """How many are set."""
        return sum((bool(self.tags), bool(self.length), self.liked, self.noted))


Measure = Callable[[Conversation], bool]
LENGTHS: Mapping[str, tuple[str, Measure]] = MappingProxyType(
    {
        "single": ("One question, one answer", lambda c: _turns(c) <= 2),
        "some": ("3 or 4 turns", lambda c: 2 < _turns(c) < LONG_TURNS),
        "many": (f"{LONG_TURNS} turns and more", lambda c: _turns(c) >= LONG_TURNS),
        "wordy": (f"Long texts ({LONG_WORDS:,} characters and more)", lambda c: _long(c)),
    }
)
"""Title and rule of each length."""

Key = Callable[[Conversation], tuple[int | str, ...]]
ORDERS: Mapping[str, tuple[str, Key | None, bool]] = MappingProxyType(
    {
        "file": ("In their order", None, False),
        "newest": ("Last ones first", None, True),
        "title": ("By question, A to Z", lambda c: (title(c).casefold(),), False),
        "longest": ("Longest first", lambda c: (_characters(c),), True),
        "shortest": ("Shortest first", lambda c: (_characters(c),), False),
        "turns": ("Most turns first", lambda c: (_turns(c), _characters(c)), True),
    }
)
"""Title, what is compared (None: the place in the file), and whether the greatest comes first."""


def select(
    conversations: Sequence[Conversation],
    found: Sequence[int],
    filters: Filters,
    *,
    among: Container[int] | None = None,
    order: str = "file",
) -> list[int]:
    """The indices out of `found` that pass the filters, in the wanted order.

    Args:
        found: ascending indices, as a search gives them.
        among: where given, only these, such as the ones with a problem.
        order: a key of `ORDERS`.
    """
    rules = _rules(filters)
    chosen = [
        index
        for index in found
        if (among is None or index in among) and all(rule(conversations[index]) for rule in rules)
    ]
    _, key, greatest_first = ORDERS[order]
    if key is None:
        return chosen[::-1] if greatest_first else chosen
    return sorted(chosen, key=lambda index: key(conversations[index]), reverse=greatest_first)


def _rules(filters: Filters) -> list[Measure]:
    rules: list[Measure] = []
    if filters.tags:
        wanted = set(filters.tags)
        rules.append(lambda c: not wanted.isdisjoint(tags_of(c) or ("",)))
    if filters.length:
        rules.append(LENGTHS[filters.length][1])
    if filters.liked:
        rules.append(is_liked)
    if filters.noted:
        rules.append(lambda c: bool(note_of(c)))
    return rules


def _turns(conversation: Conversation) -> int:
    """Turns of the user and the bot; the system text is none."""
    return sum(message.role != "system" for message in conversation.messages)


def _characters(conversation: Conversation) -> int:
    return sum(len(message.text) for message in conversation.messages)


def _long(conversation: Conversation) -> bool:
    return _characters(conversation) >= LONG_WORDS
