"""Plain statements of who a person is: a name, where they live, where they come from.

Only what is said plainly counts: "my name is Anna", not "if my name is Anna".
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

Kind = Literal["", "name", "home", "origin"]
LONGEST_FACT = 300
"""Characters. A fact takes its place in the window from the conversation."""
_BEFORE = (
    r"(?:^|(?<=[,;:]\s)|(?<=\band\s)|(?<=\bbut\s)|(?<=\bhi\s)|(?<=\bhello\s)|(?<=\bhey\s)"
    r"|(?<=\bwell\s)|(?<=\bok\s)|(?<=\boh\s)|(?<=\balso\s)|(?<=\bplease\s)|(?<=\byou can\s)"
    r"|(?<=\bthat\s)|(?<=\bbtw\s)|(?<=\bby the way\s))"
)
_STATED: dict[Kind, re.Pattern[str]] = {
    "name": re.compile(
        _BEFORE + r"(?P<how>my (?:own |first |real )?name(?: is|'s)|i(?: am|'m) called|"
        r"call me)\s+(?P<what>\w[^.,;:!?()\"\n]*)",
        re.IGNORECASE,
    ),
    "home": re.compile(
        _BEFORE + r"(?P<how>i (?:now |still |currently )?live in|i(?: am|'m) living in)\s+"
        r"(?P<what>\w[^.,;:!?()\"\n]*)",
        re.IGNORECASE,
    ),
    "origin": re.compile(
        _BEFORE + r"(?P<how>i(?: am|'m) from|i come from)\s+(?P<what>\w[^.,;:!?()\"\n]*)",
        re.IGNORECASE,
    ),
}
_PARTICLES = frozenset(
    [
        "de",
        "da",
        "di",
        "del",
        "della",
        "van",
        "von",
        "der",
        "den",
        "la",
        "le",
        "el",
        "al",
        "bin",
        "ibn",
        "of",
        "y",
        "e",
    ]
)
_NO_NAMES = frozenset(
    [
        "not",
        "what",
        "whatever",
        "a",
        "an",
        "the",
        "so",
        "very",
        "back",
        "later",
        "when",
        "if",
        "anything",
        "crazy",
        "tomorrow",
        "today",
        "tonight",
        "maybe",
        "now",
        "again",
        "old",
        "weird",
        "spelled",
        "written",
        "something",
        "nothing",
        "none",
        "unknown",
        "in",
        "on",
        "at",
        "by",
        "for",
        "my",
        "your",
        "it",
        "this",
        "that",
        "up",
        "out",
        "paranoid",
        "stupid",
        "lazy",
        "no",
        "too",
        "never",
        "always",
        "just",
        "also",
    ]
)
_NO_PLACES = frozenset(
    [
        "fear",
        "hope",
        "hopes",
        "peace",
        "harmony",
        "denial",
        "constant",
        "total",
        "poverty",
        "luxury",
        "pain",
        "here",
        "there",
    ]
)
_ENDS = frozenset(
    [
        "and",
        "but",
        "because",
        "with",
        "since",
        "for",
        "where",
        "which",
        "when",
        "so",
        "who",
        "that",
        "if",
        "although",
        "though",
        "while",
        "or",
        "can",
        "could",
        "would",
        "will",
        "please",
        "do",
        "does",
        "is",
        "was",
        "i",
        "my",
        "what",
        "how",
        "you",
        "right",
        "at",
        "now",
        "too",
    ]
)


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that was told: the words of the person, or a name or a place alone."""

    text: str
    kind: Kind = ""

    @property
    def line(self) -> str:
        """As a person reads and edits it."""
        return f"{_LINES[self.kind]}{self.text}" if self.kind else self.text

    @property
    def said(self) -> str:
        """As the bot says it to the person."""
        return f"{_SAID[self.kind]} {self.text}." if self.kind else f"You told me: {self.text}"


_LINES: dict[Kind, str] = {"name": "My name is ", "home": "I live in ", "origin": "I am from "}
_SAID: dict[Kind, str] = {
    "name": "Your name is", "home": "You live in", "origin": "You come from",
}  # fmt: skip


def one_line(text: str) -> str:
    """On one line, without control characters: a fact can't write the lines of a prompt."""
    spaced = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    return " ".join(spaced.split())


def stated(sentence: str) -> list[tuple[Fact, tuple[int, int]]]:
    """Name, home and origin that a sentence states plainly, and where they stand in it."""
    found = []
    for kind, pattern in _STATED.items():
        for match in pattern.finditer(sentence):
            cut = _name(match) if kind == "name" else _place(match)
            if cut:
                end = match.start("what") + len(cut)
                found.append((Fact(_written(cut, kind), kind), (match.start("how"), end)))
    return found


def _name(match: re.Match[str]) -> str:
    """The name at the beginning of some words: as far as it is written with capitals; without
    any, all words up to the end of the clause, if they are few."""
    words = match["what"].split()
    if words[0].casefold() in _NO_NAMES or any(letter.isdigit() for letter in words[0]):
        return ""
    taken: list[str] = []
    small = words[0][0].islower()
    if small and match["how"].casefold() == "call me" and len(words) > 1:
        return ""  # "call me when you are there"
    for word in words:
        if word.casefold() in _ENDS or (not small and taken and not _part(word)):
            break
        taken.append(word)
    if small and len(taken) > 3:
        taken = taken[:1]
    while len(taken) > 1 and taken[-1] in _PARTICLES:
        taken.pop()
    return _fitting(match["what"], taken)


def _part(word: str) -> bool:
    return word[0].isupper() or word in _PARTICLES


def _place(match: re.Match[str]) -> str:
    words = match["what"].split()
    if words[0].casefold() in _NO_PLACES:
        return ""
    taken: list[str] = []
    for word in words:
        if word.casefold() in _ENDS or len(taken) == 8:
            break
        taken.append(word)
    return _fitting(match["what"], taken)


def _fitting(what: str, taken: list[str]) -> str:
    """The words as they stand in the message; "" where there are none, or they are no name."""
    if not taken:
        return ""
    found = re.match(r"\s+".join(map(re.escape, taken)), what)
    cut = found[0] if found else ""
    return cut if len(cut) <= 60 else ""


def _written(cut: str, kind: Kind) -> str:
    """A name in small letters gets its capitals."""
    line = one_line(cut)
    if kind != "name" or line != line.lower():
        return line
    return " ".join(word[:1].upper() + word[1:] for word in line.split())
