"""What votes are worth: the exact sign test, an interval for the share, a rating over several."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

UNLIKELY = 0.05
"""Below this probability a result is called unlikely to be chance (Fisher's custom)."""
Z_95 = 1.959963984540054
"""Quantile of the normal distribution for an interval of 95 %."""
ELO_MIDDLE, ELO_SPREAD = 1500, 400
"""On the scale of chess a difference of 400 points means ten wins to one loss."""
_ROUNDS = 2000


@dataclass(frozen=True, slots=True)
class Duel:
    """One vote between two columns; `winner` is one of them, or None for a tie."""

    first: int
    second: int
    winner: int | None


@dataclass(frozen=True, slots=True)
class Score:
    """Of one column against another, or against all others."""

    wins: int
    losses: int
    ties: int

    @property
    def decided(self) -> int:
        return self.wins + self.losses


def sign_test(wins: int, losses: int) -> float:
    """Probability that tossing a fair coin gives a result at least as uneven, both ways round.

    The exact two-sided binomial test with p = 1/2; ties are left out before (Dixon & Mood 1946).
    """
    count = wins + losses
    tail = sum(math.comb(count, k) for k in range(min(wins, losses) + 1))
    return min(1.0, 2 * tail / 2**count)


def interval(wins: int, losses: int) -> tuple[float, float]:
    """95 % confidence interval of the share of wins among decided votes (Wilson 1927); without
    a vote it is (0, 1)."""
    count = wins + losses
    if not count:
        return 0.0, 1.0
    share, z2 = wins / count, Z_95**2
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    root = math.sqrt(share * (1 - share) / count + z2 / (4 * count**2))
    half = Z_95 / (1 + z2 / count) * root
    return max(0.0, middle - half), min(1.0, middle + half)


def score(duels: Sequence[Duel], column: int, other: int | None = None) -> Score:
    """The votes on `column`, of those against `other` alone where it is given."""
    count: Counter[str] = Counter()
    for duel in duels:
        pair = {duel.first, duel.second}
        if column not in pair or (other is not None and other not in pair):
            continue
        count["tie" if duel.winner is None else "win" if duel.winner == column else "loss"] += 1
    return Score(count["win"], count["loss"], count["tie"])


def elo(duels: Sequence[Duel], columns: int) -> list[float]:
    """A rating for each column, whatever the order of the votes: Bradley-Terry on Elo's scale.

    The most likely strengths (Bradley & Terry 1952, by Hunter's MM steps 2004); a tie is half a
    win for both. Every pair gets one more tie than was voted, so that who never lost is rated too.

    Returns:
        One number a column; their mean is 1500.
    """
    if not columns:
        return []
    met = dict.fromkeys(combinations(range(columns), 2), 1.0)
    won = [0.5 * (columns - 1)] * columns
    for duel in duels:
        met[min(duel.first, duel.second), max(duel.first, duel.second)] += 1
        for column in (duel.first, duel.second):
            won[column] += 0.5 if duel.winner is None else float(duel.winner == column)
    strength = [1.0] * columns
    for _ in range(_ROUNDS):
        parts = [0.0] * columns
        for (a, b), times in met.items():
            both = times / (strength[a] + strength[b])
            parts[a] += both
            parts[b] += both
        renewed = [w / part if part else 1.0 for w, part in zip(won, parts, strict=True)]
        mean = math.exp(sum(map(math.log, renewed)) / columns)
        renewed = [each / mean for each in renewed]
        moved = max(abs(new - old) for new, old in zip(renewed, strength, strict=True))
        strength = renewed
        if moved < 1e-10:
            break
    return [ELO_MIDDLE + ELO_SPREAD * math.log10(each) for each in strength]


def told(name: str, other: str, result: Score) -> str:
    """The result of a pair in plain words, from the side of the one that was preferred.

    Args:
        result: the votes for `name` against `other`.
    """
    if result.losses > result.wins:
        name, other = other, name
        result = Score(result.losses, result.wins, result.ties)
    ties = "" if not result.ties else f" ({_times(result.ties)} they were called equal)"
    if not result.decided:
        return f"No answer was preferred yet{ties}." if ties else "Nobody has voted yet."
    if result.wins == result.losses:
        return (
            f"{name} and {other} were preferred {_times(result.wins)} each{ties}: no difference "
            "that these votes could show."
        )
    chance = sign_test(result.wins, result.losses)
    low, high = interval(result.wins, result.losses)
    verdict = (
        "that is unlikely to be chance"
        if chance < UNLIKELY
        else "that may well be chance: more votes would tell"
    )
    return (
        f"{name} was preferred {result.wins} of {_times(result.decided)}{ties}; {verdict}. A coin "
        f"would do as much in {_percent(chance)} of such tests. With many more votes its share "
        f"would probably lie between {low:.0%} and {high:.0%} (95 % confidence interval)."
    )


def _times(count: int) -> str:
    return "1 time" if count == 1 else f"{count} times"


def _percent(share: float) -> str:
    return "less than 0.1 %" if share < 0.001 else f"{100 * share:.2g} %"
