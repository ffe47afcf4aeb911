"""What makes two sentences the same, and a sentence a question: simple checks on words."""

import re
from collections.abc import Iterable


def listed(text: str) -> frozenset[str]:
    """The words between the spaces of a text."""
    return frozenset(text.split())


_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_SMALL = listed(
    """
    a an the and or but if of to in on at by for with from about as into than then so too very
    is are am was were be been being do does did done have has had can could will would shall
    should may might must i you he she it we they me him her us them my your his its our their
    mine yours this that these those there here what who whom whose which where when why how
    not no yes just ever really please tell say know ask other any some one thing way s t re ve
    m ll d lol hey hi oh ok okay well yourself myself like get got
    """
)
_QUESTION_STARTS = listed(
    """
    what who whom whose which where when why how is are am was were do does did have has had can
    could will would shall should may might must what's who's where's when's how's isn't aren't
    don't doesn't didn't can't won't whats wheres hows
    """
)
_REQUESTS = listed(
    """
    tell give show explain describe write sing say teach recommend help list name make read
    recite suggest speak talk translate count guess pick choose imagine pretend play compare
    summarise summarize define calculate repeat finish complete draw find introduce cheer warn
    """
)
_SYNONYMS = (
    "favourite best prefer love enjoy fond", "job work profession career occupation trade",
    "breed kind type sort", "far distance distant away", "home house live", "old age years",
    "name called", "like enjoy", "big large size tall",
    "begin start", "pet pets animal animals", "kid kids child children", "mum mother mom",
    "dad father", "movie film", "buy purchase", "happy glad", "sad unhappy", "funny joke jokes",
    "eat food meal", "talk speak speaking talking", "bot robot ai", "doing going",
)  # fmt: skip
_SPELLINGS = {"favorite": "favourite", "color": "colour", "gray": "grey", "mom": "mum"}
_GROUP_OF = {word: group.split()[0] for group in _SYNONYMS for word in group.split()}


def words(text: str) -> list[str]:
    """The words, casefolded, with plain apostrophes and one spelling."""
    said = (word.casefold().replace("\u2019", "'") for word in _WORD.findall(text))
    return [_SPELLINGS.get(word, word) for word in said]


def essence(text: str) -> str:
    """The text without signs, case and spacing: equal for texts that differ only in these."""
    return " ".join(words(text)).replace("'", "")


def content(text: str) -> frozenset[str]:
    """Stems of the words that carry the meaning; synonyms of a short list count as one."""
    return frozenset(
        stem for word in words(text) if (stem := _stem(word.removesuffix("'s"))) not in _SMALL
    )


def asks(text: str) -> bool:
    """Whether it is a question, with or without its sign."""
    said = words(text)
    return text.rstrip().endswith("?") or (bool(said) and said[0] in _QUESTION_STARTS)


def has_question_word(text: str) -> bool:
    """Whether a word stands in it that English questions are made with (*what*, *are*, ...)."""
    return not _QUESTION_STARTS.isdisjoint(words(text)) or not text.isascii()


def numbers(text: str) -> frozenset[str]:
    """The words with digits in them."""
    return frozenset(word for word in words(text) if any(map(str.isdigit, word)))


def names(text: str) -> frozenset[str]:
    """Stems of the words with a capital letter inside the sentence."""
    found = _WORD.findall(text)[1:]
    return content(" ".join(word for word in found if word[0].isupper()))


def requests(text: str) -> bool:
    """Whether it asks for something to be done, as in *tell me a joke*."""
    said = words(text)
    return bool(said) and said[0] in _REQUESTS and not text.rstrip().endswith("?")


def alike(one: str, other: str) -> float:
    """Share of words that two texts have in common, 0 to 1 (Jaccard index of their words)."""
    first, second = set(words(one)), set(words(other))
    together = first | second
    return len(first & second) / len(together) if together else 1.0


def stands_apart(text: str, others: Iterable[str], closest: float = 0.85) -> bool:
    """Whether no other text says it in (nearly) the same words."""
    own = essence(text)
    return all(own != essence(other) and alike(text, other) <= closest for other in others)


def same_script(text: str, other: str) -> bool:
    """Whether both are written in letters of the same kind, as far as their code blocks tell."""
    return not _scripts(text) - _scripts(other) or not _scripts(other)


def _scripts(text: str) -> set[int]:
    """Blocks of 256 characters, with all Latin ones (up to U+024F) as one."""
    letters = (ord(c) for c in text if c.isalpha())
    return {0 if point < 0x250 else point >> 8 for point in letters}


def _stem(word: str) -> str:
    if word in _GROUP_OF or word in _SMALL:
        return _GROUP_OF.get(word, word)
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word[: -len(ending)]
            break
    stem = word[:-1] if len(word) > 3 and word.endswith("e") else word
    return _GROUP_OF.get(stem, stem)
