"""A text's words as they are counted and compared, in any language."""

import re
from collections.abc import Sequence

_WORD = re.compile(r"[^\W_]+")
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
)
"""Thai, Lao, Burmese, Khmer, Japanese and Chinese set no spaces between words."""


def spelled(text: str) -> list[str]:
    """Words in their order, as they are written; digits count as letters, apostrophes and hyphens
    divide. Where a script sets no spaces, pairs of neighbouring letters stand for words."""
    return [part for run in _WORD.findall(text) for part in parts_of(run)]


def parts_of(run: str) -> list[str]:
    """What stands for words in a run of letters: itself, or where its script sets no spaces each
    letter with the next."""
    if _UNSPACED.search(run):
        return [run[n : n + 2] for n in range(max(1, len(run) - 1))]
    return [run]


def words(text: str) -> list[str]:
    """`spelled`, whatever the case."""
    return [word.casefold() for word in spelled(text)]


def holds(text: Sequence[str], phrase: Sequence[str]) -> bool:
    """Whether the words of `phrase` stand in `text`, next to each other and in this order."""
    length = len(phrase)
    return length > 0 and any(
        list(text[n : n + length]) == list(phrase) for n in range(len(text) - length + 1)
    )


def alike(one: str, other: str) -> bool:
    """The same word, or forms of it: the longer one has at most two letters more at its end.

    Short words (up to three letters) and words with digits have to be the same.
    """
    if one == other:
        return True
    short, long = sorted((one, other), key=len)
    if len(short) < 4 or any(letter.isdigit() for letter in long):
        return False
    return long.startswith(short) and len(long) - len(short) <= 2
