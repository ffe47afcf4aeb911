"""How much of an answer stands word for word in which of the conversations learned from."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.messages import Conversation
from chatbot.training.words import words

SHORTEST = 4
"""Words in a row that count as copied; three are said by chance ("I like to")."""
_FOLLOWED = 64
"""Places at most where the same four words are followed further: a phrase that hundreds of
conversations have is no trace of one of them."""


@dataclass(frozen=True)
class Copied:
    """Of one answer.

    Args:
        share: of its words, those within runs of `SHORTEST` words or more that stand somewhere in
            the conversations; 0 to 1.
        longest: words of the longest such run; 0 where there is none.
        run: that run, lower case, as words divided by spaces.
        conversation: where it stands, counted from 1; 0 where there is none.
        question, answer: the turns there.
    """

    share: float = 0.0
    longest: int = 0
    run: str = ""
    conversation: int = 0
    question: str = ""
    answer: str = ""


class Memory:
    """The bot's words of all conversations, for looking up."""

    def __init__(self, numbered: Sequence[tuple[int, Conversation]]) -> None:
        """
        Args:
            numbered: the conversations learned from, each with its number in the data set.
        """
        self._turns: list[tuple[int, str, str]] = []
        self._words: list[tuple[str, ...]] = []
        self._places: dict[tuple[str, ...], list[tuple[int, int]]] = defaultdict(list)
        for number, conversation in numbered:
            asked = ""
            for message in conversation.messages:
                if message.role == "user":
                    asked = message.text
                elif message.role == "assistant":
                    self._add(number, asked, message.text)

    def copied(self, answer: str) -> Copied:
        """What of this answer is a copy. Signs and case don't matter, words do."""
        said = tuple(words(answer))
        covered = [False] * len(said)
        longest, at, turn = 0, 0, -1
        for start in range(len(said) - SHORTEST + 1):
            length, found = self._longest(said, start)
            covered[start : start + length] = [True] * length
            if length > longest:
                longest, at, turn = length, start, found
        if turn < 0:
            return Copied()
        number, question, text = self._turns[turn]
        run = " ".join(said[at : at + longest])
        return Copied(sum(covered) / len(said), longest, run, number, question, text)

    def _add(self, number: int, question: str, answer: str) -> None:
        spoken, turn = tuple(words(answer)), len(self._turns)
        self._turns.append((number, question, answer))
        self._words.append(spoken)
        for start in range(len(spoken) - SHORTEST + 1):
            places = self._places[spoken[start : start + SHORTEST]]
            if len(places) < _FOLLOWED:
                places.append((turn, start))

    def _longest(self, said: tuple[str, ...], start: int) -> tuple[int, int]:
        """Length of the longest run that begins at `start`, and its turn; (0, -1) if none."""
        best, turn = 0, -1
        for found, place in self._places.get(said[start : start + SHORTEST], ()):
            there = self._words[found]
            length = SHORTEST
            while (
                start + length < len(said)
                and place + length < len(there)
                and said[start + length] == there[place + length]
            ):
                length += 1
            if length > best:
                best, turn = length, found
        return best, turn


def numbered(
    conversations: Sequence[Conversation], learned: Sequence[Conversation]
) -> list[tuple[int, Conversation]]:
    """The conversations learned from with their numbers in the whole data set, from 1."""
    wanted = {conversation.messages for conversation in learned}
    pairs = enumerate(conversations, start=1)
    return [(number, each) for number, each in pairs if each.messages in wanted]
