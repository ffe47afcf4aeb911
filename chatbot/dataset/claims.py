"""What the bot says of itself: its name, its age, where it lives; and how it answers a question.

Only plain statements are read, and of these only what is surely the same thing said of the same
person: a contradiction that is none does more harm than one that is missed. English; the
name, the age and the home also in German, French and Spanish.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chatbot.messages import Message

_NAME = r"([A-Z][\w'-]*)"
_PLACE = r"((?:the )?[A-Z][\w'-]+(?: [A-Z][\w'-]+)*)"
_END = r"(?=\s*(?:[.,;:!?)\n]|$)|\s+(?:and|but)\b)"
# What it is about; what stands in every text that says so; how it is said.
_CLAIMS: tuple[tuple[str, tuple[str, ...], re.Pattern[str]], ...] = (
    ("name", ("y name",), re.compile(rf"\b[Mm]y name(?: is|'s) {_NAME}")),
    ("name", ("called",), re.compile(rf"\b(?:I'm|I am) called {_NAME}")),
    ("age", ("years old",), re.compile(r"\b(?:I'm|I am) ([\w-]+) years old\b")),
    ("age", ("I'm ", "I am "), re.compile(rf"\b(?:I'm|I am) (\d{{1,3}}){_END}")),
    ("home", ("live ",), re.compile(rf"\b(?:I|I now) live (?:in|on|at) {_PLACE}{_END}")),
    (
        "birthplace",
        ("born", "grew up"),
        re.compile(rf"\b(?:I was born|I grew up) (?:in|on|at) {_PLACE}{_END}"),
    ),
    ("origin", ("come from",), re.compile(rf"\bI come from {_PLACE}{_END}")),
    ("job", ("work as",), re.compile(rf"\bI work as an? ((?:[a-z-]+ ){{0,2}}[a-z-]+){_END}")),
    ("year of birth", ("born",), re.compile(r"\bI was born in (\d{4})\b")),
    (
        "birthday",
        ("y birthday",),
        re.compile(r"\b[Mm]y birthday(?: is|'s) (?:on )?(?:the )?([\w ]{4,24})"),
    ),
    (
        "name",
        ("hei", "Name ist"),
        re.compile(rf"\b(?:[Ii]ch hei(?:ß|ss)e|[Mm]ein Name ist) {_NAME}"),
    ),
    ("age", ("Jahre alt",), re.compile(r"\b[Ii]ch bin (\d{1,3}) Jahre alt\b")),
    ("home", ("wohne", "lebe"), re.compile(rf"\b[Ii]ch (?:wohne|lebe) (?:in|auf) {_PLACE}{_END}")),
    ("name", ("appelle",), re.compile(rf"\b[Jj]e m'appelle {_NAME}")),
    ("age", (" ans",), re.compile(r"\b[Jj]'ai (\d{1,3}) ans\b")),
    ("home", ("habite",), re.compile(rf"\b[Jj]'habite (?:à|en) {_PLACE}{_END}")),
    ("name", ("llamo",), re.compile(rf"\b[Mm]e llamo {_NAME}")),
    ("age", ("años",), re.compile(r"\b[Tt]engo (\d{1,3}) años\b")),
    ("home", ("ivo en",), re.compile(rf"\b[Vv]ivo en {_PLACE}{_END}")),
)
_WHO = re.compile(r"\b(?:who are you|what(?:'s| is) your name|your name)\b", re.IGNORECASE)
_I_AM = re.compile(
    rf"^(?:\W*(?:[Hh]ello|[Hh]i|[Hh]ey)\W+)?(?:I'm|I am|It's|[Cc]all me) {_NAME}{_END}"
)
_NOT_MEANT = re.compile(
    r"(?:[\"\u201c\u201e\u00ab]"
    r"|\b(?:if|when|once|wish|pretend|say|said|says|think)(?: that)?:?\s+)$",
    re.IGNORECASE,
)
"""What stands before words that are quoted, or only imagined."""
_HOW_OLD = re.compile(r"^\W*(?:and )?how old are you\W*$", re.IGNORECASE)
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    "nineteen",
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_YES = re.compile(r"\s*(?:yes|yeah|yep|aye|of course|certainly|i do|i am|i can)\b", re.IGNORECASE)
_NO = re.compile(
    r"\s*(?:no|nope|nay|never|not at all|i don't|i can't|i'm not)\b"
    r"(?! (?:problem|idea|doubt|wonder|worries|need|one|matter)\b)",
    re.IGNORECASE,
)
_CLOSED = re.compile(
    r"\s*(?:and |so |but )?(?:do|does|did|are|is|was|were|can|could|have|has|will|would)\b",
    re.IGNORECASE,
)
_HOW_MANY = re.compile(r"\bhow (?:many|much|old|far|long|tall|often)\b", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w.,:-])\d{1,3}(?:,\d{3})+\b|(?<![\w.,:-])\d+(?:\.\d+)?\b")


@dataclass(frozen=True, slots=True)
class Claim:
    """`value` as it is compared, `said` as it stands in turn `turn` (from 1); `setting` is the
    system text: who it speaks as."""

    about: str
    value: str
    said: str
    turn: int
    setting: str = ""


def of_conversation(messages: Sequence[Message]) -> tuple[Claim, ...]:
    """What the bot says of itself."""
    claims: list[Claim] = []
    question = ""
    setting = messages[0].text if messages and messages[0].role == "system" else ""
    for turn, message in enumerate(messages, start=1):
        if message.role == "assistant":
            claims += _of_answer(question, message.text.replace("\u2019", "'"), turn, setting)
        else:
            question = message.text.replace("\u2019", "'")
    return tuple(claims)


def _of_answer(question: str, text: str, turn: int, setting: str) -> Iterator[Claim]:
    for about, hints, pattern in _CLAIMS:
        if not any(hint in text for hint in hints):
            continue
        for found in pattern.finditer(text):
            value = _value(about, found[1])
            if value and not _NOT_MEANT.search(text[max(0, found.start() - 20) : found.start()]):
                yield Claim(about, value, found[1].strip(), turn, setting)
    if _WHO.search(question) and (found_name := _I_AM.search(text)):
        yield Claim("name", found_name[1].casefold(), found_name[1], turn, setting)
    if _HOW_OLD.search(question) and (age := stance(question, text)):
        yield Claim("age", age, age, turn, setting)


def _value(about: str, said: str) -> str:
    """How it is compared; "" where it is not that kind of thing."""
    words = said.casefold().split()
    if about == "age":
        return _number(words[0]) if words else ""
    if about == "birthday":
        month = next((m for word in words for m in _MONTHS if word == m), "")
        day = next((re.sub(r"\D", "", word) for word in words if word[:1].isdigit()), "")
        return f"{month} {day}" if month and day else ""
    if about == "birthplace" and words[0] in _MONTHS:
        return ""
    if about in ("home", "birthplace") and words[0] == "the":
        words = words[1:]
    return " ".join(words)


def _number(word: str) -> str:
    if word.isdigit():
        return str(int(word))
    tens, _, ones = word.partition("-")
    if word in _ONES:
        return str(_ONES.index(word))
    if tens in _TENS and (not ones or ones in _ONES[1:10]):
        return str(20 + 10 * _TENS.index(tens) + (_ONES.index(ones) if ones else 0))
    return ""


def stance(question: str, answer: str) -> str:
    """What an answer settles, where the question asks for just that: "yes", "no" or a number;
    "" for all other answers."""
    if _CLOSED.match(question):
        if _YES.match(answer):
            return "yes"
        return "no" if _NO.match(answer) else ""
    if _HOW_MANY.search(question):
        numbers = {number.replace(",", "") for number in _NUMBER.findall(answer)}
        return numbers.pop() if len(numbers) == 1 else ""
    return ""
