"""The facts of a conversation, read off its messages anew each time.

Nothing is kept beside the conversation: another version of a message, an undo or a deletion takes
with it what was told there, and the memory never knows what was not said.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from chatbot.memory.statements import Fact
from chatbot.memory.telling import Wish, read

MOST_FACTS = 100
"""In one conversation; more than any window here has room for."""
HAND = "hand:"
"""Begins the key of what was written by hand."""
_ALIKE = 0.5
"""Share of the words of a wish that a fact must have to be meant by it."""
_LITTLE = frozenset(
    [
        "a",
        "an",
        "the",
        "my",
        "your",
        "i",
        "is",
        "am",
        "are",
        "was",
        "were",
        "that",
        "this",
        "to",
        "of",
        "in",
        "on",
        "at",
        "for",
        "and",
        "or",
        "me",
        "you",
        "do",
        "have",
        "has",
        "had",
        "it",
        "be",
        "about",
    ]
)


@dataclass(frozen=True, slots=True)
class Known:
    """A fact and where it is from.

    Attributes:
        key: names it among all of its conversation, the same whatever else is told.
        told: number of the question that told it, from 1, or of the last one before it was
            written by hand; 0: it is from another conversation.
        chat: the conversation that it is from, where that is another one.
    """

    key: str
    fact: Fact
    told: int = 0
    chat: str = ""

    @property
    def by_hand(self) -> bool:
        return self.key.startswith(HAND)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a message did to the memory.

    Attributes:
        wish: what it asked for.
        added, removed: facts.
        refused: how many facts were not taken, as there are too many.
    """

    wish: Wish
    added: tuple[Known, ...] = ()
    removed: tuple[Known, ...] = ()
    refused: int = 0


@dataclass
class Ledger:
    """What was told so far.

    Attributes:
        facts: in the order in which they were told.
        since: number of the question that asked to forget everything; 0: none did.
        private: numbers of the questions whose facts were forgotten.
    """

    facts: list[Known] = field(default_factory=list)
    since: int = 0
    private: set[int] = field(default_factory=set)
    _times: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, questions: Iterable[str]) -> "Ledger":
        ledger = cls()
        for number, question in enumerate(questions, start=1):
            ledger.take(question, number)
        return ledger

    def take(self, question: str, number: int) -> Outcome | None:
        """Do what a question asks of the memory; None: nothing."""
        wish = read(question)
        if wish is None:
            return None
        if wish.act == "tell":
            added = [known for fact in wish.facts if (known := self._add(fact, number))]
            return Outcome(wish, tuple(added), refused=len(wish.facts) - len(added))
        if wish.act == "forget":
            removed = wished(wish, self.facts)
            if wish.what == "everything":
                self.since = number
            self.private |= {known.told for known in removed}
            gone = {known.key for known in removed}
            self.facts = [known for known in self.facts if known.key not in gone]
            return Outcome(wish, removed=tuple(removed))
        return Outcome(wish)

    def _add(self, fact: Fact, number: int) -> Known | None:
        name = f"{fact.kind}={fact.text.casefold()}"
        stays = [
            known
            for known in self.facts
            if known.fact.text.casefold() != fact.text.casefold()
            and (not fact.kind or known.fact.kind != fact.kind)
        ]
        if len(stays) >= MOST_FACTS:
            return None
        self._times[name] = self._times.get(name, 0) + 1
        # On disk a key stands for what was erased: it must not spell it out.
        digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:16]
        known = Known(f"{self._times[name]}:{digest}", fact, number)
        self.facts = [*stays, known]
        return known


def wished(wish: Wish, facts: Sequence[Known]) -> list[Known]:
    """Those of these facts that a wish to forget means."""
    if wish.what == "everything":
        return list(facts)
    if wish.what == "that":
        last = max((known.told for known in facts), default=0)
        return [known for known in facts if last and known.told == last]
    if wish.what in ("name", "home", "origin"):
        return [known for known in facts if known.fact.kind == wish.what]
    wanted = _words(wish.what)
    if not wanted:
        return []
    shares = [len(wanted & _words(known.fact.line)) / len(wanted) for known in facts]
    best = max(shares, default=0.0)
    if best < _ALIKE:
        return []
    return [known for known, share in zip(facts, shares, strict=True) if share == best]


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold())) - _LITTLE
