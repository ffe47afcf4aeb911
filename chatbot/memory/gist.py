"""The gist of turns that no longer fit: the sentences of them that tell something, word for word.

Extraction instead of a summary in a model's words: the models here are too small to be trusted
with names and numbers (`benchmarks/memory.py` measures it), and the same turns have to give the
same gist, so that what the model has read of it need not be read again.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from chatbot.memory.statements import one_line
from chatbot.memory.telling import read, sentences
from chatbot.messages import Message

Count = Callable[[Sequence[str]], list[int]]
"""Tokens of each text."""
LONGEST_SENTENCE = 240
"""Characters; a longer one is no gist."""
LEAST_WORTH = 1.5
_MINE = re.compile(r"\b(?:i|i'm|i've|i'll|my|mine|we|our|us)\b", re.IGNORECASE)
_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][\w'-]+")
_NUMBER = re.compile(r"\b\d[\d.,:/]*\b")
_TELLS = re.compile(
    r"\b(?:is|are|was|were|have|has|had|like|love|hate|want|need|prefer|work|live|born|plan|"
    r"going|moved|bought|allergic|called|named|married|birthday)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence of a conversation: where it stands, who said it, what it is worth to remember."""

    place: int
    person: bool
    text: str
    worth: float

    @property
    def line(self) -> str:
        return f"{'User' if self.person else 'Assistant'} said: {self.text}"


def said(messages: Sequence[Message], private: Iterable[int] = (), since: int = 0) -> list[Said]:
    """What may be remembered of these messages, which begin with the conversation.

    Args:
        private: numbers of questions whose facts were forgotten.
        since: number of the question before which all was forgotten.

    Questions of the person, wishes to the memory and what was answered to them are left out.
    """
    found: list[Said] = []
    private, number, wished, known = set(private), 0, False, set[str]()
    for place, message in enumerate(messages):
        person = message.role == "user"
        if person:
            number += 1
            wish = read(message.text)
            wished = number in private or (wish is not None and wish.alone)
        if wished or number <= since or message.role == "system":
            continue
        for sentence in sentences(message.text):
            text = one_line(sentence)
            if not 12 <= len(text) <= LONGEST_SENTENCE or text.endswith("?") or text in known:
                continue
            known.add(text)
            found.append(Said(place, person, text, _worth(text, person=person)))
    return found


def gist(sentences: Sequence[Said], room: int, count: Count) -> list[Said]:
    """Those that tell most, as many as there is room for, in the order in which they were said.

    Args:
        room: tokens.
    """
    worthy = [one for one in sentences if one.worth >= LEAST_WORTH]
    ranked = sorted(worthy, key=lambda one: (-one.worth, -one.place))[:200]
    taken, left = [], room
    for one, tokens in zip(ranked, count([one.line for one in ranked]), strict=True):
        if tokens + 1 <= left:
            taken.append(one)
            left -= tokens + 1
    return sorted(taken, key=lambda one: (one.place, one.text))


def _worth(text: str, *, person: bool) -> float:
    """First person, names and numbers, in words that state something; a person's more than a
    model's. Points, not a probability."""
    worth = 1.0 if person else 0.0
    worth += 1.0 if _MINE.search(text) and person else 0.0
    worth += 0.5 * min(3, len(_NAME.findall(text)))
    worth += 0.5 * min(2, len(_NUMBER.findall(text)))
    worth += 0.5 if _TELLS.search(text) else 0.0
    return worth
