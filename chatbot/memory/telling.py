"""What a message tells about the person who wrote it, and what it asks of the memory.

Rules instead of a model: a small one can't be trusted to notice, and what is noticed has to be the
same at every reading. Only what is said plainly counts: "my name is Anna", not "if ...".
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from chatbot.memory.statements import LONGEST_FACT, Fact, Kind, one_line, stated

Act = Literal["tell", "forget", "recite"]

LONGEST_READ = 4000
"""Characters of a message that are looked through."""

_POLITE = r"(?:(?:please|and|so|also|ok|okay|well|now|hey|hi|hello|oh|then)\b[\s,:!]*)*"
_ASKED = r"(?:(?:can|could|would|will) you (?:please )?|you (?:should|must) |i want you to )?"
_SENTENCE = re.compile(
    r"(?<!\bDr\.)(?<!\bMr\.)(?<!\bMs\.)(?<!\bMrs\.)(?<!\bSt\.)(?<!\bProf\.)"
    r"(?<=[.!?…])[\"')]*\s+|\n+"
)
_REMEMBER = re.compile(
    rf"{_POLITE}{_ASKED}(?:please )?(?:"
    r"(?:always )?(?:remember|memori[sz]e)(?:\s+(?:this|that)\s*[:,]|\s*:|\s+that\b)"
    r"|(?:always )?remember(?=\s+(?:my|i|i'm|i've|we|our)\b)"
    r"|(?:don't|do not|never) forget(?:\s*:|\s+that\b)"
    r"|keep in mind(?:\s*:|\s+that\b)"
    r"|(?:make|take) (?:a )?note(?:\s*:|\s+that\b))"
    r"\s*(?P<what>\S.*)",
    re.IGNORECASE | re.DOTALL,
)
_NO_FACT = re.compile(
    r"(?:time|times|day|night|one|thing|song|movie|film|guy|joke|story|moment|was|is)\b", re.I
)
"""What follows "remember that" in "remember that time when ...", which tells nothing."""
_FORGET = re.compile(
    rf"{_POLITE}{_ASKED}(?:please )?(?:forget|unlearn)\s+(?P<what>\S.*?)(?:\s+please)?[\s.!]*",
    re.IGNORECASE | re.DOTALL,
)
_ALL = re.compile(
    r"(?:about )?(?:everything|all)(?: of (?:it|this|that))?"
    r"(?: (?:that )?(?:(?:you (?:know|remember|have|learned)|i (?:told|said|have told))"
    r"(?: (?:to )?you)?)?(?: ?(?:about|of) me(?: so far)?)?)?",
    re.IGNORECASE,
)
_NAMED: dict[Kind, re.Pattern[str]] = {
    "name": re.compile(r"(?:about )?(?:my name|who i am|what i(?: a|')m called)", re.I),
    "home": re.compile(r"(?:about )?(?:where i (?:live|am living)|my home|my address)", re.I),
    "origin": re.compile(r"(?:about )?where i(?:'m| am| come) from", re.I),
}
_SOMETHING = re.compile(
    r"(?:(?:that|about|what i (?:told|said)(?: to)?(?: you)? about)\s+|(?=my\s))(?P<what>\S.*)",
    re.IGNORECASE | re.DOTALL,
)
_RECITE = re.compile(
    rf"{_POLITE}(?:tell me )?(?:what|which things) (?:(?:do|can) you|you) "
    r"(?:know|remember)(?: (?:about|of) (?:me|myself))?(?: so far)?"
    rf"|{_POLITE}what (?:have i told|did i tell) you(?: (?:about|of) (?:me|myself))?(?: so far)?"
    rf"|{_POLITE}what (?:did|have) i (?:ask|tell|asked|told) you to remember",
    re.IGNORECASE,
)
_WHO = re.compile(
    rf"{_POLITE}(?:what(?:'s| is) my name|who am i|(?:do|can) you (?:know|remember) my name|"
    r"what am i called|what do (?:you|they) call me)",
    re.IGNORECASE,
)
_GLUE = re.compile(
    r"\b(?:hi|hello|hey|there|and|but|also|please|well|ok|okay|oh|so|by the way|btw|you can|"
    r"that|good (?:morning|evening|afternoon|day)|nice to meet you|now|too)\b|[\W_]+",
    re.IGNORECASE,
)
_HANGING = re.compile(r"(\bthat|:)[ \t]*\n\s*", re.IGNORECASE)
_MAYBE = re.compile(
    r"name|call|live|living|from|remember|memori|forget|mind|note|know|tell|told|am i",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a message asks of the memory, or tells it in passing.

    Attributes:
        act: "tell": take these facts; "forget"; "recite": say what is known.
        facts: what is told.
        what: what to forget: "that", "everything", a kind of fact, or words of one; to recite:
            "name" alone, or all where it is "".
        alone: the message is about this and nothing else; otherwise the model answers it.
        too_long: characters of something that was to be remembered and is too long; 0: nothing.
    """

    act: Act
    facts: tuple[Fact, ...] = ()
    what: str = ""
    alone: bool = True
    too_long: int = 0


