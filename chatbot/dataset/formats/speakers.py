"""Who speaks in a transcript: names before a colon or in headings, and which role each plays."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from chatbot.messages import Role

Turn = tuple[Role, str]

CLEAR: Mapping[str, Role] = {
    **dict.fromkeys(("user", "human", "customer", "visitor"), "user"),
    **dict.fromkeys(("bot", "assistant", "ai", "gpt", "chatbot", "agent"), "assistant"),
    "system": "system",
}
# These are ordinary words too ("A: red, B: blue"): they count where the clear names don't do.
_KNOWN: Mapping[str, Role] = {
    **CLEAR,
    **dict.fromkeys(("me", "you", "question", "q", "person"), "user"),
    **dict.fromkeys(("answer", "a", "model"), "assistant"),
}

INVISIBLE = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
_MARKERS = re.compile(r"\A(?:>[ \t]*){0,4}(?:[-*+•][ \t]+)?(?:#{1,6}[ \t]+)?")
_HEADING = re.compile(r"[ ]{0,3}#{1,6}[ \t]+([^#]{1,60})#*[ \t]*")
_NOT_IN_NAMES = frozenset('\\/?!;,<>{}[]=|"*:')
_WIDE_COLON = "\uff1a"
_ADDRESSES = frozenset(("http", "https", "ftp", "file", "mailto"))
_LONGEST_NAME, _MOST_WORDS, _LONGEST_HEAD = 40, 4, 80


def speakers(text: str) -> tuple[str, ...]:
    """The names that begin lines, the most frequent first, spelled as where they first stand."""
    lines = lines_of(text)
    names = spoken(lines)
    if not _known_roles(names):
        names += headed(lines)
    spelled = spelled_as(names)
    counted = Counter(name.casefold() for name in names).most_common()
    return tuple(spelled[key] for key, times in counted if times > 1 or key in _KNOWN)


def bot_among(text: str) -> str:
    """The speaker whose lines are the bot's, as `speakers` names them; "" where it is not clear."""
    cast = cast_of(lines_of(text), "")
    roles = {} if cast is None else cast.roles
    names = (name for name in speakers(text) if roles.get(name.casefold()) == "assistant")
    return next(names, "")


def lines_of(text: str) -> list[str]:
    """The lines without their ends, whichever system wrote them."""
    if "\n" not in text:
        return text.removeprefix("\ufeff").split("\r")
    return [line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n")]


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays which role in a text. Names are in lower case."""

    roles: Mapping[str, Role]
    headings: bool = False

    def opening(self, line: str) -> Turn | None:
        """The role and the first words, where the line begins a turn."""
        name, words = (_heading(line), "") if self.headings else _opening(line)
        role = self.roles.get(name.casefold()) if name else None
        return None if role is None else (role, words)

    def looks_like_markup(self, line: str) -> bool:
        """Whether this line must be escaped where it is text, backslashes in front or not."""
        bare = line.lstrip("\\")
        return not bare.strip() or is_separator(bare) or self.opening(bare) is not None

    def unescaped(self, line: str) -> str:
        return line[1:] if line[:1] == "\\" and self.looks_like_markup(line) else line


def cast_of(lines: Sequence[str], bot: str) -> Cast | None:
    """Who plays which role; None where it is not clear.

    Args:
        bot: the name whose lines are the bot's; "" lets the names or their order decide.
    """
    said, titles = spoken(lines), headed(lines)
    cast = None
    if known := _known_roles(said):
        cast = Cast(known)
    elif known := _known_roles(titles):
        cast = Cast(known, headings=True)
    elif paired := _paired_roles([name.casefold() for name in said]):
        cast = Cast(paired)
    return _recast(cast, said, titles, bot.strip().casefold()) if bot.strip() else cast


def _recast(cast: Cast | None, said: Sequence[str], titles: Sequence[str], bot: str) -> Cast | None:
    headings = cast is not None and cast.headings
    times = Counter(name.casefold() for name in (titles if headings else said))
    if bot not in times:
        return None
    keys = {key for key, count in times.items() if count > 1 or key in _KNOWN}
    if cast is not None and bot in cast.roles:
        keys = set(cast.roles)
    roles: dict[str, Role] = {key: "system" if key == "system" else "user" for key in keys}
    return Cast({**roles, bot: "assistant"}, headings)


def _known_roles(names: Iterable[str]) -> Mapping[str, Role] | None:
    keys = {name.casefold() for name in names}
    for known in (CLEAR, _KNOWN):
        if {"user", "assistant"} <= {known[key] for key in keys if key in known}:
            return known
    return None


def _paired_roles(keys: Sequence[str]) -> Mapping[str, Role] | None:
    times = Counter(key for key in keys if key != "system")
    names = [key for key, count in times.items() if count > 1]
    if len(names) < 2:
        names = [key for key, count in times.items() if count > 1 or key in _KNOWN]
    if len(names) != 2:
        return None
    order = [key for key in keys if key in names]
    if 2 * sum(one != other for one, other in pairwise(order)) < len(order) - 1:
        return None
    first, second = names
    roles = (_KNOWN.get(first), _KNOWN.get(second))
    if roles in (("assistant", None), (None, "user")):
        first, second = second, first
    return {first: "user", second: "assistant", "system": "system"}


def spelled_as(names: Iterable[str]) -> dict[str, str]:
    """Each name in lower case, and as it stands where it is first met."""
    spelled: dict[str, str] = {}
    for name in names:
        spelled.setdefault(name.casefold(), name)
    return spelled


def spoken(lines: Iterable[str]) -> list[str]:
    """The names before colons, line by line."""
    return [name for line in lines if (name := _opening(line)[0])]


def headed(lines: Iterable[str]) -> list[str]:
    """The names in headings, line by line."""
    return [name for line in lines if line.lstrip()[:1] == "#" and (name := _heading(line))]


def _opening(line: str) -> tuple[str, str]:
    """The name before the colon and the words after it; no name where there is none."""
    head, colon, _ = line[:_LONGEST_HEAD].replace(_WIDE_COLON, ":").partition(":")
    if not colon:
        return "", ""
    words = line[len(head) + 1 :]
    name = _MARKERS.sub("", head.strip(" \t" + INVISIBLE), count=1)
    for mark in ("**", "__", "*", "_"):
        if name.startswith(mark):
            if not name.endswith(mark) and not words.startswith(mark):
                return "", ""
            words = words if name.endswith(mark) else words.removeprefix(mark)
            name = name.removeprefix(mark).removesuffix(mark)
            break
    if name[:1] == "[" and name[-1:] == "]":
        name = name[1:-1]
    name = name.strip(" \t" + INVISIBLE)
    return (name, words) if _is_name(name, words) else ("", "")


def _is_name(name: str, words: str) -> bool:
    if len(name) > _LONGEST_NAME or not any(map(str.isalpha, name)):
        return False
    if not _NOT_IN_NAMES.isdisjoint(name) or name.casefold() in _ADDRESSES:
        return False
    if words.startswith(("//", "\\", ":")) or (name[-1].isdigit() and words[:1].isdigit()):
        return False
    return len(name.split()) <= _MOST_WORDS


def _heading(line: str) -> str:
    match = _HEADING.fullmatch(line)
    name = match[1].strip(" \t*_[]" + INVISIBLE) if match else ""
    return name if name.casefold() in _KNOWN else ""


def is_separator(line: str) -> bool:
    """Whether the line ends a conversation."""
    bare = line.strip()
    return len(bare) > 2 and bare[0] in "-=*#" and not bare.strip(bare[0])
