"""Curves of a run as numbers: read from its rows, smoothed, and told apart from their noise."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

SMOOTHING = 0.9
"""Share of the old value in the running average of the loss, as TensorBoard's slider counts it."""
_NORMAL_MEDIAN = 0.6745
"""The median distance of normally distributed values from their mean, in standard deviations."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Values over optimizer steps, ascending; all finite."""

    steps: tuple[int, ...]
    values: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.steps)

    def since(self, step: int) -> "Curve":
        """The part from this step on."""
        kept = [place for place, at in enumerate(self.steps) if at >= step]
        return self.last(len(kept))

    def last(self, count: int) -> "Curve":
        begin = max(len(self) - count, 0)
        return Curve(self.steps[begin:], self.values[begin:])


def curve_of(rows: Sequence[Mapping[str, Any]], name: str) -> Curve:
    """One column of the rows. Values that are no finite numbers are left out; of a step that
    occurs twice, as after a resume, the later row counts."""
    values: dict[int, float] = {}
    for row in rows:
        if is_number(row.get("step")) and is_number(row.get(name)):
            values[int(row["step"])] = float(row[name])
    steps = tuple(sorted(values))
    return Curve(steps, tuple(values[step] for step in steps))


def first_nonsense(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> int | None:
    """The first step at which one of the columns is infinite or no number; None where none is."""
    found = [
        int(row["step"])
        for row in rows
        if is_number(row.get("step"))
        and any(name in row and not is_number(row[name]) for name in names)
    ]
    return min(found, default=None)


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def smoothed(values: Sequence[float], weight: float = SMOOTHING) -> list[float]:
    """Exponential running average without the pull towards zero at the start.

    The correction is Adam's (Kingma & Ba 2015, section 3): divide by 1 - weight**n.
    """
    result, total = [], 0.0
    for count, value in enumerate(values, start=1):
        total = weight * total + (1 - weight) * value
        result.append(total / (1 - weight**count))
    return result


def running_median(values: Sequence[float], width: int) -> list[float]:
    """Of each value and the `width - 1` before it; of fewer at the start. A single wild batch
    does not move it, as it would move a mean."""
    return [median(values[max(end - width, 0) : end]) for end in range(1, len(values) + 1)]


def noise(values: Sequence[float]) -> float:
    """Standard deviation of a value around the curve, whichever way the curve goes.

    From the median jump between neighbours, in which a trend hardly shows. 0 for fewer than three.
    """
    jumps = [abs(b - a) for a, b in pairwise(values)]
    return median(jumps) / (_NORMAL_MEDIAN * math.sqrt(2)) if len(jumps) > 1 else 0.0


def fall(curve: Curve) -> tuple[float, float]:
    """How far the straight line through the curve falls from its first to its last step, and the
    standard error of that (least squares). (0, 0) for fewer than three values."""
    count = len(curve)
    if count < 3:
        return 0.0, 0.0
    x, y = curve.steps, curve.values
    middle, level = sum(x) / count, sum(y) / count
    spread = sum((at - middle) ** 2 for at in x)
    slope = sum((at - middle) * (v - level) for at, v in zip(x, y, strict=True)) / spread
    rest = sum((v - level - slope * (at - middle)) ** 2 for at, v in zip(x, y, strict=True))
    length = x[-1] - x[0]
    return -slope * length, math.sqrt(rest / (count - 2) / spread) * length
