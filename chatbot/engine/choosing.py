"""From the model's scores to the next token: the library's processors, a generator of one's own.

All on the CPU in float32, so that a seed means the same on every device. The global random state
is never touched.
"""

from dataclasses import dataclass
from typing import Any

import torch
from transformers import (
    LogitsProcessor,
    MinPLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
    TypicalLogitsWarper,
)

from chatbot.engine.sampling import SamplingParams, processors
from chatbot.errors import ChatbotError

ALTERNATIVES = 5
CUTS = (TopKLogitsWarper, TopPLogitsWarper, MinPLogitsWarper, TypicalLogitsWarper)
"""The library's processors that only drop tokens, whichever they are. They come last."""


@dataclass(frozen=True)
class Choice:
    """The chosen token, and what the model itself thought of it and of the best others."""

    id: int
    probability: float
    best: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Sight:
    """What one choice was made from, for who wants to look at it or to choose again.

    Args:
        said: (n,) int64, the prompt and the answer before this choice.
        scores: (vocabulary,) float32 on the CPU, as the model gave them.
        chosen: the token that was taken.
    """

    said: torch.Tensor
    scores: torch.Tensor
    chosen: Choice


class Chooser:
    """Chooses the tokens of one answer.

    Args:
        params: settings; its seed is not read here.
        seed: 0 to 2**32 - 1.
        prompt: the ids before the answer, which the repetition penalty counts as said.
        room: how many tokens will be chosen at most.
        chosen: how many tokens of the answer, the last ones of `prompt`, were chosen before. With
            the same seed the rest is what it would have been in one go, but for the rounding of a
            number format of 16 bits.
    """

    def __init__(
        self,
        params: SamplingParams,
        seed: int,
        prompt: tuple[int, ...],
        room: int,
        chosen: int = 0,
    ) -> None:
        self.change(params)
        self._generator = torch.Generator(device="cpu").manual_seed(seed)
        for _ in range(chosen):
            torch.rand((), generator=self._generator, dtype=torch.float64)
        self._said = torch.empty((1, len(prompt) + room), dtype=torch.long)
        self._said[0, : len(prompt)] = torch.tensor(prompt, dtype=torch.long)
        self._length = len(prompt)

    def change(self, params: SamplingParams) -> None:
        """Choose by other settings from the next token on. Its seed is not read."""
        self._greedy = params.greedy
        chain = list(processors(params))
        self._cuts = [one for one in chain if isinstance(one, CUTS)]
        self._chain: list[LogitsProcessor] = [one for one in chain if not isinstance(one, CUTS)]

    def choose(self, scores: torch.Tensor) -> Choice:
        """Choose the next token and remember it as said.

        Args:
            scores: (vocabulary,) as the model gives them, on any device and in any format.

        Raises:
            ChatbotError: they are not numbers; the weights are damaged, or overflow in float16.
        """
        own = scores.to(device="cpu", dtype=torch.float32)
        log_total = torch.logsumexp(own, dim=-1)
        if not torch.isfinite(log_total):
            raise ChatbotError(
                "The model computes no usable numbers, so it can't answer.",
                remedy="Choose another checkpoint, or the number format float32.",
            )
        values, ids = torch.topk(own, min(ALTERNATIVES, own.numel()))
        if self._greedy and not self._chain and values[0] != values[-1]:
            chosen = int(ids[values == values[0]].min())  # as argmax does: the first of equals
        else:
            chosen = self._pick(own.unsqueeze(0))
        probabilities = (values - log_total).exp().tolist()
        self._said[0, self._length] = chosen
        self._length += 1
        return Choice(
            id=chosen,
            probability=float((own[chosen] - log_total).exp()),
            best=tuple(zip(ids.tolist(), probabilities, strict=True)),
        )

    @property
    def said(self) -> torch.Tensor:
        """Prompt and answer so far, (n,) int64; what is said later does not change it."""
        return self._said[0, : self._length]

    def distribution(self, scores: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Ids that remain after all processors, ascending, and their probabilities.

        Args:
            scores: (1, vocabulary), float32 on the CPU.

        Returns:
            (remaining,) int64 and (remaining,) float64 that add up to 1.
        """
        said: Any = self._said[:, : self._length]
        for processor in self._chain:
            scores = processor(said, scores)
        ids = torch.arange(scores.shape[1])
        for cut in self._cuts:  # each sorts what it gets, so it gets only what the last one left
            ids, scores = _remaining(ids, cut(said, scores))
        return ids, torch.softmax(scores[0].double(), dim=-1)

    def _pick(self, scores: torch.Tensor) -> int:
        if self._greedy:
            said = self._said[:, : self._length]
            for processor in self._chain:
                scores = processor(said, scores)
            return int(torch.argmax(scores))
        ids, probabilities = self.distribution(scores)
        # One number a token, whatever remains to choose from: the point where it cuts the sum.
        point = torch.rand((), generator=self._generator, dtype=torch.float64)
        return int(ids[pick(probabilities, point)])


def pick(probabilities: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    """Which index each point falls on, where the probabilities lie end to end from 0 to 1.

    Args:
        probabilities: (remaining,) float64.
        points: float64 of any shape, from 0 up to below 1, evenly drawn.

    Returns:
        int64 of that shape.
    """
    sums = probabilities.cumsum(dim=0)
    return torch.searchsorted(sums, points * sums[-1], right=True).clamp(max=len(sums) - 1)


def _remaining(ids: torch.Tensor, scores: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Only what a processor left: it writes minus infinity over the others."""
    left = torch.nonzero(scores[0] > -torch.inf)[:, 0]
    return ids[left], scores[:, left]
