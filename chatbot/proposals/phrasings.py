"""Other wordings of an English question that follow from grammar alone, without a model.

*Where are you from?* becomes *Can you tell me where you are from?* Only what can be turned safely
is turned; anything else is led in with a few words (*I was wondering: can owls turn their heads?*)
or left alone.
"""

import re

from chatbot.proposals.wording import asks, essence, listed, requests

_ENGLISH = re.compile(
    r"\b(?:what|who|where|when|why|how|which|do|does|did|are|is|was|were|can|could|would|will|"
    r"should|tell|the|you|your|me|my)\b",
    re.I,
)
_POLITE_START = re.compile(r"^(?:please |(?:can|could|would|will) you (?:please )?)", re.I)
_POLITE_END = re.compile(r",? please$", re.I)
_BE = "is|are|was|were"
_VERBS = f"{_BE}|am|do|can|could|would|will|should|have|has|had"
_INVERTED = re.compile(
    rf"^(?:(?P<wh>(?:who|what|where|when|why|which|whose|how)(?: (?!(?:{_VERBS}|does|did)\b)"
    rf"[\w'-]+){{0,3}}) )?(?P<verb>{_VERBS}) (?P<who>you|i|we|they|he|she|it)\b(?P<rest>.*)$",
    re.I,
)
_NAMED = re.compile(
    rf"^(?P<wh>what|who|where) (?P<verb>{_BE}) (?P<name>.+?)(?P<end> (?:like|for|about|called))?$",
    re.I,
)
_BEFORE_A_NAME = listed(
    "the a an your ur my his her our their this that these those yours mine theirs"
)
_BEYOND_A_NAME = listed(
    "there here now today tonight yesterday tomorrow right like so up from with at to made found "
    "built born written given held kept done seen known lost gone when if because and"
)
_SUBJECT = re.compile(r"^(?:who|what|which|how (?:many|much))(?: [\w'-]+,?){2,}$", re.I)
_NO_SUBJECT = listed("about if else not to the a an next up on")
_HELPERS = listed(
    "is are am was were do does did have has had can could will would shall should may might must "
    "u you're"
)
_FIXED = listed("how_do_you_do how_are_you how_is_it_going")
_IN_FULL = {
    "what's": "what is", "where's": "where is", "who's": "who is", "how's": "how is",
    "don't": "do not", "can't": "cannot", "isn't": "is not",
    "whats": "what is", "wheres": "where is", "whos": "who is",
}  # fmt: skip
_IN_HASTE = {"you": "u", "your": "ur", "are": "r", "please": "pls", "because": "cuz"}
_IN_SHORT = {"what is": "what's", "where is": "where's", "who is": "who's", "how is": "how's"}
_SET_PHRASES = (
    ("Hello", "Hi there", "Hey", "Good day", "Hello there", "hi", "Greetings", "Howdy", "hiya",
     "Hey there", "Hello, anyone there?", "yo"),
    ("Thank you", "Thanks a lot", "Many thanks", "thx", "That's kind of you", "Thanks",
     "Thank you very much", "Much appreciated", "cheers", "Thanks, that helped", "ty"),
    ("Goodbye", "See you later", "Bye for now", "bye", "I have to go now", "Farewell", "cya",
     "Talk to you later", "I'm off", "Have a good one", "Bye bye"),
)  # fmt: skip
"""What people say without asking anything; any of a row stands for the others."""


def phrasings(question: str) -> list[str]:
    """Wordings that are right whatever the words mean, the most different ones first.

    None for what is no greeting and no English question or request of one sentence.
    """
    for row in _SET_PHRASES:
        if essence(question) in map(essence, row):
            return [text for text in row if essence(text) != essence(question)]
    plain = " ".join(question.split()).rstrip("?!. ")
    if not plain or "\n" in question or not (_ENGLISH.search(plain) or requests(plain)):
        return []
    if re.search(r"[.!?;:]\s", plain):
        return []
    wish = _POLITE_END.sub("", _POLITE_START.sub("", plain))
    if requests(wish):
        found = _of_request(_lowered(wish))
    elif asks(plain):
        found = _of_question(_lowered(_POLITE_END.sub("", plain)))
    else:
        return []
    return [text for text in found if essence(text) != essence(question)]


