"""Which conversations to learn from where there is no time for all: those that tell most, soonest.

A fact is learned when it has been read several times in different words. So the choice goes for
conversations whose answers have the words that were asked for (`telling`), short ones first, until
each of those words has been met often enough.
"""

import heapq
import math
from collections import Counter
from collections.abc import Sequence

from chatbot.messages import Conversation
from chatbot.training.telling import Telling, exchanges

ENOUGH = 8
"""Once a word has been met so often, meeting it again is worth half as much, and so on."""
LOOKED_AT = 5_000
"""Conversations to choose from, about; of more, evenly many all through the data set: the page
asks at a click."""
TEMPLATE = 40
"""Letters that the signs of who speaks cost a conversation, about, beside its own text."""


def most_telling(conversations: Sequence[Conversation], count: int) -> tuple[Conversation, ...]:
    """At most `count` of the conversations, in their order: those that tell most a letter.

    Each is worth its telling words, √strength apiece, halved for every `ENOUGH` times that the
    choice already has that word, divided by its length. Where no word tells anything more, the rest
    comes evenly from all that are left. The same conversations give the same choice, whatever came
    before.
    """
    if count >= len(conversations):
        return tuple(conversations)
    conversations = conversations[:: max(1, len(conversations) // max(LOOKED_AT, count))]
    telling = Telling(conversations)
    worth = [_worth(telling, conversation) for conversation in conversations]
    lengths = [TEMPLATE + sum(len(m.text) for m in c.messages) for c in conversations]
    met: Counter[str] = Counter()

    def gain(number: int) -> float:
        told = worth[number].items()
        return sum(value * 0.5 ** (met[word] / ENOUGH) for word, value in told) / lengths[number]

    # What a conversation adds only falls while others are taken: an old value is an upper bound.
    waiting = [(-gain(number), number) for number in range(len(worth)) if worth[number]]
    heapq.heapify(waiting)
    chosen: set[int] = set()
    while waiting and len(chosen) < count:
        _, number = heapq.heappop(waiting)
        now = -gain(number)
        if waiting and now > waiting[0][0]:
            heapq.heappush(waiting, (now, number))
            continue
        chosen.add(number)
        met.update(worth[number].keys())
    rest = [number for number in range(len(worth)) if number not in chosen]
    missing = count - len(chosen)
    chosen.update(rest[place * len(rest) // missing] for place in range(missing))
    return tuple(conversations[number] for number in sorted(chosen))


def _worth(telling: Telling, conversation: Conversation) -> dict[str, float]:
    """The telling words of its answers, each with what it is worth the first time."""
    strengths: Counter[str] = Counter()
    for question, answer in exchanges(conversation):
        strengths |= Counter(telling.words_of(question, answer))
    # In a fixed order: sums of floats depend on it, and that of a set changes with every start.
    return {word: math.sqrt(strengths[word]) for word in sorted(strengths)}
