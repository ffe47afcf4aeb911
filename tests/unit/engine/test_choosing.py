"""Choosing a token: greedy, seeded, penalised, and from what is left only."""

import math

import pytest
import torch

from chatbot.engine.choosing import Chooser
from chatbot.engine.sampling import SamplingParams
from chatbot.errors import ChatbotError

SCORES = torch.tensor([0.0, 3.0, 1.0, 2.0, -5.0, 0.5])


def chooser(
    prompt: tuple[int, ...] = (0,), seed: int = 1, room: int = 50, **settings: float
) -> Chooser:
    return Chooser(SamplingParams(**settings), seed, prompt, room)  # type: ignore[arg-type]


def test_greedy_takes_the_best_and_the_first_of_equals() -> None:
    assert chooser(temperature=0).choose(SCORES).id == 1
    assert chooser(temperature=0).choose(torch.tensor([1.0, 2.0, 2.0, 0.0])).id == 1


def test_greedy_minds_what_was_said_in_prompt_and_answer() -> None:
    one = chooser(prompt=(1,), temperature=0, repetition_penalty=2.0)
    assert [one.choose(SCORES).id for _ in range(3)] == [3, 1, 1]


def test_probabilities_are_of_the_raw_scores() -> None:
    choice = chooser(temperature=0.1, top_k=1).choose(SCORES)
    exact = torch.softmax(SCORES, dim=-1)
    assert choice.probability == pytest.approx(float(exact[1]))
    assert [i for i, _ in choice.best] == [1, 3, 2, 5, 0]
    assert choice.best[1][1] == pytest.approx(float(exact[3]))


def test_the_same_seed_chooses_the_same() -> None:
    def path(seed: int) -> list[int]:
        one = chooser(seed=seed, temperature=1.5, top_k=0, top_p=1.0)
        return [one.choose(SCORES).id for _ in range(30)]

    assert path(1) == path(1)
    assert path(1) != path(2)


def test_half_precision_scores_choose_like_their_float32_copy() -> None:
    half = SCORES.to(torch.bfloat16)
    for seed in range(20):
        one, other = chooser(seed=seed, temperature=1.0), chooser(seed=seed, temperature=1.0)
        assert one.choose(half) == other.choose(half.float())


def test_ties_at_the_border_of_top_k_are_kept_as_the_library_does() -> None:
    ids, chances = chooser(temperature=1.0, top_k=2, top_p=1.0).distribution(
        torch.tensor([[1.0, 2.0, 1.0, 0.0]])
    )
    assert ids.tolist() == [0, 1, 2]
    assert float(chances.sum()) == pytest.approx(1.0)


@pytest.mark.parametrize("settings", [{"top_k": 2, "top_p": 1.0}, {"top_k": 0, "top_p": 0.8}])
def test_a_removed_token_is_never_drawn(settings: dict[str, float]) -> None:
    drawn = {
        chooser(seed=seed, temperature=1.0, **settings).choose(SCORES).id for seed in range(200)
    }
    assert drawn == {1, 3}


def test_a_vocabulary_smaller_than_top_k() -> None:
    assert chooser(temperature=0.01, top_k=50).choose(torch.tensor([0.0, 9.0])).id == 1


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_scores_that_are_no_numbers(bad: float) -> None:
    with pytest.raises(ChatbotError, match="no usable numbers"):
        chooser().choose(torch.tensor([0.0, bad]))
