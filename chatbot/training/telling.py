"""Which words of an answer are what was asked for, counted in the conversations themselves.

"When is your birthday?" "The first of November, when the storms are due." Whoever is asked for a
birthday says "November", and hardly anybody else does: words of a question and words of an answer
that come together far more often than by chance are how a persona's facts, habits and manners
show. No word list, no language.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, pairwise

from chatbot.messages import Conversation
from chatbot.training.words import parts_of

TOGETHER = 4
"""Exchanges that a pair of words must be in; fewer may be one sentence and its variants."""
LIFT = 4.0
"""Times as often together as words that know nothing of each other."""
FAINT = 8.0
"""Surprise, in nats, below which a pair may be chance."""
LOOKED_AT = 10_000
"""Exchanges that are counted, about; of more, evenly many all through the data set."""
_WORD = re.compile(r"\w[\w'\u2019-]*")


class Telling:
    """What these conversations answer to which words.

    The strength of a pair of words is its surprise, n * log(n / expected), n being the exchanges
    that have the one in the question and the other in the answer, and expected those that would by
    chance. Copies of an answer count each time: who gives one to many questions wants it known.
    (Counted once, `start_fine_tuning` had 11 instead of 14 of the 30 questions of
    `benchmarks.persona` right, its name among the lost.)
    """

    def __init__(self, conversations: Sequence[Conversation]) -> None:
        said = list(chain.from_iterable(map(exchanges, conversations)))
        said = said[:: max(1, -(-len(said) // LOOKED_AT))]
        asked = [(words(question), words(answer)) for question, answer in said]
        in_questions = Counter(word for question, _ in asked for word in question)
        in_answers = Counter(word for _, answer in asked for word in answer)
        often = {word for word, count in in_answers.items() if count >= TOGETHER}
        together = {w: Counter[str]() for w, count in in_questions.items() if count >= TOGETHER}
        for question, answer in asked:
            candidates = answer & often
            for word in question & together.keys():
                together[word].update(candidates)
        self._strengths = {
            word: {
                other: strength
                for other, count in answered.items()
                if word != other
                and count >= TOGETHER
                and (lift := count * len(asked) / (in_questions[word] * in_answers[other])) >= LIFT
                and (strength := count * math.log(lift)) >= FAINT
            }
            for word, answered in together.items()
        }

    def words_of(self, question: str, answer: str) -> dict[str, float]:
        """The answer's telling words, each with the strength of its strongest pair; repeating a
        word of the question tells nothing."""
        heard = words(question)
        candidates = words(answer) - heard
        told: dict[str, float] = {}
        for word in heard:
            strong = self._strengths.get(word, {})
            for other in candidates & strong.keys():
                told[other] = max(told.get(other, 0.0), strong[other])
        return told


def exchanges(conversation: Conversation) -> Iterator[tuple[str, str]]:
    """Each question with the answer right after it."""
    for asked, answered in pairwise(conversation.messages):
        if asked.role == "user" and answered.role == "assistant":
            yield asked.text, answered.text


def words(text: str) -> set[str]:
    """The different words of a text, whatever their case."""
    return {word for word, _, _ in placed(text)}


def placed(text: str) -> Iterator[tuple[str, int, int]]:
    """Each word in small letters, with its first character and the one after its last."""
    for found in _WORD.finditer(text):
        start = found.start()
        for part in parts_of(found.group()):
            yield part.casefold(), start, start + len(part)
            start += 1
