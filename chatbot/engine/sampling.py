"""How the next word is chosen: the settings, their limits, and the library's processors for them.

Imports nothing heavy, so that a page can draw its sliders before torch is there.
"""

import math
from collections.abc import Mapping
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
        "max_new_tokens": Limits(1, 2048),
        "seed": Limits(0, LARGEST_SEED),
    }
)
_WHOLE_NUMBERS = frozenset({"top_k", "max_new_tokens", "seed"})


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

    Raises:
        BadInput: a setting is no number or outside its range; names it.
    """

    temperature: float = 0.7
    top_p: float = 0.9
    top_k: int = 50
    repetition_penalty: float = 1.0
    max_new_tokens: int = 160
    seed: int | None = None

    def __post_init__(self) -> None:
        for name, limits in LIMITS.items():
            value = getattr(self, name)
            if name == "seed" and value is None:
                continue
            if not _is_number(value, whole=name in _WHOLE_NUMBERS) or not limits.allow(value):
                kind = "a whole number" if name in _WHOLE_NUMBERS else "a number"
                raise BadInput(
                    f"{name} must be {kind} {limits}.",
                    value=value,
                    remedy=f"Choose a {name} in this range.",
                )

    @property
    def greedy(self) -> bool:
        return self.temperature == 0


PRESETS: Mapping[str, SamplingParams] = MappingProxyType(
    {
        "Factual": SamplingParams(temperature=0.6, top_p=0.9, repetition_penalty=1.0),
        "Creative": SamplingParams(temperature=0.9, top_p=0.95, repetition_penalty=1.2),
    }
)
"""Factual: temperature 0.5 to 0.8. Creative: 0.8 to 1.0 with a repetition penalty of 1.2."""


def processors(params: SamplingParams) -> "LogitsProcessorList":
    """The library's logits processors for these settings, in the order of its `generate`.

    Repetition penalty, temperature, top-k, top-p; those that are off are left out, and greedy
    decoding keeps only the penalty. (transformers 5.23, `GenerationMixin._get_logits_processor`.)
    """
    from transformers import (
        LogitsProcessorList,
        RepetitionPenaltyLogitsProcessor,
        TemperatureLogitsWarper,
        TopKLogitsWarper,
        TopPLogitsWarper,
    )

    chosen = LogitsProcessorList()
    if params.repetition_penalty != 1.0:
        chosen.append(RepetitionPenaltyLogitsProcessor(float(params.repetition_penalty)))
    if params.greedy:
        return chosen
    if params.temperature != 1.0:
        chosen.append(TemperatureLogitsWarper(float(params.temperature)))
    if params.top_k > 0:
        chosen.append(TopKLogitsWarper(params.top_k))
    if params.top_p < 1.0:
        chosen.append(TopPLogitsWarper(float(params.top_p)))
    return chosen
