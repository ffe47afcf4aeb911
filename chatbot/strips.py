"""One setting in five steps, all else equal; and which words of two answers are the same."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from types import MappingProxyType
from typing import Literal

from chatbot.engine.sampling import SamplingParams
from chatbot.errors import BadInput

COLUMNS = 5
LONGEST = 80
"""New tokens of each answer at most: five long ones would take long, and nobody reads them."""

Setting = Literal["temperature", "top_p", "repetition_penalty"]
Piece = tuple[bool, str]
"""Whether these words are in the other text as well, and the words."""

_UNSETTLED = 3
"""Words at the end of an unfinished text of which it is not known whether they differ."""
_FEWEST = 3
"""Words in a row that two texts must share."""
_WORD = re.compile(r"\s*\S+|\s+")


@dataclass(frozen=True, slots=True)
class Scale:
    """The name of a setting, and the lowest and highest value that a strip offers and begins with.

    The middle of those it begins with is the value that most people chat with.
    """

    name: str
    lowest: float
    highest: float
    low: float
    high: float


SCALES: Mapping[Setting, Scale] = MappingProxyType(
    {
        "temperature": Scale("Temperature", 0.0, 2.0, 0.0, 1.6),
        "top_p": Scale("Top-p", 0.05, 1.0, 0.2, 1.0),
        "repetition_penalty": Scale("Repetition penalty", 1.0, 2.0, 1.0, 1.8),
    }
)


def variants(
    params: SamplingParams, setting: Setting, low: float, high: float, *, seed: int
) -> tuple[SamplingParams, ...]:
    """The same settings five times, one of them rising evenly from `low` to `high`.

    Args:
        params: all else; its seed and what is above `LONGEST` are replaced.
        seed: of all five.

    Raises:
        BadInput: the range is empty, or the setting does not go so far.
    """
    if not low < high:
        raise BadInput(
            "A range with one value would give five times the same answer.",
            value=f"{low:g} to {high:g}",
            remedy="Pull the two ends of the range apart.",
        )
    values = [round(low + (high - low) * n / (COLUMNS - 1), 4) for n in range(COLUMNS)]
    length = min(params.max_new_tokens, LONGEST)
    same = replace(params, seed=seed, max_new_tokens=length)
    return tuple(_with(same, setting, value) for value in values)


def _with(params: SamplingParams, setting: Setting, value: float) -> SamplingParams:
    if setting == "temperature":
        return replace(params, temperature=value)
    if setting == "top_p":
        return replace(params, top_p=value)
    return replace(params, repetition_penalty=value)


def no_effect(params: SamplingParams, setting: Setting) -> str:
    """Why the five answers are bound to be equal, in a sentence; "" where they are not."""
    if setting == "top_p" and params.greedy:
        return "Temperature is 0, which always takes the likeliest token: Top-p changes nothing."
    if setting in ("top_p", "temperature") and params.top_k == 1:
        return "Top-k is 1, which leaves one token: this setting changes nothing."
    return ""


def marked(text: str, other: str, *, unfinished: bool = False) -> tuple[Piece, ...]:
    """The words of `text`, those that `other` has in the same order apart from the rest.

    Joined, the pieces are `text`. A few words alone count as the same only where both begin or
    end with them: any two texts share an "and" somewhere.

    Args:
        unfinished: one of them still grows, or was stopped. What comes after the end of the
            other, and the last words before it, then count as the same: nobody knows whether they
            differ, and a mark that goes again would flicker.
    """
    words, others = _WORD.findall(text), _WORD.findall(other)
    unsettled: list[str] = []
    if unfinished:
        settled = max(0, min(len(words), len(others)) - _UNSETTLED)
        words, unsettled = words[:settled], words[settled:]
    matcher = SequenceMatcher(
        None, [word.strip() for word in words], [word.strip() for word in others], autojunk=False
    )
    pieces: list[Piece] = []
    at = 0
    for start, there, size in matcher.get_matching_blocks():
        begins = start == there == 0
        ends = start + size == len(words) and there + size == len(others)
        if size < _FEWEST and not begins and not ends:
            continue
        pieces += [(False, "".join(words[at:start])), (True, "".join(words[start : start + size]))]
        at = start + size
    pieces.append((True, "".join(unsettled)))
    return tuple(piece for piece in pieces if piece[1])
