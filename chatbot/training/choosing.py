"""Which conversations to learn from where there is no time for all: those that say most, soonest.

What a persona is shows in what its answers keep coming back to: names, numbers, habits. A fact is
learned when it has been read several times in different words, so the choice goes for those words
again and again, in short conversations, until each has been met often enough. No word list, no
language: everything is counted in the conversations themselves.
"""

import heapq
import math
import re
from collections import Counter
from collections.abc import Sequence

from chatbot.messages import Conversation

RECURRING = 0.008
"""Share of the conversations from which on a word is one that the persona comes back to."""
EVERYWHERE = 0.12
"""Share above which it only holds sentences together."""
ENOUGH = 8
"""Once a word has been met so often, meeting it again is worth half as much, and so on."""
LOOKED_AT = 5_000
"""Conversations to choose from, about; of more, evenly many all through the data set: the page
asks at a click."""
TEMPLATE = 40
"""Letters that the signs of who speaks cost a conversation, about, beside its own text."""
_WORD = re.compile(r"\w[\w'\u2019-]*")


def most_telling(conversations: Sequence[Conversation], count: int) -> tuple[Conversation, ...]:
    """At most `count` of the conversations, in their order: those that tell most a letter.

    Each is worth its recurring words, √(how many conversations have it) apiece, halved for every
    `ENOUGH` times that the choice already has that word, divided by its length. The same
    conversations give the same choice, whatever came before.
    """
    if count >= len(conversations):
        return tuple(conversations)
    conversations = conversations[:: max(1, len(conversations) // max(LOOKED_AT, count))]
    words = [_words(conversation) for conversation in conversations]
    having = Counter(word for said in words for word in said)
    low, high = max(3, RECURRING * len(words)), max(3, EVERYWHERE * len(words))
    worth = {word: math.sqrt(n) for word, n in having.items() if low <= n <= high}
    telling = [sorted(said & worth.keys()) for said in words]
    lengths = [TEMPLATE + sum(len(m.text) for m in c.messages) for c in conversations]
    still_worth = dict(worth)
    less = 0.5 ** (1 / ENOUGH)

    def gain(number: int) -> float:
        return sum(map(still_worth.__getitem__, telling[number])) / lengths[number]

    # What a conversation adds only falls while others are taken: an old value is an upper bound.
    waiting = [(-gain(number), number) for number in range(len(words))]
    heapq.heapify(waiting)
    chosen: list[int] = []
    while waiting and len(chosen) < count:
        _, number = heapq.heappop(waiting)
        now = -gain(number)
        if waiting and now > waiting[0][0]:
            heapq.heappush(waiting, (now, number))
            continue
        chosen.append(number)
        for word in telling[number]:
            still_worth[word] *= less
    return tuple(conversations[number] for number in sorted(chosen))


def _words(conversation: Conversation) -> set[str]:
    said = " ".join(m.text for m in conversation.messages if m.role == "assistant")
    return set(_WORD.findall(said.lower()))
