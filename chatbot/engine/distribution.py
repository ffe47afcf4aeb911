"""What the next token is drawn from, stage by stage: the sampler's own processors, one at a time.

Works on scores that were computed before, so that another setting costs no forward pass.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from chatbot.engine.sampling import SamplingParams, processors
from chatbot.errors import ChatbotError

if TYPE_CHECKING:
    import torch

TOP = 40
"""Tokens that a picture shows one by one."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a person knows of a processor. `field` is its name in `SamplingParams`."""

    name: str
    field: str


SETTINGS: Mapping[str, Setting] = MappingProxyType(
    {
        "RepetitionPenaltyLogitsProcessor": Setting("Repetition penalty", "repetition_penalty"),
        "NoRepeatNGramLogitsProcessor": Setting("No-repeat n-gram", "no_repeat_ngram"),
        "TemperatureLogitsWarper": Setting("Temperature", "temperature"),
        "TopKLogitsWarper": Setting("Top-k", "top_k"),
        "TopPLogitsWarper": Setting("Top-p", "top_p"),
        "MinPLogitsWarper": Setting("Min-p", "min_p"),
        "TypicalLogitsWarper": Setting("Typical-p", "typical_p"),
    }
)
"""By the library's class, in the order of its `generate`."""
GREEDY = Setting("Temperature 0", "temperature")
"""The last stage where the likeliest token is always taken."""
_PENALTY = "repetition_penalty"
_TOP_K, _TOP_P = "top_k", "top_p"


@dataclass(frozen=True, eq=False)
class Stage:
    """The scores after one processor.

    Attributes:
        scores: (vocabulary,) float32; minus infinity for tokens that can't come any more.
        left: how many still can.
        removed: ids that this stage took away, ascending.
    """

    setting: Setting
    scores: "torch.Tensor"
    left: int
    removed: "torch.Tensor"


@dataclass(frozen=True, eq=False)
class Distribution:
    """The next token's distribution over the whole vocabulary.

    Attributes:
        logits: (vocabulary,) float32, as the model gave them.
        own: (vocabulary,) float64, the model's own probabilities: temperature 1, no setting.
        stages: the processors that the settings switch on, in order.
        probabilities: (vocabulary,) float64, after all settings; they add up to 1.
    """

    logits: "torch.Tensor"
    own: "torch.Tensor"
    stages: tuple[Stage, ...]
    probabilities: "torch.Tensor"

    @property
    def left(self) -> int:
        """How many tokens can come."""
        return int((self.probabilities > 0).sum())

    @property
    def entropy(self) -> float:
        """Bits (Shannon 1948): 0 where one token is certain, 1 for a fair coin."""
        return entropy(self.probabilities)


@dataclass(frozen=True, slots=True)
class Row:
    """One token on its way through the stages.

    Attributes:
        own, probability: before all settings, and after them.
        scores: after each stage; None where it can't come any more.
        shares: before each stage that cuts, the share of this token and all likelier ones
            together, as top-p counts it; None where it could not come any more.
        removed_by: which stage took it away; None where it can come.
    """

    id: int
    logit: float
    own: float
    probability: float
    scores: tuple[float | None, ...]
    shares: tuple[float | None, ...]
    removed_by: int | None


@dataclass(frozen=True, slots=True)
class Rest:
    """All tokens that have no row of their own, together. `left`: those that can come."""

    tokens: int
    left: int
    own: float
    probability: float


@dataclass(frozen=True, slots=True)
class Top:
    """The likeliest tokens and all the rest.

    Attributes:
        rows: by their scores after the repetition penalty, so that no other slider moves a row;
            of equals, those that stay longer come first.
        cuts: for each stage, the row above which its line belongs; None where it cuts none of
            these rows, or not all below a line.
    """

    rows: tuple[Row, ...]
    rest: Rest
    cuts: tuple[int | None, ...]


def distribution(
    logits: "torch.Tensor", said: Sequence[int], params: SamplingParams
) -> Distribution:
    """Apply the settings, in the order and with the arithmetic of `choosing.Chooser`.

    Args:
        logits: (vocabulary,), on any device and in any format.
        said: ids that the repetition penalty counts as said: the prompt and the answer so far.
        params: its seed and length are not read.

    Raises:
        ChatbotError: the logits are not numbers.
    """
    import torch

    from chatbot.engine.choosing import CUTS

    with torch.inference_mode():
        own = logits.detach().to(device="cpu", dtype=torch.float32)
        check_numbers(own)
        before = torch.tensor([list(said)], dtype=torch.long)
        scores, stages, cut_before = own, [], False
        for processor in processors(params):
            setting = _setting(processor)
            cut = isinstance(processor, CUTS)
            some = _narrowed if cut and cut_before else _whole
            after = some(processor, before, scores)
            cut_before = cut_before or cut
            stages.append(_stage(setting, scores, after))
            scores = after
        if params.greedy:
            best = int(torch.nonzero(scores == scores.max())[0])  # the first of equals
            after = torch.full_like(scores, -torch.inf)
            after[best] = scores[best]
            stages.append(_stage(GREEDY, scores, after))
            scores = after
        return Distribution(own, _probabilities(own), tuple(stages), _probabilities(scores))


