"""Drawing the same next token many times: from the sampler's own distribution, by its own rule."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from chatbot.engine.choosing import Chooser, Sight, pick
from chatbot.engine.sampling import SamplingParams


@dataclass(frozen=True)
class Odds:
    """The tokens that can come next, likeliest first, and their chances under some settings.

    Args:
        ids: (remaining,) int64.
        chances: (remaining,) float64, adding up to 1.
    """

    ids: torch.Tensor
    chances: torch.Tensor

    def __len__(self) -> int:
        return len(self.ids)


def odds(sight: Sight, params: SamplingParams) -> Odds:
    """What the sampler would choose from: all that the settings leave."""
    chooser = Chooser(params, 0, tuple(sight.said.tolist()), 1)
    with torch.inference_mode():
        if params.greedy:
            best = chooser.choose(sight.scores).id
            return Odds(torch.tensor([best]), torch.ones(1, dtype=torch.float64))
        ids, chances = chooser.distribution(sight.scores.unsqueeze(0))
        order = torch.argsort(chances, descending=True, stable=True)
        return Odds(ids[order], chances[order])


def draw(sight: Sight, params: SamplingParams, *, seed: int, times: int) -> list[int]:
    """Draw the next token again and again, as the sampler would with one seed for all draws.

    Args:
        seed: 0 to 2**32 - 1; fewer draws with the same seed are the first of more.
        times: how often.

    Returns:
        The ids that were drawn, in order.
    """
    if params.greedy:
        return odds(sight, params).ids.tolist() * times
    chooser = Chooser(params, 0, tuple(sight.said.tolist()), 1)
    with torch.inference_mode():
        ids, chances = chooser.distribution(sight.scores.unsqueeze(0))
        generator = torch.Generator(device="cpu").manual_seed(seed)
        points = torch.rand(times, generator=generator, dtype=torch.float64)
        drawn: list[int] = ids[pick(chances, points)].tolist()
    return drawn


def distances(expected: Odds, drawn: Sequence[int]) -> list[float]:
    """Total variation distance between the shares drawn and the chances, after each draw.

    Half the sum of all differences (Levin, Peres and Wilmer 2009, section 4.1): 0 where they are
    equal, 1 where nothing that could come has come. Takes time in proportion to the draws, not
    to the vocabulary.
    """
    chance = dict(zip(expected.ids.tolist(), expected.chances.tolist(), strict=True))
    counts: dict[int, int] = {}
    undrawn = 1.0
    found = []
    for number, token in enumerate(drawn, start=1):
        if token not in counts:
            undrawn -= chance[token]
        counts[token] = counts.get(token, 0) + 1
        differences = sum(abs(count / number - chance[seen]) for seen, count in counts.items())
        found.append(max(0.0, (differences + undrawn) / 2))
    return found


def usual_distance(expected: Odds, times: int) -> float:
    """The distance to expect of so many fair draws.

    Each count is nearly normal around its mean, so that its share is off by
    sqrt(2 p (1 - p) / (pi n)) on average; and never by more than 2 p (1 - p), as a token that is
    rarely drawn is mostly missing altogether.
    """
    p = expected.chances
    normal = torch.sqrt(2 * p * (1 - p) / (torch.pi * times))
    return float(torch.minimum(normal, 2 * p * (1 - p)).sum() / 2)
