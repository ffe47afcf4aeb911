"""What fine-tuning did to the next token: the words that it raised, and those that it sank."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatbot.errors import BadInput

if TYPE_CHECKING:
    import torch
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

    _check_tokens(base.tokenizer, tuned.tokenizer)
    with torch.inference_mode():
        # A token that was added in tuning has no probability in the base.
        size = max(len(base.logits), len(tuned.logits))
        before, after = (_shares(scores, size) for scores in (base, tuned))
        delta = after - before
        best = torch.topk(delta, min(most, size)).indices.tolist()
        worst = torch.topk(-delta, min(most, size)).indices.tolist()
        raised = [n for n in best if delta[n] > 0]
        sunk = [n for n in worst if delta[n] < 0]
        return Changes(
            tuple(Change(n, float(before[n]), float(after[n])) for n in raised),
            tuple(Change(n, float(before[n]), float(after[n])) for n in sunk),
            min(1.0, float(delta.abs().sum() / 2)),
        )


def _shares(scores: "NextScores", size: int) -> "torch.Tensor":
    import torch

    shares = torch.zeros(size, dtype=torch.float64)
    shares[: len(scores.logits)] = torch.softmax(scores.logits.double(), dim=-1)
    return shares


def _check_tokens(base: "PreTrainedTokenizerFast", tuned: "PreTrainedTokenizerFast") -> None:
    """One vocabulary may have more tokens than the other, but no other ones."""
    smaller, larger = sorted((base.get_vocab(), tuned.get_vocab()), key=len)
    if not smaller.items() <= larger.items():
        raise BadInput(
            "These two models don't know the same tokens, so their scores can't be compared.",
            remedy="Choose a model that was fine-tuned from the other one.",
        )
