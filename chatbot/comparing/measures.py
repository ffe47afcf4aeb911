"""Simple measures of an answer: length, repetition, variety, surprise to another model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatbot.training.scores.repetition import repetition
from chatbot.training.words import words

if TYPE_CHECKING:
    from chatbot.engine.loading import LoadedModel


@dataclass(frozen=True, slots=True)
class Measures:
    """Of one answer, or of several together.

    Args:
        words: how many.
        repeated: share of all runs of three words that were said before in the same answer.
        distinct_1, distinct_2: different words, and different pairs of neighbours, as a share of
            all (distinct-n, Li et al. 2016); 0 where there are none.
    """

    words: int
    repeated: float
    distinct_1: float
    distinct_2: float


def measured(answers: Sequence[str]) -> Measures:
    """Of all answers together; pairs don't reach from one answer into the next."""
    spoken = [words(answer) for answer in answers]
    return Measures(
        words=sum(map(len, spoken)),
        repeated=repetition(answers).within,
        distinct_1=_distinct(spoken, 1),
        distinct_2=_distinct(spoken, 2),
    )


def perplexity(loaded: "LoadedModel", question: str, answer: str) -> float | None:
    """How surprising a model finds an answer: e to the mean surprise of its tokens, 1 is none.

    The end token does not count. None for an empty answer, and where question and answer don't
    fit the window.

    Args:
        loaded: the model that judges; it is only read.
    """
    import torch

    from chatbot.engine.prompts import tokenise_conversation
    from chatbot.engine.shapes import shape_of
    from chatbot.messages import assistant, user

    if not answer.strip():
        return None
    example = tokenise_conversation(loaded.tokenizer, [user(question), assistant(answer)])
    ends = shape_of(loaded.tokenizer).stop_ids
    at = [
        place
        for place, counts in enumerate(example.trained)
        if counts and place and example.ids[place] not in ends
    ]
    if not at or len(example.ids) > loaded.window:
        return None
    ids = torch.tensor([list(example.ids)], device=loaded.model.device)
    with torch.inference_mode():
        scores = loaded.model(input_ids=ids, use_cache=False).logits[0]
        log_chances = torch.log_softmax(scores[[place - 1 for place in at]].float(), dim=-1)
        chosen = log_chances.gather(1, ids[0, at].unsqueeze(1))
    return float((-chosen.mean()).exp())


def _distinct(spoken: Sequence[Sequence[str]], length: int) -> float:
    runs = [
        tuple(answer[start : start + length])
        for answer in spoken
        for start in range(len(answer) - length + 1)
    ]
    return len(set(runs)) / len(runs) if runs else 0.0
