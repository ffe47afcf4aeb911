"""The conversations whose question is nearest to another: examples of how the persona talks."""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from chatbot.messages import Conversation
from chatbot.proposals.wording import content, words

LOOKED_THROUGH = 4_000
"""Conversations at most, spread evenly over the set: well under a second."""
LONGEST_EXAMPLE = 400
"""Characters of question and answer together; a small model's window is soon full."""

Exchange = tuple[str, str]


def nearest(
    conversations: Sequence[Conversation], text: str, count: int, *, leave_out: str = ""
) -> list[Exchange]:
    """The first question and answer of the nearest conversations, the nearest last.

    Nearness is the sum of the inverse document frequencies of the words in common, over the root
    of the question's length (a plain TF-IDF). What shares no word comes in evenly spread.

    Args:
        leave_out: a question that is no example, such as the very one to be answered.
    """
    step = max(1, math.ceil(len(conversations) / LOOKED_THROUGH))
    known = [
        exchange
        for conversation in conversations[::step]
        if (exchange := first_exchange(conversation)) is not None
        and len(exchange[0]) + len(exchange[1]) <= LONGEST_EXAMPLE
        and exchange[0].strip() != leave_out.strip()
    ]
    bags = [content(question) | set(words(question)) for question, _ in known]
    often = Counter(word for bag in bags for word in bag)
    wanted = content(text) | set(words(text))

    def nearness(place: int) -> float:
        common = sum(math.log((1 + len(bags)) / often[word]) for word in wanted & bags[place])
        return common / math.sqrt(1 + len(bags[place]))

    scores = [nearness(place) for place in range(len(known))]
    ranked = sorted(range(len(known)), key=lambda place: -scores[place])
    chosen = list(dict.fromkeys(known[place] for place in ranked if scores[place] > 0))[:count]
    spread = known[:: max(1, len(known) // max(1, count))]
    chosen += [other for other in spread if other not in chosen][: count - len(chosen)]
    return chosen[::-1]


def first_exchange(conversation: Conversation) -> Exchange | None:
    """The first question that is answered, with its answer; None where there is none."""
    said = [message for message in conversation.messages if message.role != "system"]
    for question, answer in pairwise(said):
        speakers = (question.role, answer.role)
        if speakers == ("user", "assistant") and question.text.strip() and answer.text.strip():
            return question.text, answer.text
    return None
