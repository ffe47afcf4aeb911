"""How healthy a set of conversations is, as one number, and what would raise it most.

score = 60 * soundness + 25 * size + 15 * variety, from 0 to 100:

soundness: mean over the conversations; 1 without a finding, 0.6 with a warning, 0 with an error.
size: log(1 + conversations) / log(1 + 500), at most 1; the first hundred count most.
variety: different first questions for each conversation, 0.8 being enough, at most 1.

A rule of thumb of our own, to tell where work pays: it says nothing about whether the persona is
a good one.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from chatbot.dataset.findings import Finding

SOUND, SIZE, VARIETY = 60, 25, 15
"""Points."""
WARNED = 0.6
"""What a conversation with a warning is worth."""
ENOUGH = 500
"""Conversations from which on more of them give no more points."""
ENOUGH_VARIETY = 0.8
GOALS = (20, 50, 100, 200, ENOUGH)

Action = Literal["mend", "look", "write"]


@dataclass(frozen=True, slots=True)
class Step:
    """Something that raises the score.

    Attributes:
        gain: points, above 0.
        action: "mend" is one click for all; "look" is done by hand; "write" is writing more.
        key: of `MENDS` for "mend", of `KINDS` for "look", "" for "write".
        count: conversations that it concerns; for "write", how many to write.
    """

    gain: float
    action: Action
    key: str
    count: int


@dataclass(frozen=True, slots=True)
class Health:
    """`score` from 0 to 100; `soundness`, `size` and `variety` from 0 to 1; `steps` best first."""

    score: int
    soundness: float
    size: float
    variety: float
    steps: tuple[Step, ...]


def assess(
    conversations: int, found: Mapping[int, Sequence[Finding]], different_questions: int
) -> Health | None:
    """The health of a set; None for an empty one.

    Args:
        found: the findings by conversation, for those that have some.
        different_questions: how many different first questions there are.
    """
    if not conversations:
        return None
    lost = sum(1 - _worth(findings) for findings in found.values())
    soundness = 1 - lost / conversations
    size = _size(conversations)
    variety = min(1.0, different_questions / conversations / ENOUGH_VARIETY)
    score = SOUND * soundness + SIZE * size + VARIETY * variety
    steps = [*_repairs(conversations, found), *_writing(conversations)]
    steps.sort(key=lambda step: -step.gain)
    whole = 100 if not found and score > 99.5 else min(99, round(score))
    return Health(whole, soundness, size, variety, tuple(steps))


def _worth(findings: Iterable[Finding]) -> float:
    worst = 1.0
    for finding in findings:
        worst = min(worst, 0.0 if finding.severity == "error" else WARNED)
    return worst


def _size(conversations: int) -> float:
    return min(1.0, math.log1p(conversations) / math.log1p(ENOUGH))


def _repairs(conversations: int, found: Mapping[int, Sequence[Finding]]) -> Iterable[Step]:
    """Each mend, and each kind that has none; what gains nothing by itself is left out."""
    gains: dict[tuple[Action, str], float] = defaultdict(float)
    counts: dict[tuple[Action, str], int] = defaultdict(int)
    for findings in found.values():
        now = _worth(findings)
        ways = [_way(finding) for finding in findings]
        for way in set(ways):
            after = _worth(f for f, its in zip(findings, ways, strict=True) if its != way)
            gains[way] += after - now
            counts[way] += 1
    for (action, key), gain in gains.items():
        if gain > 0:
            yield Step(SOUND * gain / conversations, action, key, counts[action, key])


def _way(finding: Finding) -> tuple[Action, str]:
    return ("mend", finding.mend) if finding.mend else ("look", finding.kind)


def _writing(conversations: int) -> Iterable[Step]:
    goal = next((goal for goal in GOALS if goal > conversations), None)
    if goal is not None:
        gain = SIZE * (_size(goal) - _size(conversations))
        yield Step(gain, "write", "", goal - conversations)
