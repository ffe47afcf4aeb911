"""The guided tour's five steps, and how it notices that a person has done them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from chatbot.engine.sampling import SamplingParams

FEW = 5
"""Fewer tokens than that are few enough to see that Top-p has cut the others."""
HOT = 1.2


@dataclass(frozen=True, slots=True)
class Situation:
    """How the page stands.

    Args:
        left: tokens that the settings leave to choose from; None where that is not known yet.
        rolls: how often dice were rolled.
    """

    prompt: str
    params: SamplingParams
    left: int | None = None
    rolls: int = 0


Done = Callable[[Situation, Situation], bool]
"""From how things stood when the step began, and how they stand now."""


@dataclass(frozen=True, slots=True)
class Step:
    """What to do, what one sees then, and whether it is so."""

    title: str
    task: str
    seen: str
    done: Done


def _wrote(since: Situation, now: Situation) -> bool:
    return bool(now.prompt.strip()) and now.prompt.strip() != since.prompt.strip()


def _greedy(since: Situation, now: Situation) -> bool:
    return now.params.greedy


def _hot(since: Situation, now: Situation) -> bool:
    return now.params.temperature > HOT


def _narrow(since: Situation, now: Situation) -> bool:
    params = now.params
    by_top_p = params.top_p < 1 and not params.greedy and not 0 < params.top_k < FEW
    return by_top_p and now.left is not None and now.left < FEW


def _rolled(since: Situation, now: Situation) -> bool:
    return now.rolls > since.rolls


STEPS: tuple[Step, ...] = (
    Step(
        "Write a prompt",
        "Change what stands in the prompt, or write something of your own.",
        "The bars are what the model makes of it. It does not know an answer; it knows how likely "
        "each token is to come next.",
        _wrote,
    ),
    Step(
        "Set Temperature to 0",
        "Pull the slider Temperature all the way down.",
        "A single token is left, the likeliest. At 0 the bot says the same every time; the field "
        "calls that greedy.",
        _greedy,
    ),
    Step(
        f"Raise Temperature above {HOT:g}",
        "Pull the same slider up, and watch the bars on the way.",
        "The bars have come closer together: likely tokens lost, unlikely ones gained. That is all "
        "temperature does, and too much of it is how nonsense begins.",
        _hot,
    ),
    Step(
        f"Lower Top-p until fewer than {FEW} tokens are left",
        "Pull the slider Top-p down, and watch how many tokens are left.",
        "Top-p keeps the likeliest tokens that together reach its share, and cuts off the rest. "
        "However hot it is, what was cut can't be said.",
        _narrow,
    ),
    Step(
        "Roll the dice",
        "Press the button under “Roll the dice”.",
        "The counts came near the bars. This is how the bot picks each of its tokens: chances from "
        "the model, cuts from your settings, and dice.",
        _rolled,
    ),
)


@dataclass(frozen=True, slots=True)
class Tour:
    """Where a person's tour stands.

    Args:
        done: steps that are done.
        running: the tour is shown; else it was left, or not begun.
        since: how things stood when the present step began.
        armed: since then it was not yet so at least once; what stood there from the start does
            not count as done.
    """

    done: int = 0
    running: bool = False
    since: Situation | None = None
    armed: bool = False

    @property
    def finished(self) -> bool:
        return self.done >= len(STEPS)

    @property
    def step(self) -> Step | None:
        """The present one; None after the last."""
        return None if self.finished else STEPS[self.done]

    def begin(self) -> "Tour":
        """Begin, or go on where it was left; a finished one begins anew."""
        return Tour(running=True) if self.finished else replace(self, running=True)

    def leave(self) -> "Tour":
        """What is done stays done; the present step begins anew later."""
        return Tour(done=self.done)

    def notice(self, now: Situation) -> "Tour":
        """The tour after a look at the page: the same, or one step further."""
        step = self.step
        if not self.running or step is None:
            return self
        since = self.since or now
        if not step.done(since, now):
            return replace(self, since=since, armed=True)
        if not self.armed and self.since is None:
            return replace(self, since=since)
        if not self.armed:
            return self
        return _armed(Tour(self.done + 1, running=True, since=now), now)


def _armed(tour: Tour, now: Situation) -> Tour:
    """The next step begins with this very look."""
    step = tour.step
    return replace(tour, armed=step is not None and not step.done(now, now))
