"""Which kinds of question somebody has written an answer to already. English.

The kinds are those that people try on a chatbot in its first minutes. A question counts when
the words of a user's turn fit; an answer has to follow it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from chatbot.messages import Conversation, Message

LONGEST = 240
"""Characters of a turn that are read: what a turn is about, it says early."""


@dataclass(frozen=True, slots=True)
class Kind:
    """`count` conversations answer this kind of question; `example` is one such question."""

    key: str
    name: str
    count: int
    example: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """`kinds` is empty where the set is not in English: `language` is what it is in; "" unknown."""

    language: str
    kinds: tuple[Kind, ...]

    @property
    def judged(self) -> bool:
        return bool(self.kinds)

    @property
    def missing(self) -> tuple[Kind, ...]:
        return tuple(kind for kind in self.kinds if not kind.count)


# Key, name, example, and what shows it.
_TABLE: tuple[tuple[str, str, str, str], ...] = (
    ("greeting", "Greetings", "Hello!", r"^\W*(?:hi|hello|hey|good (?:morning|evening|day))\b"),
    ("name", "Its name", "What is your name?", r"\byour name\b|\bwho are you\W*$|\bcall you\b"),
    ("age", "Its age", "How old are you?", r"\bhow old are you\b|\byour age\b|\byour birthday\b"),
    (
        "home",
        "Where it lives",
        "Where do you live?",
        r"\bwhere (?:do you (?:live|come from)|are you from)\b|\byour (?:home|house)\b",
    ),
    (
        "family",
        "Family and friends",
        "Do you have a family?",
        r"\b(?:your|any|a) (?:family|friends?|brothers?|sisters?|mother|father|parents|children"
        r"|kids|wife|husband|pets?|dog|cat)\b",
    ),
    (
        "likes",
        "What it likes",
        "What do you like?",
        r"\b(?:do|what|which).{0,20} you (?:like|love|enjoy)\b|\byour fav|\bfun\b.{0,15}\?|\bhobb",
    ),
    (
        "dislikes",
        "What it dislikes",
        "What do you hate?",
        r"\byou (?:hate|dislike|not like|can't stand|fear)\b|\bdon't you like\b|\bannoys? you\b"
        r"|\b(?:are )?you (?:afraid|scared)\b",
    ),
    (
        "work",
        "Its work",
        "What do you do all day?",
        r"\bwhat do you do\b|\byour (?:job|work)\b|\bdo you work\b|\bfor a living\b",
    ),
    (
        "abilities",
        "What it can do",
        "What can you do?",
        r"\bwhat can you\b|\b(?:can|could) you\b|\bhelp me with\b|\bare you able\b",
    ),
    (
        "limits",
        "What it can't do",
        "What can't you do?",
        r"\bcan'?t you\b|\bcan you not\b|\byour limits?\b|\b(?:can|do) you (?:see|hear|remember"
        r"|browse|search|look up|play|open|send|book|order)\b",
    ),
    (
        "feelings",
        "How it feels",
        "How are you?",
        r"\bhow are you\b|\bhow do you feel\b|\bhow's it going\b|\bare you (?:happy|sad|lonely"
        r"|tired|bored|angry|ok|okay)\b",
    ),
    (
        "opinions",
        "Its opinions",
        "What do you think about money?",
        r"\b(?:do|what) you think\b|\byour (?:opinion|view|take)\b|\bdo you believe\b|\bprefer\b",
    ),
    (
        "story",
        "Stories of its life",
        "Tell me a story.",
        r"\btell me (?:something|(?:more )?about your?(?:self)?)\b|\bstory\b|\bhave you ever\b"
        r"|\bdo you remember\b",
    ),
    ("joke", "Jokes", "Tell me a joke.", r"\bjokes?\b|\bmake me laugh\b|\bfunny\b"),
    (
        "advice",
        "Advice",
        "What should I do?",
        r"\bshould i\b|\badvice\b|\bany tips\b|\bhow (?:do|can) i\b",
    ),
    (
        "help",
        "Somebody in need",
        "I feel so alone.",
        r"\bi(?:'m| am| feel)(?: so| very| really| a bit| just)? (?:sad|alone|lonely|afraid|scared"
        r"|depressed|down|lost|anxious|stressed|hopeless)\b|\bhelp me\b|\bi want to die\b",
    ),
    (
        "human",
        "Whether it is human",
        "Are you a real person?",
        r"\bare you (?:\w+ ){0,2}(?:human|real|robot|bot|machine|ai|person|chatbot|alive|computer"
        r"|program)\b",
    ),
    (
        "maker",
        "Who made it",
        "Who made you?",
        r"\bwho (?:made|built|created|programmed|trained|wrote) you\b|\byour (?:maker|creator)\b"
        r"|\b(?:chatgpt|openai)\b",
    ),
    (
        "unknowable",
        "What it can't know",
        "What's the weather tomorrow?",
        r"\bweather\b|\bwhat time\b|\bwhat day\b|\btoday's\b|\bthe news\b|\bwho won\b|\blottery\b"
        r"|\bstock\b",
    ),
    (
        "back",
        "Being asked back",
        "And you?",
        r"\b(?:and|what about|how about) you(?:rself)?\b\W*$|\bask me\b",
    ),
    (
        "repeat",
        "Not understood",
        "What do you mean?",
        r"\bwhat do you mean\b|\bsay (?:that|it) again\b|\bi don't (?:understand|get)\b"
        r"|^\W*(?:huh|what|pardon)\W*$",
    ),
    (
        "insult",
        "Insults",
        "You are stupid.",
        r"\b(?:stupid|idiot|dumb|useless|boring|shut up|i hate you|you suck|moron|rubbish)\b",
    ),
    ("thanks", "Thanks", "Thank you!", r"\b(?:thanks|thank you|thx|cheers)\b"),
    (
        "goodbye",
        "Goodbyes",
        "Goodbye!",
        r"^\W*(?:ok(?:ay)?\W+)?(?:bye|goodbye|good night|goodnight|see you|farewell|cya)\b"
        r"|\b(?:i have to|gotta|must) go\b",
    ),
)
_PATTERNS = tuple(re.compile(pattern) for *_, pattern in _TABLE)
"""For lower case, which is quicker than to ignore the case."""


def asked(messages: Sequence[Message]) -> int:
    """The kinds of question that these turns answer, as a set of bits in the order of the table."""
    bits = 0
    for question, answer in pairwise(messages):
        if question.role == "user" and answer.role == "assistant" and answer.text.strip():
            text = question.text[:LONGEST].lower().replace("\u2019", "'")
            for number, pattern in enumerate(_PATTERNS):
                if pattern.search(text):
                    bits |= 1 << number
    return bits


def coverage(conversations: Sequence[Conversation], language: str = "") -> Coverage:
    """How often each kind of question is answered in this set.

    Args:
        language: what the set is in, as `languages.language_of` names it; "" unknown.
    """
    return covered((asked(c.messages) for c in conversations), language)


def covered(asked_bits: Iterable[int], language: str = "") -> Coverage:
    """The same, of what `asked` said of each conversation."""
    if language not in ("", "English"):
        return Coverage(language, ())
    counts = Counter(asked_bits)
    return Coverage(
        language,
        tuple(
            Kind(key, name, sum(n for bits, n in counts.items() if bits >> number & 1), example)
            for number, (key, name, example, _) in enumerate(_TABLE)
        ),
    )
