"""What fine-tuning did to the next token: the words that it raised, and those that it sank."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatbot.errors import BadInput

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

    from chatbot.engine.next_scores import NextScores

MOST = 15
"""Words shown of each kind."""


@dataclass(frozen=True, slots=True)
class Change:
    """A token's probability in both models, each at temperature 1 and without any setting."""

    id: int
    base: float
    tuned: float

    @property
    def change(self) -> float:
        return self.tuned - self.base


@dataclass(frozen=True, slots=True)
class Changes:
    """The largest changes first.

    Attributes:
        moved: the share of the probability that went from one token to another: half the sum of
            all changes (total variation distance); 0 to 1.
    """

    raised: tuple[Change, ...]
    sunk: tuple[Change, ...]
    moved: float


def changes(base: "NextScores", tuned: "NextScores", most: int = MOST) -> Changes:
    """Compare two models that read the same prompt, over the whole vocabulary.

    Raises:
        BadInput: they don't know the same tokens.
    """
    import torch

    known = _known_to_both(base.tokenizer, tuned.tokenizer)
    with torch.inference_mode():
        known = min(known, len(base.logits), len(tuned.logits))
        before = torch.softmax(base.logits.double(), dim=-1)[:known]
        after = torch.softmax(tuned.logits.double(), dim=-1)[:known]
        delta = after - before
        order = torch.topk(delta, min(most, known))
        falling = torch.topk(-delta, min(most, known))
        raised = [n for n, d in zip(*_lists(order), strict=True) if d > 0]
        sunk = [n for n, d in zip(*_lists(falling), strict=True) if d > 0]
        return Changes(
            tuple(Change(n, float(before[n]), float(after[n])) for n in raised),
            tuple(Change(n, float(before[n]), float(after[n])) for n in sunk),
            min(1.0, float(delta.abs().sum() / 2)),
        )


def _lists(best: object) -> tuple[list[int], list[float]]:
    values, indices = best  # type: ignore[misc]
    return indices.tolist(), values.tolist()


def _known_to_both(base: "PreTrainedTokenizerFast", tuned: "PreTrainedTokenizerFast") -> int:
    """How many ids mean the same: all of the smaller vocabulary, or it is another one."""
    smaller, larger = sorted((base.get_vocab(), tuned.get_vocab()), key=len)
    if smaller.items() <= larger.items():
        return len(smaller)
    raise BadInput(
        "These two models don't know the same tokens, so their scores can't be compared.",
        remedy="Choose a model that was fine-tuned from the other one.",
    )
