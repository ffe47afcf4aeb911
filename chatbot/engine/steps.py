"""One step of an answer, to look at: the token that was taken, what else could have come, and which
setting cut the others off."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import torch

from chatbot.engine.choosing import Sight
from chatbot.engine.dice import Odds, odds
from chatbot.engine.sampling import SamplingParams, processors

SHOWN = 10
"""Candidates of a step, beside the token that was taken."""
SETTING_OF: Mapping[str, str] = MappingProxyType(
    {
        "RepetitionPenaltyLogitsProcessor": "repetition penalty",
        "NoRepeatNGramLogitsProcessor": "no-repeat n-gram",
        "TemperatureLogitsWarper": "temperature",
        "TopKLogitsWarper": "top-k",
        "TopPLogitsWarper": "top-p",
        "MinPLogitsWarper": "min-p",
        "TypicalLogitsWarper": "typical-p",
    }
)
"""The setting behind each of the library's processors."""
GREEDY = "temperature 0"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A token that could come.

    Args:
        before: the model's own probability for it.
        after: the chance that the settings left it; 0 where they cut it off.
        cut_by: the setting that cut it off; "" where none did.
    """

    id: int
    text: str
    before: float
    after: float
    cut_by: str


@dataclass(frozen=True, slots=True)
class Step:
    """One choice.

    Args:
        chosen: the token that was taken.
        candidates: it and the best others by the model's own judgement, likeliest first.
        left: how many tokens the settings left to choose from.
        before: how many there were, the whole vocabulary.
    """

    chosen: Candidate
    candidates: tuple[Candidate, ...]
    left: int
    before: int

    @property
    def rank(self) -> int | None:
        """Place of the taken token in the model's own order, from 1; None beyond `SHOWN`."""
        place = self.candidates.index(self.chosen) + 1
        return place if place <= SHOWN else None


def step(sight: Sight, params: SamplingParams, text_of: Callable[[int], str]) -> Step:
    """What the watcher of an answer saw, in plain figures."""
    with torch.inference_mode():
        own = torch.softmax(sight.scores.double(), dim=-1)
        best = torch.topk(sight.scores, min(SHOWN, len(own))).indices.tolist()
        ids = best if sight.chosen.id in best else [*best, sight.chosen.id]
        remaining = odds(sight, params)
        after = _chances(remaining, ids)
        cut = _cuts(sight, params, [token for token in ids if not after[token]])
    candidates = tuple(
        Candidate(token, text_of(token), float(own[token]), after[token], cut.get(token, ""))
        for token in ids
    )
    chosen = next(each for each in candidates if each.id == sight.chosen.id)
    return Step(chosen, candidates, len(remaining), len(own))


def _chances(remaining: Odds, ids: list[int]) -> dict[int, float]:
    """The chance of each of these tokens; 0 where the settings left nothing of it."""
    places = torch.searchsorted(remaining.ids, torch.tensor(ids)).clamp(max=len(remaining) - 1)
    there = (remaining.ids[places] == torch.tensor(ids)).tolist()
    chances = remaining.chances[places].tolist()
    return {
        token: chance if found else 0.0
        for token, chance, found in zip(ids, chances, there, strict=True)
    }


def _cuts(sight: Sight, params: SamplingParams, ids: list[int]) -> dict[int, str]:
    """Which setting cut each of these tokens off: the first after which nothing is left of it."""
    scores, said = sight.scores.unsqueeze(0), sight.said.unsqueeze(0)
    found: dict[int, str] = {}
    for processor in processors(params):
        scores = processor(said, scores)
        kind = type(processor).__name__
        for token in ids:
            if token not in found and not scores[0, token] > -torch.inf:
                found[token] = SETTING_OF.get(kind, kind)
    return {token: found.get(token, GREEDY if params.greedy else "") for token in ids}