def check_numbers(logits: "torch.Tensor") -> None:
    """Raises `ChatbotError` where a model's scores, (vocabulary,), can't be turned into shares."""
    import torch

    if not torch.isfinite(torch.logsumexp(logits.float(), dim=-1)):
        raise ChatbotError(
            "The model computes no usable numbers, so there is nothing to see.",
            remedy="Choose another checkpoint, or the number format float32.",
        )


def entropy(probabilities: "torch.Tensor") -> float:
    """Bits of a distribution, (n,)."""
    some = probabilities[probabilities > 0]
    return max(0.0, float(-(some * some.log2()).sum()))


def top(found: Distribution, count: int = TOP, also: Sequence[int] = ()) -> Top:
    """The `count` likeliest tokens one by one, likeliest first, and all the rest together.

    Tokens of `also` have a row in any case; beyond the likeliest ones, their `shares` count the
    rows alone.
    """
    import torch

    with torch.inference_mode():
        penalised = [s.scores for s in found.stages if s.setting.field == _PENALTY]
        standing = penalised[-1] if penalised else found.logits
        ids = torch.topk(standing, min(count, len(standing))).indices
        others = [number for number in dict.fromkeys(also) if number not in ids.tolist()]
        ids = torch.cat([ids, torch.tensor(others, dtype=ids.dtype)])
        # Of several equals (bfloat16 makes many) a cut may keep some: those come first.
        kept = torch.zeros(len(ids), dtype=torch.long)
        for stage in found.stages:
            kept += stage.scores[ids] > -torch.inf
        ranks = list(zip(standing[ids].tolist(), kept.tolist(), strict=True))
        order = sorted(range(len(ids)), key=ranks.__getitem__, reverse=True)
        ids = ids[order]
        columns = [[found.logits[ids].tolist()], *_columns(found, ids)]
        numbers = ids.tolist()
        own, probabilities = found.own[ids], found.probabilities[ids]
        scores, shares = columns[1], columns[2]
        rows = tuple(
            Row(
                id=number,
                logit=columns[0][0][n],
                own=float(own[n]),
                probability=float(probabilities[n]),
                scores=tuple(column[n] for column in scores),
                shares=tuple(column[n] for column in shares),
                removed_by=_first_gone([column[n] for column in scores]),
            )
            for n, number in enumerate(numbers)
        )
        left = found.left
        shown = int((probabilities > 0).sum())
        rest = Rest(
            tokens=len(standing) - len(rows),
            left=left - shown,
            own=max(0.0, 1 - float(own.sum())) if len(rows) < len(standing) else 0.0,
            probability=max(0.0, 1 - float(probabilities.sum())) if left > shown else 0.0,
        )
    return Top(rows, rest, tuple(_line(rows, n) for n in range(len(found.stages))))


def _setting(processor: Any) -> Setting:
    name = type(processor).__name__
    return SETTINGS.get(name) or Setting(name, name)


def _whole(processor: Any, said: "torch.Tensor", scores: "torch.Tensor") -> "torch.Tensor":
    after: torch.Tensor = processor(said, scores.unsqueeze(0))[0]
    return after


def _narrowed(processor: Any, said: "torch.Tensor", scores: "torch.Tensor") -> "torch.Tensor":
    """As the sampler does it after the first cut: over the tokens that are left alone."""
    import torch

    left = torch.nonzero(scores > -torch.inf)[:, 0]
    after = torch.full_like(scores, -torch.inf)
    after[left] = _whole(processor, said, scores[left])
    return after


def _stage(setting: Setting, before: "torch.Tensor", after: "torch.Tensor") -> Stage:
    import torch

    could, can = before > -torch.inf, after > -torch.inf
    removed = torch.nonzero(could & ~can)[:, 0]
    return Stage(setting, after, int(can.sum()), removed)


def _probabilities(scores: "torch.Tensor") -> "torch.Tensor":
    import torch

    left = torch.nonzero(scores > -torch.inf)[:, 0]
    result = torch.zeros(len(scores), dtype=torch.float64)
    result[left] = torch.softmax(scores[left].double(), dim=-1)
    return result


def _columns(found: Distribution, ids: "torch.Tensor") -> list[list[list[float | None]]]:
    """For each stage the scores after it, and the shares before it where it cuts."""
    import torch

    before, scores, shares = found.logits, [], []
    for stage in found.stages:
        after = stage.scores[ids]
        scores.append([v if v > -torch.inf else None for v in after.tolist()])
        if len(stage.removed) or stage.setting.field in (_TOP_K, _TOP_P):
            could = (before[ids] > -torch.inf).tolist()
            total = torch.logsumexp(before.double(), dim=-1)
            sums = (before[ids].double() - total).exp().cumsum(dim=0).clamp(max=1.0).tolist()
            shares.append([s if c else None for s, c in zip(sums, could, strict=True)])
        else:
            shares.append([None] * len(ids))
        before = stage.scores
    return [scores, shares]


def _first_gone(scores: Sequence[float | None]) -> int | None:
    return next((n for n, score in enumerate(scores) if score is None), None)


def _line(rows: Sequence[Row], stage: int) -> int | None:
    """The first row that a stage takes away, if it takes all below it as well."""
    gone = [n for n, row in enumerate(rows) if row.removed_by == stage]
    if not gone:
        return None
    spared = [row for row in rows[gone[0] :] if row.removed_by is None or row.removed_by > stage]
    return None if spared else gone[0]