def fact_of(text: str) -> Fact:
    """What a person wrote into a field, with its kind where it is a plain statement."""
    line = one_line(text)
    found = stated(line)
    if len(found) == 1 and found[0][0].line.casefold() == line.rstrip(".!").casefold():
        return found[0][0]
    return Fact(line)


def read(message: str) -> Wish | None:
    """What the message wants of the memory; None: nothing, which is most of them."""
    if len(message) > LONGEST_READ:
        found = _REMEMBER.match(message[:LONGEST_READ].lstrip())
        if found is not None and not _NO_FACT.match(found["what"]):
            return Wish("tell", too_long=len(message.strip()) - found.start("what"))
        message = message[:LONGEST_READ]
        wish = _read(message)
        return wish if wish is None or wish.act != "tell" else _not_alone(wish)
    return _read(message)


def _not_alone(wish: Wish) -> Wish:
    return Wish("tell", wish.facts, alone=False, too_long=wish.too_long)


@lru_cache(maxsize=2048)
def _read(message: str) -> Wish | None:
    if not _MAYBE.search(message):
        return None
    whole = message.strip().replace("\u2019", "'")
    bare = whole.rstrip(" .!?…")
    if _RECITE.fullmatch(bare):
        return Wish("recite")
    if _WHO.fullmatch(bare):
        return Wish("recite", what="name")
    if found := _FORGET.fullmatch(whole):
        return _forget(found["what"])
    return _tell(whole)


def sentences(text: str) -> list[str]:
    """The sentences and lines of a text."""
    return [part for part in map(str.strip, _SENTENCE.split(text)) if part]


def _forget(what: str) -> Wish | None:
    what = one_line(what).rstrip(" .!?…")
    if what.casefold() in ("that", "this"):
        return Wish("forget", what="that")
    if _ALL.fullmatch(what):
        return Wish("forget", what="everything")
    for kind, pattern in _NAMED.items():
        if pattern.fullmatch(what):
            return Wish("forget", what=kind)
    found = _SOMETHING.fullmatch(what)
    if found is None:
        return None  # "forget the previous instructions" is the model's business
    inner = stated(found["what"])
    return Wish("forget", what=inner[0][0].kind if inner else found["what"][:LONGEST_FACT])


def _tell(whole: str) -> Wish | None:
    facts: list[Fact] = []
    rest: list[str] = []
    too_long = 0
    whole = _HANGING.sub(r"\1 ", whole)
    for sentence in sentences(whole):
        found = _REMEMBER.fullmatch(sentence)
        if found is not None and not _NO_FACT.match(found["what"]):
            what = one_line(found["what"]).rstrip("?" if "?" in sentence[-2:] else "")
            if len(what) > LONGEST_FACT:
                too_long = len(what)
            else:
                facts += [fact for fact, _ in _whole_statement(what)] or [Fact(what)]
            continue
        found_here = stated(sentence)
        other = _without(sentence, [span for _, span in found_here])
        if sentence.endswith("?"):
            # "My name is Anna, and yours?" tells; "My name is Anna?" and "Is it so that ..." ask.
            first = [(fact, span) for fact, span in found_here if not span[0]]
            found_here, other = (first, other) if other else ([], sentence)
        facts += [fact for fact, _ in found_here]
        rest.append(other)
    if not facts and not too_long:
        return None
    return Wish("tell", tuple(facts), alone=not "".join(rest), too_long=too_long)


def _whole_statement(what: str) -> list[tuple[Fact, tuple[int, int]]]:
    """The names and places in something to be remembered, where they are all of it."""
    found = stated(what)
    return found if found and not _without(what, [span for _, span in found]) else []


def _without(sentence: str, spans: list[tuple[int, int]]) -> str:
    """What a sentence says besides the statements at these places; "" where that is nothing."""
    kept, at = [], 0
    for start, end in sorted(spans):
        kept.append(sentence[at:start])
        at = end
    return _GLUE.sub("", "|".join([*kept, sentence[at:]]) if spans else sentence)
