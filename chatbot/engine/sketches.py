"""Small pictures, made of letters, of what one setting does to twelve made-up candidates.

They show the direction, not a model's own numbers: those are in the sampling lab. Plain Python, so
that a page can draw them before torch is there.
"""

import math
from collections.abc import Callable, Mapping, Sequence

LOGITS = (2.0, 1.75, 1.5, 1.25, 1.0, 0.75, 0.5, 0.25, 0.0, -0.3, -0.6, -1.0)
SAID = (1, 4)
"""Which of the candidates came before, for the repetition penalty."""
GONE = "·"
_BARS = "▁▂▃▄▅▆▇█"
_MOST_TOKENS = 1024


def sketch(name: str, value: float) -> str:
    """The candidates as bars, likeliest first, under this setting alone; a dot is one that can't
    come. "" for a setting that changes no distribution."""
    draw = _DRAWN.get(name)
    return draw(value) if draw else ""


def _shares(logits: Sequence[float]) -> list[float]:
    powers = [math.exp(logit) for logit in logits]
    return [power / sum(powers) for power in powers]


def _bars(shares: Sequence[float], kept: Sequence[bool] | None = None) -> str:
    kept = kept or [True] * len(shares)
    top = max(shares)
    return "".join(
        _BARS[min(7, int(share / top * 7.99))] if stays else GONE
        for share, stays in zip(shares, kept, strict=True)
    )


def _temperature(value: float) -> str:
    if value == 0:
        return _bars(_shares(LOGITS), [n == 0 for n in range(len(LOGITS))])
    hottest = max(LOGITS)
    return _bars(_shares([(logit - hottest) / value for logit in LOGITS]))


def _top_p(value: float) -> str:
    shares = _shares(LOGITS)
    return _bars(shares, [sum(shares[:n]) < value for n in range(len(shares))])


def _top_k(value: float) -> str:
    return _bars(_shares(LOGITS), [not value or n < value for n in range(len(LOGITS))])


def _min_p(value: float) -> str:
    shares = _shares(LOGITS)
    return _bars(shares, [share >= value * shares[0] for share in shares])


def _typical_p(value: float) -> str:
    shares = _shares(LOGITS)
    surprise = [-math.log(share) for share in shares]
    expected = sum(share * bits for share, bits in zip(shares, surprise, strict=True))
    order = sorted(range(len(shares)), key=lambda n: abs(surprise[n] - expected))
    kept, total = set(), 0.0
    for n in order:
        if value < 1 and total >= value:
            break
        kept.add(n)
        total += shares[n]
    return _bars(shares, [n in kept for n in range(len(shares))])


def _repetition_penalty(value: float) -> str:
    logits = [
        (logit / value if logit > 0 else logit * value) if n in SAID else logit
        for n, logit in enumerate(LOGITS)
    ]
    return _bars(_shares(logits))


def _no_repeat_ngram(value: float) -> str:
    if not value:
        return "abc abc abc"
    run = "abcdefghijklmnopqrst"[: int(value)]
    return f"{run} {run[:-1]}✕" if value <= 8 else f"{run[:4]}…{run[-1]} {run[:4]}…✕"


def _max_new_tokens(value: float) -> str:
    filled = min(12, max(1, round(12 * value / _MOST_TOKENS)))
    return "▰" * filled + "▱" * (12 - filled)


_DRAWN: Mapping[str, Callable[[float], str]] = {
    "temperature": _temperature,
    "top_p": _top_p,
    "top_k": _top_k,
    "min_p": _min_p,
    "typical_p": _typical_p,
    "repetition_penalty": _repetition_penalty,
    "no_repeat_ngram": _no_repeat_ngram,
    "max_new_tokens": _max_new_tokens,
}
