"""Drawing the same next token many times: from the sampler's own distribution, by its own rule."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from chatbot.engine.choosing import Chooser, Sight, pick
from chatbot.engine.sampling import SamplingParams


@dataclass(frozen=True)
class Odds:
    """The tokens that can come next and their chances under some settings, in the sampler's order.

    Args:
        ids: (remaining,) int64, ascending.
        chances: (remaining,) float64, adding up to 1.
    """

    ids: torch.Tensor
    chances: torch.Tensor

    def __len__(self) -> int:
        return len(self.ids)

    def best(self, count: int) -> list[tuple[int, float]]:
        """The likeliest ones, by id and chance; of equals those with the lower ids."""
        order = torch.argsort(self.chances, descending=True, stable=True)[:count]
        return list(zip(self.ids[order].tolist(), self.chances[order].tolist(), strict=True))


def odds(sight: Sight, params: SamplingParams) -> Odds:
    """What the sampler would choose from: all that the settings leave."""
    chooser = Chooser(params, 0, tuple(sight.said.tolist()), 1)
    with torch.inference_mode():
        if params.greedy:
            best = chooser.choose(sight.scores).id
            return Odds(torch.tensor([best]), torch.ones(1, dtype=torch.float64))
        return Odds(*chooser.distribution(sight.scores.unsqueeze(0)))


def draw(from_odds: Odds, *, seed: int, times: int) -> list[int]:
    """Draw the next token again and again, as the sampler would with one seed for all draws.

    Args:
        seed: 0 to 2**32 - 1; fewer draws with the same seed are the first of more.
        times: how often.

    Returns:
        The ids that were drawn, in order.
    """
    generator = torch.Generator(device="cpu").manual_seed(seed)
    points = torch.rand(times, generator=generator, dtype=torch.float64)
    drawn: list[int] = from_odds.ids[pick(from_odds.chances, points)].tolist()
    return drawn


def distance(expected: Odds, drawn: Sequence[int]) -> float:
    """Total variation distance between the shares that were drawn and the chances.

    Half the sum of all differences (Levin, Peres and Wilmer 2009, section 4.1), which is the share
    of the draws that would have to be others for a perfect match.
    """
    places = torch.searchsorted(expected.ids, torch.tensor(drawn))
    counts = torch.bincount(places, minlength=len(expected))
    return float((counts.double() / len(drawn) - expected.chances).abs().sum() / 2)


def usual_distance(expected: Odds, times: int) -> float:
    """The distance to expect of so many fair draws.

    Each count is nearly normal around its mean, so that its share is off by
    sqrt(2 p (1 - p) / (pi n)) on average; and never by more than 2 p (1 - p), as a token that is
    rarely drawn is mostly missing altogether.
    """
    p = expected.chances
    normal = torch.sqrt(2 * p * (1 - p) / (torch.pi * times))
    return float(torch.minimum(normal, 2 * p * (1 - p)).sum() / 2)
