"""Whether an answer brings the fact that the persona's own answer has, in any language.

The rule, which needs no list of words. To know is to have learned, so it asks the conversations
that were learned from what such questions are answered with:

1. Related are questions of the training conversations whose TF-IDF cosine with the question is at
   least `RELATED`. References are the persona's own held-out answer, the answers to the same
   question (`THE_SAME`, which leaves room for other function words), and those to nearly the same
   one (`NEARLY_THE_SAME`) that have a telling word of its own answer: "what do you call your cat"
   and "what do they call you" are near, too.
2. Telling is a word of a reference that is common in the answers to related questions and rare in
   the others: `LIFT` times as frequent, in at least two answers (one will do for a name or a number
   in digits), in at most `COMMON` of the unrelated answers (names and numbers may be in more).
   Function words fall out, as every answer has them; words of the question too, as repeating them
   proves nothing; and a word that no training answer to such a question has, as nobody could know
   it.
3. A word weighs its surprise, c * log(c / expected), c being its answers among the related ones;
   names and numbers twice that. Below `FAINT` it may be chance and does not count. A name is what
   is mostly written with a capital within a sentence.
4. Right is an answer that brings `ENOUGH` of the weight of one reference. Forms of a word count
   (`words.alike`). A reference whose telling words weigh less than `CLEAR` together, or less than
   half of the heaviest one, has left the fact out, and can't be met.

A question is not asked where no word tells (a story told once), or where the persona's own answer
would count as wrong (small talk, which has many right answers). The rule knows words, not meaning:
"not Admiral" counts as right, a true paraphrase in other words as wrong. Measured on the starter
persona: it leaves 25 of 64 held-out questions; of the persona's own answers to other questions 4 in
100 count as right by accident.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from chatbot.messages import Conversation, Message
from chatbot.training.words import alike, spelled, words

RELATED = 0.3
THE_SAME = 0.85
NEARLY_THE_SAME = 0.6
LIFT = 4.0
COMMON = 0.05
FAINT = 6.0
ENOUGH = 0.4
CLEAR = 7.0
_SENTENCE_END = re.compile('[.!?:;\n"“”„«»]+')

Weights = Mapping[str, float]


@dataclass(frozen=True)
class Fact:
    """A question with what makes an answer right.

    Args:
        asked: the messages up to the one to be answered.
        reference: the persona's own answer.
        told: for each reference its telling words with their weights.
    """

    asked: tuple[Message, ...]
    reference: str
    told: tuple[Weights, ...]

    @property
    def question(self) -> str:
        return self.asked[-1].text

    @property
    def telling(self) -> tuple[str, ...]:
        """The telling words of all references, the weightiest first."""
        together: Counter[str] = Counter()
        for weights in self.told:
            for word, weight in weights.items():
                together[word] = max(together[word], weight)  # type: ignore[assignment]
        return tuple(sorted(together, key=lambda word: (-together[word], word)))

    def is_answered_by(self, answer: str) -> bool:
        said = set(words(answer))
        return any(
            sum(weight for word, weight in weights.items() if _among(word, said))
            >= ENOUGH * sum(weights.values())
            for weights in self.told
        )


class Persona:
    """What the training conversations answer to which questions."""

    def __init__(self, learned: Sequence[Conversation]) -> None:
        """
        Args:
            learned: the conversations that the model learns from; not the held-out ones.
        """
        exchanges = [found for c in learned if (found := opening(c)) is not None]
        self._answers = [frozenset(words(answer)) for _, answer in exchanges]
        self._often = Counter(word for answer in self._answers for word in answer)
        self._names = _names(answer for _, answer in exchanges)
        questions = [frozenset(words(asked[-1].text)) for asked, _ in exchanges]
        self._asked_often = Counter(word for question in questions for word in question)
        self._asking: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for place, question in enumerate(questions):
            for word, weight in self._direction(question).items():
                self._asking[word].append((place, weight))

    def fact(self, conversation: Conversation) -> Fact | None:
        """What its opening question asks for; None where no fact can be told from the words."""
        found = opening(conversation)
        if found is None:
            return None
        asked, answer = found
        question = frozenset(words(asked[-1].text))
        near = self._related(question)
        if not near:
            return None
        own = frozenset(words(answer))
        others = [
            (self._answers[place], cosine)
            for place, cosine in near.items()
            if cosine >= NEARLY_THE_SAME
        ]
        candidates = set(own).union(*(other for other, _ in others))
        weights = self._weights(question, candidates, list(near))
        agreed = own & weights.keys()
        references = [own] + [
            other for other, cosine in others if cosine >= THE_SAME or other & agreed
        ]
        told = [{word: weights[word] for word in one if word in weights} for one in references]
        least = max(CLEAR, max(weights.values(), default=0.0) / 2)
        kept = tuple(each for each in told if sum(each.values()) >= least)
        fact = Fact(asked, answer, kept)
        return fact if fact.is_answered_by(answer) else None

    def _weights(
        self, question: frozenset[str], candidates: set[str], related: Sequence[int]
    ) -> dict[str, float]:
        """The telling words among the candidates."""
        count, inside = len(self._answers), len(related)
        here = Counter(word for place in related for word in self._answers[place])
        found = {}
        for word in candidates:
            particular = word.isdigit() or word in self._names
            times, all_times = here[word], self._often[word]
            elsewhere = (all_times - times) / max(1, count - inside)
            if (
                times < (1 if particular else 2)
                or (len(word) < 2 and not particular)
                or (not particular and elsewhere > COMMON)
                or times / inside < LIFT * max(elsewhere, 1 / count)
                or _among(word, question)
            ):
                continue
            surprise = times * math.log(times * count / (inside * all_times))
            if (weight := surprise * (2 if particular else 1)) >= FAINT:
                found[word] = weight
        return found

    def _related(self, question: frozenset[str]) -> dict[int, float]:
        """Places of the related exchanges with their cosine."""
        cosines: dict[int, float] = defaultdict(float)
        for word, weight in self._direction(question).items():
            for place, other in self._asking.get(word, ()):
                cosines[place] += weight * other
        return {place: cosine for place, cosine in cosines.items() if cosine >= RELATED}

    def _direction(self, question: frozenset[str]) -> dict[str, float]:
        """TF-IDF of length 1; a floor of 0.1 keeps a word that all questions have."""
        count = len(self._answers)
        weights = {
            word: math.log((1 + count) / (1 + self._asked_often[word])) + 0.1 for word in question
        }
        length = math.sqrt(sum(weight**2 for weight in weights.values())) or 1.0
        return {word: weight / length for word, weight in weights.items()}


def opening(conversation: Conversation) -> tuple[tuple[Message, ...], str] | None:
    """The messages up to the first question that is answered, and the answer. What was said
    before by system or user stays; None where the bot speaks first or never."""
    messages = conversation.messages
    for place, (message, following) in enumerate(pairwise(messages)):
        if message.role == "assistant":
            return None
        if message.role == "user" and following.role == "assistant":
            if not message.text.strip() or not following.text.strip():
                return None
            return messages[: place + 1], following.text
    return None


def _names(answers: Iterator[str]) -> frozenset[str]:
    """Words of two letters and more that have a capital in four of five places within a sentence;
    at its beginning every word has one."""
    written: Counter[str] = Counter()
    capital: Counter[str] = Counter()
    for answer in answers:
        for sentence in _SENTENCE_END.split(answer):
            for word in spelled(sentence)[1:]:
                written[word.casefold()] += 1
                capital[word.casefold()] += word[:1].isupper()
    return frozenset(
        word for word in written if len(word) > 1 and capital[word] >= 0.8 * written[word]
    )


def _among(word: str, others: frozenset[str] | set[str]) -> bool:
    return word in others or any(alike(word, other) for other in others)