def _of_request(wish: str) -> list[str]:
    return [
        f"Can you {wish}?",
        f"I'd like you to {wish}.",
        f"Please {wish}.",
        f"Would you {wish} for me?" if not re.search(r"\bme\b", wish) else f"Would you {wish}?",
        f"{_raised(wish)}, if you don't mind.",
        f"Could you please {wish}?",
        f"Hey, {wish}!",
        f"Do me a favour and {wish}.",
        f"Come on, {wish}.",
        _typed_in_haste(f"can you {wish} please"),
    ]


def _of_question(question: str) -> list[str]:
    full = _in_full(question)
    turned = _indirect(full)
    short = [f"{_raised(other)}?" for other in _respelt(question, full)]
    if turned:
        return [
            f"Can you tell me {turned}?",
            f"I'd like to know {turned}.",
            f"Do you mind telling me {turned}?",
            *short,
            f"I was wondering {turned}.",
            f"May I ask {turned}?",
            f"Could you please tell me {turned}?",
            f"I'm curious to hear {turned}.",
            f"Hey, {question}?",
            f"{_raised(question)}, if I may ask?",
            _typed_in_haste(question),
        ]
    return [
        f"I was wondering: {question}?",
        f"Just curious: {question}?",
        *short,
        f"Can I ask you something: {question}?",
        f"Tell me, {question}?",
        f"Hey, {question}?",
        f"{_raised(question)}, if I may ask?",
        f"Quick question, {question}?",
        f"One more thing, {question}?",
        f"So, {question}?",
        _typed_in_haste(question),
    ]


def _indirect(question: str) -> str:
    """The question as a clause (*where you are from*); "" where that takes more than turning."""
    said = question.lower().split()
    if "_".join(said) in _FIXED:
        return ""
    if match := _INVERTED.match(question):
        who = "I" if match["who"].lower() == "i" else match["who"].lower()
        verb = "" if match["verb"].lower() == "do" else f" {match['verb'].lower()}"
        return f"{match['wh'] or 'whether'} {who}{verb}{match['rest']}"
    if match := _NAMED.match(question):
        clause = f"{match['wh']} {match['name']} {match['verb'].lower()}{match['end'] or ''}"
        return clause if _is_name(match["name"]) else ""
    if _SUBJECT.match(question) and said[1] not in _NO_SUBJECT and _HELPERS.isdisjoint(said[1:6]):
        return question
    return ""


def _is_name(text: str) -> bool:
    """Whether the words name one thing, and say nothing else of it."""
    said = text.split()
    if said[0].lower() not in _BEFORE_A_NAME:
        return len(said) <= 3 and all(word[:1].isupper() for word in said)
    others = [word.lower() for word in said[1:]]
    return (
        len(said) <= 6
        and _BEYOND_A_NAME.isdisjoint(others)
        and not any(word.endswith(("ing", "ed")) for word in others)
        and (not others or others[-1] not in ("of", "in", "on", "for"))
    )


def _in_full(question: str) -> str:
    """The first word without its contraction."""
    first, _, rest = question.partition(" ")
    plain = first.lower().replace("\u2019", "'")
    return f"{_IN_FULL.get(plain, first)} {rest}".strip()


def _respelt(question: str, full: str) -> list[str]:
    """The other of *what is* and *what's*, where the question begins with one of them."""
    if full != question:
        return [full]
    start = " ".join(question.lower().split()[:2])
    if start in _IN_SHORT:
        return [f"{_IN_SHORT[start]}{question[len(start) :]}"]
    return []


def _typed_in_haste(text: str) -> str:
    """As people write in a chat: no capitals, no signs, *u* for *you*."""
    words = re.sub(r"[?!.,;:]+", "", text.lower()).split()
    return " ".join(_IN_HASTE.get(word, word) for word in words)


def _lowered(text: str) -> str:
    first, _, rest = text.partition(" ")
    first = first if first == "I" or first.startswith("I'") else first[:1].lower() + first[1:]
    return f"{first} {rest}".strip()


def _raised(text: str) -> str:
    return text[:1].upper() + text[1:]
