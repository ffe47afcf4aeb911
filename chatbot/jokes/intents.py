"""What a message wants of the jokes: one to be told, its why, the next line at the door."""

import re
from dataclasses import dataclass

from chatbot.jokes.subjects import is_topic
from chatbot.plain_words import plainly

_BEFORE = (
    r"(?:(?:hi|hey|hello|ok|okay|well|so|now|then|and|please|pls|oh|come on|yes|yeah|sure|alright|"
    r"all right|great|bot|thanks|thank you|i'm (?:so |a bit )?(?:bored|sad|tired))[ ,]+)*"
)
"""Small words that a request may begin with."""
_POLITE = (
    r"(?:(?:can|could|would|will|won't|can't) (?:you|u) (?:please |maybe |perhaps )?|please )?"
)
_KIND = (
    r"(?:really |very |so )?"
    r"(?:good|funny|short|new|nice|silly|bad|dad|clean|quick|better|best|great)"
)
_JOKE = (
    rf"(?:(?:{_KIND},? )*(?:knock[- ]?knock |(?P<kind>[a-z]+) )?(?:of your )?jokes?|"
    r"something (?:really )?funny)"
)
_SOME = r"(?:a |an |another |one more |one |some |any |your |me |us |the )*"
_NEW = r"(?:a |an |another |one more |one |some |any |more )"
_ABOUT = r"(?: (?:about|on|with|involving) (?P<topic>.+?))?"
_AFTER = r"(?: (?:please|pls|now|then|today|for (?:me|us)|again|will you|would you|if you can))*"

_ASKS = [
    re.compile(rf"(?:knock[- ]?knock |(?P<bare>[a-z]+) )?jokes?{_ABOUT}{_AFTER}$"),
    *(
        re.compile(_BEFORE + pattern + _AFTER + r"$")
        for pattern in (
            rf"{_NEW}+{_JOKE}{_ABOUT}",
            rf"{_POLITE}(?:tell|give|crack|share|say|throw|show|read|do|try|have|let me hear|"
            rf"let's hear|hit (?:me|us) with) {_SOME}{_JOKE}{_ABOUT}",
            rf"(?:do you |d'you |have you |you )?(?:happen to )?(?:know|got|have|heard|remember)"
            rf"(?: got| heard)? {_NEW}*{_JOKE}{_ABOUT}",
            rf"(?:do you |have you )?(?:know|got|have|heard) (?:any|some) (?:more )?"
            rf"(?:{_KIND} )ones{_ABOUT}",
            rf"(?:i want|i wanna|i need|i'd like|i would like|i'd love|i would love|i feel like)"
            rf"(?: to hear)? {_SOME}{_JOKE}{_ABOUT}",
            rf"(?:can|could|may) (?:i|we) (?:please )?(?:have|hear|get) {_SOME}{_JOKE}{_ABOUT}",
            rf"(?:do you want to|would you|how about|what about|time for|let's have) "
            rf"(?:tell(?:ing)? )?{_SOME}{_JOKE}{_ABOUT}",
            rf"{_POLITE}(?:make|get) (?:me|us) (?:laugh|smile|giggle|chuckle)(?: (?:about|with) "
            r"(?P<topic>.+?))?",
            rf"{_POLITE}(?:cheer me up|amuse me|entertain me) with {_SOME}{_JOKE}{_ABOUT}",
            r"(?:say|tell me) something (?:really )?funny(?: about (?P<topic>.+?))?",
            r"(?:i (?:need|could use)|give me) (?:a (?:good )?laugh|cheering up with a joke)",
        )
    ),
]
_ANOTHER = re.compile(
    _BEFORE + r"(?:tell me |give me |do you (?:know|have) |know |got |have you got )?"
    r"(?:another|another one|one more|more|the next one|next|more of (?:them|those)|again|"
    r"any more|any others?)" + _AFTER + r"$"
)
_WHY = re.compile(
    _BEFORE + r"(?:(?:h+m+|um+|uh|er) )*(?:(?:but )?(?:why|why not|why's that|why is that|"
    r"why did (?:it|he|she|they)|why do (?:they|we)|"
    r"why (?:was|is|are|were|does) (?:it|he|she|that|they)(?: so)?|how come|how so|what|what for|"
    r"what happened|tell me(?: why| more)?|do tell|say it|go on|go ahead|continue|and|not sure|"
    r"i'm not sure|i (?:do not|don't|dont|dunno) ?(?:know)?|dunno|idk|no idea|no clue|"
    r"not a clue|i have no idea|i give up|i give in|you tell me|let me hear(?: it)?|"
    r"let's hear it|i'm listening|what's the (?:answer|punchline)|"
    r"what is the (?:answer|punchline)|beats me|search me|surprise me)(?: |$)){1,3}"
    r"(?:(?:then|please|already|now|exactly)(?: |$))*$"
)
_THERE = re.compile(
    _BEFORE + r"(?:who(?:'s|s| is|se)? ?(?:there|it|that|this|at the door)?|come in|yes|"
    r"who goes there)(?: (?:then|please))*$"
)


@dataclass(frozen=True)
class Wish:
    """A joke that is asked for. `topic`: what about, "" for any; `knock_knock`: of that kind."""

    topic: str = ""
    knock_knock: bool = False


def wish(text: str) -> Wish | None:
    """The joke that a message asks for; None where it asks for none.

    A message that only speaks of jokes asks for none: *that was no joke*, *who told you that joke?*
    """
    plain = plainly(text)
    for pattern in _ASKS:
        found = pattern.fullmatch(plain)
        if found is None:
            continue
        said = found.groupdict()
        bare, kind = said.get("bare") or "", said.get("kind") or ""
        if bare and not is_topic(bare):
            continue
        if kind in _NO_JOKES:
            return None
        kind = kind or bare
        topic = (said.get("topic") or "").strip()
        knock = bool(re.search(r"\bknock[- ]?knock\b", plain))
        if not topic and not knock:
            topic = kind
        return Wish(topic, knock)
    return None


_NO_JOKES = frozenset({
    "no", "not", "my", "your", "his", "her", "this", "that", "our", "their", "whose", "what",
    "inside", "private", "running", "practical", "cruel", "sick", "stupid", "only", "mere",
    "standing", "old", "the",
})  # fmt: skip
"""With these before it, a joke is spoken of and not asked for."""


def wants_another(text: str) -> bool:
    """Whether a message asks for one more of the same."""
    return _ANOTHER.fullmatch(plainly(text)) is not None


def asks_why(text: str) -> bool:
    """Whether a message asks for the punchline."""
    return _WHY.fullmatch(plainly(text)) is not None


def asks_who_is_there(text: str) -> bool:
    return _THERE.fullmatch(plainly(text)) is not None


def asks_who(text: str, word: str) -> bool:
    """Whether a message answers the word at the door: *Lettuce who?*"""
    plain = plainly(text)
    name = plainly(word)
    return plain.endswith(" who") or plain in ("who", f"{name} who") or asks_why(text)
