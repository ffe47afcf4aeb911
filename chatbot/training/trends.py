"""What the curves of a run do: fall, rise, stand still, and how certain that is."""

from dataclasses import dataclass
from statistics import median

from chatbot.training.config import Method
from chatbot.training.curves import Curve, fall, noise, running_median, smoothed

# The thresholds are our own choice, set so that no healthy run of ours is blamed: LoRA of
# SmolLM2 (144 steps) and GPT-2 from scratch (30 to 420 steps) on the starter persona.
FEWEST_STEPS = 8
"""Training losses before a trend is told."""
LEAST_CHANGE = 0.01
"""Share of the loss: what changes by less stands still."""
MOST_AT_REST = 0.05
"""Share of the loss beyond which nobody would say that it stands still, whatever the noise."""
CERTAIN = 2.0
"""Standard errors from which a difference is no chance (19 of 20)."""
LOWEST_OF_MANY = 5.0
"""The same against the lowest of all windows, which is low by chance, too."""
FEWEST_IN_WINDOW, MOST_IN_WINDOW = 3, 21
"""Steps of the running median; an eighth of the run within these."""


@dataclass(frozen=True, slots=True)
class Curves:
    """All curves of a run, and what it was to be."""

    train: Curve
    held_out: Curve
    rate: Curve
    method: Method
    highest_rate: float
    usual_rate: float

    @property
    def window(self) -> int:
        return min(max(len(self.train) // 8, FEWEST_IN_WINDOW), MOST_IN_WINDOW)

    @property
    def warmed_up(self) -> int | None:
        """The step from which on the learning rate has been at its height; None before."""
        if not len(self.rate):
            return 0
        highest = max(self.rate.values)
        if highest == self.rate.values[-1] and highest < 0.99 * self.highest_rate:
            return None
        return self.rate.steps[self.rate.values.index(highest)]

    @property
    def now(self) -> float:
        """The training loss by the median of its last steps."""
        return median(self.train.values[-self.window :])

    def from_there(self, step: int) -> float:
        """The same right after a step: by the median of as many, or of half of those there are."""
        after = self.train.since(step + 1).values
        return median(after[: min(self.window, max(len(after) // 2, 1))] or (self.now,))


def fell(told: Curves, since: int) -> bool:
    """Whether the training loss fell after a step: by its median and in the smoothed curve."""
    train = told.train
    then, now = told.from_there(since), told.now
    error = noise(train.values) * (2 / told.window) ** 0.5
    curve = smoothed(train.values)
    place = max((index for index, at in enumerate(train.steps) if at <= since), default=0)
    return then - now > max(CERTAIN * error, LEAST_CHANGE * then) and curve[-1] < curve[place]


def held_out_falls(told: Curves) -> bool | None:
    """Over the last third of the run; None where no two evaluations are in reach."""
    held = told.held_out
    end = max(told.train.steps[-1], held.steps[-1]) if len(held) else 0
    begin = max(end - end // 3, told.warmed_up or 0)
    earlier = [v for at, v in zip(held.steps, held.values, strict=True) if at <= begin]
    later = [v for at, v in zip(held.steps, held.values, strict=True) if at > begin]
    if not earlier or not later:
        return None
    return later[-1] < earlier[-1] * (1 - LEAST_CHANGE)


def train_falls(told: Curves) -> bool:
    """By the last third of the steps, or as many more as it takes to be certain."""
    train = told.train.since(told.warmed_up or 0)
    if len(train) < FEWEST_STEPS:
        train = told.train
    for part in (3, 2, 1):
        answer = falls(train.last(max(len(train) // part, FEWEST_STEPS)))
        if answer is not None:
            return answer
    return False


def falls(curve: Curve) -> bool | None:
    """None where the noise is too large to say."""
    down, error = fall(curve)
    least = LEAST_CHANGE * abs(sum(curve.values) / len(curve))
    if down - CERTAIN * error > 0 and down > least:
        return True
    return False if down + CERTAIN * error < 2 * least else None


def held_out_rest(told: Curves) -> tuple[int, float, float]:
    """Since which evaluation the held-out loss has stayed where it is."""
    held = told.held_out
    now = held.values[-1]
    place = len(held) - 1
    while place and abs(held.values[place - 1] - now) <= 2 * LEAST_CHANGE * now:
        place -= 1
    return held.steps[place], held.values[place], now


def train_rest(told: Curves) -> tuple[int, float, float]:
    """Since which step the running median has stayed where it is, but for its noise."""
    train, width, now = told.train, told.window, told.now
    curve = running_median(train.values, width)
    error = noise(train.values) / width**0.5
    still = 2 * LEAST_CHANGE * abs(now)
    near = max(still, min(LOWEST_OF_MANY * error, MOST_AT_REST * abs(now)))
    place = len(curve) - 1
    while place and abs(curve[place - 1] - now) <= near:
        place -= 1
    return train.steps[place], curve[place], now
