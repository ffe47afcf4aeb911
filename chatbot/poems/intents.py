"""Whether a message asks for a poem, and what about. Speaking of poems is not asking for one."""

import re
from dataclasses import dataclass

from chatbot.plain_words import plainly

_POEM = (
    r"(?:(?:short|little|small|nice|new|lovely|good|long|quick|sad|happy|funny|silly|cheerful|calm|"
    r"calming|quiet|gentle|tender|romantic|hopeful|joyful|comforting|soothing|sweet|love|birthday|"
    r"four[- ]line|4[- ]line|original|fresh|another|rhyming) )*"
    r"(?:poem|poems|poetry|verse|verses|rhyme|sonnet|haiku|limerick|ode|ballad|lullaby)"
)
_ARTICLE = r"(?:a |an |one |some |any |another |the |me a |me an |me some |of your )*"
_ABOUT = (
    r"(?: (?:about|on|for|of|to|regarding|called|describing|that is about|with) (?P<topic>.+))?"
)
_BEFORE = (
    r"(?:(?:please|hey|hi|hello|ok|okay|well|so|now|oh|bot|and|then|thanks) )*"
    r"(?:(?:can|could|would|will) you (?:please |maybe |perhaps |kindly )?)?(?:please )?"
)
_ASK = (
    r"(?:(?:i'd like|i would like|i'd love|i would love|i want|i need|i wish for|i fancy|"
    r"may i have|can i have|could i have|can i get|let me hear|let's hear|let's have|"
    r"how about|what about|do you (?:know|have)|have you got|got|"
    r"i want you to write|i'd like you to write|do you think you could write|"
    r"tell|tell me|tell us|give|give me|give us|read|read me|read us|recite|recite me|write|"
    r"write me|write us|"
    r"compose|compose me|make|make me|make up|create|say|find|find me|show me|share|bring me|"
    r"i'd like to (?:hear|read)|i want to (?:hear|read)|i would like to (?:hear|read)|"
    r"i would love to hear|sing me|send me) )"
)
_END = r"(?:,? (?:please|now|then|thanks|thank you|for me|for us|today|tonight))*"
_ASKS = (
    re.compile(_BEFORE + _ASK + _ARTICLE + r"(?P<kind>" + _POEM + r")" + _ABOUT + _END),
    re.compile(_BEFORE + _ARTICLE + r"(?P<kind>" + _POEM + r")" + _ABOUT + _END),
    re.compile(
        _BEFORE + r"(?:write|compose) (?:me |us )?(?:something|a few lines|some lines|four lines|"
        r"a couple of lines|lines) (?:short |nice |lovely |funny |sad )?(?:about|on|for) "
        r"(?P<topic>.+?)" + _END
    ),
    re.compile(
        _BEFORE + r"(?:write|compose|tell|give|read|say|recite|i need|i'd like) (?:me |us )?"
        r"something (?P<kind>poetic|in verse|in rhyme|that rhymes|lyrical)" + _ABOUT + _END
    ),
    re.compile(_BEFORE + r"(?:make|turn) (?:me )?(?P<topic>.+) into a (?P<kind>poem|verse)" + _END),
)
_NEW = re.compile(
    r"\b(?:new|original|fresh|your own|of your own|yourself|make up|invent|nobody has)\b"
)
_ANOTHER = re.compile(
    _BEFORE + r"(?:" + _ASK + r")?(?:another|another one|one more|more|again|the next one|next)"
    r"(?: (?:poem|verse))?" + _END
)
_SPOKEN_OF = re.compile(
    r"^(?:the|this|that|my|your|his|her) (?:poem|poems|poetry|verse|verses)\b"
    r"|\b(?:did|was|is|were|are|has|had|i hate|i read|i wrote|i love|means|mean)\b.*"
    r"\b(?:poem|poems|poetry|verse)\b$"
    r"|^(?:poems?|poetry|verses?) (?:is|are|was|were|should|can|must|by|in)\b"
    r"|\b(?:you|i|we|they|he|she) (?:wrote|read|heard|gave|told|made|liked)\b"
)
_KNOWS = re.compile(
    r"\b(?:who|what|when|why|where|how many|which) (?:is|are|was|wrote|does|do|did)\b"
)
_MOOD = {
    "sad": "sad", "happy": "joyful", "joyful": "joyful", "cheerful": "joyful", "funny": "funny",
    "silly": "funny", "limerick": "funny", "calm": "calm", "calming": "calm", "quiet": "calm",
    "soothing": "calm", "gentle": "tender", "tender": "tender", "sweet": "tender",
    "romantic": "tender", "hopeful": "hopeful", "comforting": "hopeful", "lullaby": "tender",
    "birthday": "joyful",
}  # fmt: skip


@dataclass(frozen=True)
class Wish:
    """A poem that is asked for. `topic`: what about, "" for any; `mood`: "" where none was named;
    `new`: it shall not be one of those that are known."""

    topic: str = ""
    mood: str = ""
    new: bool = False


def wish(text: str) -> Wish | None:
    """The poem that a message asks for; None where it asks for none."""
    plain = plainly(text)
    if _SPOKEN_OF.search(plain) or _KNOWS.match(plain):
        return None
    for pattern in _ASKS:
        found = pattern.fullmatch(plain)
        if found is None:
            continue
        said = found.groupdict()
        kind, topic = said.get("kind") or "", (said.get("topic") or "").strip()
        topic = re.sub(_END + "$", "", topic).strip()
        if topic in ("me", "us", "you", "anything", "something", "whatever you like"):
            topic = ""
        words = [*kind.split(), *topic.split()]
        mood = next((_MOOD[word] for word in words if word in _MOOD), "")
        if not topic and re.search(r"\b(?:love|romantic)\b", kind):
            topic = "love"
        return Wish(
            topic, mood, bool(_NEW.search(plain[: found.start("topic")] if topic else plain))
        )
    return None


def wants_another(text: str) -> bool:
    """Whether a message asks for one more of the same."""
    return _ANOTHER.fullmatch(plainly(text)) is not None
