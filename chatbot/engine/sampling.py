"""How the next word is chosen: the settings, their limits, and the library's processors for them.

Imports nothing heavy, so that a page can draw its sliders before torch is there.
"""

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from chatbot.errors import BadInput

if TYPE_CHECKING:
    from transformers import LogitsProcessorList

LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True)
class Limits:
    """The range of one setting, both ends included (`above` excludes the lower one)."""

    lowest: float
    highest: float
    above: bool = False

    def __str__(self) -> str:
        start = "above" if self.above else "from"
        return f"{start} {self.lowest:g} to {self.highest:g}"

    def allow(self, value: float) -> bool:
        low_enough = value > self.lowest if self.above else value >= self.lowest
        return low_enough and value <= self.highest


LIMITS: Mapping[str, Limits] = MappingProxyType(
    {
        "temperature": Limits(0.0, 2.0),
        "top_p": Limits(0.0, 1.0, above=True),
        "top_k": Limits(0, 1_000_000),
        "repetition_penalty": Limits(0.5, 2.0),
        "min_p": Limits(0.0, 1.0),
        "typical_p": Limits(0.0, 1.0, above=True),
        "no_repeat_ngram": Limits(0, 20),
        "max_new_tokens": Limits(1, 2048),
        "seed": Limits(0, LARGEST_SEED),
    }
)
WHOLE_NUMBERS = frozenset({"top_k", "no_repeat_ngram", "max_new_tokens", "seed"})
"""Settings that are counts, not measures."""
MOST_STOP_WORDS, LONGEST_STOP_WORD = 8, 60


def _is_number(value: object, *, whole: bool) -> bool:
    if isinstance(value, bool):
        return False
    if whole:
        return isinstance(value, int)
    return isinstance(value, int | float) and math.isfinite(value)


@dataclass(frozen=True)
class SamplingParams:
    """Settings of one answer. Checks itself.

    Args:
        temperature: 0 to 2; divides the logits. 0 always takes the most probable token (greedy).
        top_p: above 0 up to 1; keeps the most probable tokens that together reach it. 1 is off.
        top_k: keeps that many most probable tokens. 0 is off.
        repetition_penalty: 0.5 to 2; above 1 makes tokens that already occur less likely
            (Keskar et al. 2019, as in the library: logits divided, negative ones multiplied).
            1 is off.
        max_new_tokens: 1 to 2048; the answer ends there at the latest.
        seed: 0 to 2**32 - 1; the same seed gives the same answer. None draws a fresh one,
            which the receipt reports.
        min_p: 0 to 1; drops tokens less probable than this share of the likeliest one's
            probability (Nguyen et al. 2024). 0 is off.
        typical_p: above 0 up to 1; keeps the tokens whose surprise is nearest to the expected one,
            until they together reach it (Meister et al. 2022). 1 is off.
        no_repeat_ngram: 0 to 20; no run of that many tokens comes twice in prompt and answer. 0 is
            off.
        stop: texts that end the answer and are not shown; at most 8 of at most 60 characters.

    Raises:
        BadInput: a setting is no number or outside its range, or a stop word is none; names it.
    """

    temperature: float = 0.7
    top_p: float = 0.9
    top_k: int = 50
    repetition_penalty: float = 1.0
    max_new_tokens: int = 160
    seed: int | None = None
    min_p: float = 0.0
    typical_p: float = 1.0
    no_repeat_ngram: int = 0
    stop: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "stop", _stop_words(self.stop))
        for name, limits in LIMITS.items():
            value = getattr(self, name)
            if name == "seed" and value is None:
                continue
            if not _is_number(value, whole=name in WHOLE_NUMBERS) or not limits.allow(value):
                kind = "a whole number" if name in WHOLE_NUMBERS else "a number"
                raise BadInput(
                    f"{name} must be {kind} {limits}.",
                    value=value,
                    remedy=f"Choose a {name} in this range.",
                )

    @property
    def greedy(self) -> bool:
        return self.temperature == 0


def _stop_words(given: object) -> tuple[str, ...]:
    """As JSON gives them back, too: a list."""
    words = tuple(given) if isinstance(given, list | tuple) else (given,)
    for word in words:
        if not isinstance(word, str) or not word.strip(" ") or len(word) > LONGEST_STOP_WORD:
            raise BadInput(
                f"A stop word must be a text of 1 to {LONGEST_STOP_WORD} characters.",
                value=word,
                remedy="Shorten it, or leave it out.",
            )
    if len(words) > MOST_STOP_WORDS:
        raise BadInput(
            "There are too many stop words.",
            value=len(words),
            remedy=f"Keep at most {MOST_STOP_WORDS}.",
        )
    return words


def usable_stop_words(words: Sequence[str]) -> tuple[str, ...]:
    """Those that `SamplingParams` takes, each once."""
    found: list[str] = []
    for word in dict.fromkeys(words):
        with suppress(BadInput):
            found += _stop_words((word,))
    return tuple(found[:MOST_STOP_WORDS])


PRESETS: Mapping[str, SamplingParams] = MappingProxyType(
    {
        "Factual": SamplingParams(temperature=0.6, top_p=0.9, repetition_penalty=1.0),
        "Creative": SamplingParams(temperature=0.9, top_p=0.95, repetition_penalty=1.2),
    }
)
"""Factual: temperature 0.5 to 0.8. Creative: 0.8 to 1.0 with a repetition penalty of 1.2."""


def processors(params: SamplingParams) -> "LogitsProcessorList":
    """The library's logits processors for these settings, in the order of its `generate`.

    Repetition penalty, no-repeat n-gram, temperature, top-k, top-p, min-p, typical-p; those that
    are off are left out, and greedy decoding keeps only the first two. (transformers 5.23,
    `GenerationMixin._get_logits_processor`.)
    """
    from transformers import (
        LogitsProcessorList,
        MinPLogitsWarper,
        NoRepeatNGramLogitsProcessor,
        RepetitionPenaltyLogitsProcessor,
        TemperatureLogitsWarper,
        TopKLogitsWarper,
        TopPLogitsWarper,
        TypicalLogitsWarper,
    )

    chosen = LogitsProcessorList()
    if params.repetition_penalty != 1.0:
        chosen.append(RepetitionPenaltyLogitsProcessor(float(params.repetition_penalty)))
    if params.no_repeat_ngram:
        chosen.append(NoRepeatNGramLogitsProcessor(params.no_repeat_ngram))
    if params.greedy:
        return chosen
    if params.temperature != 1.0:
        chosen.append(TemperatureLogitsWarper(float(params.temperature)))
    if params.top_k > 0:
        chosen.append(TopKLogitsWarper(params.top_k))
    if params.top_p < 1.0:
        chosen.append(TopPLogitsWarper(float(params.top_p)))
    if params.min_p > 0:
        chosen.append(MinPLogitsWarper(float(params.min_p)))
    if params.typical_p < 1.0:
        chosen.append(TypicalLogitsWarper(float(params.typical_p)))
    return chosen
