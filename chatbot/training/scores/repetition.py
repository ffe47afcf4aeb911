"""How repetitive a model's answers are."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.training.words import words


@dataclass(frozen=True)
class Repetition:
    """Shares from 0 to 1.

    Args:
        within: of all runs of three words, those that had already been said in the same answer.
        between: of all answers, those that came, word for word, to another question as well.
    """

    within: float
    between: float


def repetition(answers: Sequence[str]) -> Repetition:
    """Of the answers to different questions. Empty ones repeat nothing; none at all give 0."""
    spoken = [tuple(words(answer)) for answer in answers]
    total = repeated = 0
    for answer in spoken:
        trigrams = [answer[n : n + 3] for n in range(len(answer) - 2)]
        total += len(trigrams)
        repeated += len(trigrams) - len(set(trigrams))
    times = Counter(answer for answer in spoken if answer)
    same = sum(count for count in times.values() if count > 1)
    return Repetition(repeated / total if total else 0.0, same / len(spoken) if spoken else 0.0)
