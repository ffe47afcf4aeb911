"""Rolling the dice: the very draws that the sampler makes, and how near they come to the odds."""

import pytest
import torch

from chatbot.engine.choosing import Chooser, Sight
from chatbot.engine.dice import Odds, distance, draw, odds, usual_distance
from chatbot.engine.generation import Engine
from chatbot.engine.sampling import SamplingParams
from chatbot.messages import user

OPEN = SamplingParams(temperature=1.3, top_k=0, top_p=1.0)
SETTINGS = (
    OPEN,
    SamplingParams(temperature=0.8, top_k=12, top_p=0.9),
    SamplingParams(temperature=1.0, top_k=0, top_p=0.7, repetition_penalty=1.4),
)


def sight(size: int = 300) -> Sight:
    scores = torch.randn(size, generator=torch.Generator().manual_seed(4)) * 3
    return Sight(torch.tensor([5, 6, 7]), scores, Chooser(OPEN, 0, (0,), 1).choose(scores))


@pytest.mark.parametrize("params", SETTINGS)
def test_the_draws_are_those_of_the_sampler_with_one_generator(params: SamplingParams) -> None:
    seen = sight()
    # The sampler's own loop. What it says is forgotten each time, its generator is not.
    chooser = Chooser(params, 11, (5, 6, 7), 1)
    one_by_one = []
    for _ in range(64):
        one_by_one.append(chooser.choose(seen.scores).id)
        chooser._length = 3
    assert draw(odds(seen, params), seed=11, times=64) == one_by_one
    assert draw(odds(seen, params), seed=11, times=10) == one_by_one[:10]
    assert draw(odds(seen, params), seed=12, times=64) != one_by_one


@pytest.mark.parametrize("params", SETTINGS)
def test_the_odds_are_what_the_sampler_chooses_from(params: SamplingParams) -> None:
    seen = sight()
    found = odds(seen, params)
    ids, chances = Chooser(params, 0, (5, 6, 7), 1).distribution(seen.scores.unsqueeze(0))
    assert torch.equal(found.ids, ids)
    assert torch.equal(found.chances, chances)
    best = found.best(4)
    assert [chance for _, chance in best] == sorted(chances.tolist(), reverse=True)[:4]
    assert all(chances[ids == token] == chance for token, chance in best)
    assert set(draw(found, seed=1, times=500)) <= set(ids.tolist())


def test_temperature_0_always_rolls_the_likeliest() -> None:
    greedy = SamplingParams(temperature=0)
    best = int(sight().scores.argmax())
    assert odds(sight(), greedy).ids.tolist() == [best]
    assert draw(odds(sight(), greedy), seed=1, times=5) == [best] * 5
    assert distance(odds(sight(), greedy), [best] * 5) == 0


def test_the_distance_is_half_the_sum_of_all_differences() -> None:
    expected = Odds(torch.tensor([1, 2, 3]), torch.tensor([0.3, 0.2, 0.5], dtype=torch.float64))
    assert distance(expected, [3]) == pytest.approx((0.3 + 0.2 + 0.5) / 2)
    assert distance(expected, [3, 1]) == pytest.approx((0.2 + 0.2) / 2)
    assert distance(expected, [1] * 3 + [2] * 2 + [3] * 5) == pytest.approx(0)


@pytest.mark.parametrize("params", SETTINGS)
@pytest.mark.parametrize("times", [50, 200, 2000])
def test_the_usual_distance_is_usual(params: SamplingParams, times: int) -> None:
    seen = sight()
    expected = odds(seen, params)
    found = [distance(expected, draw(expected, seed=s, times=times)) for s in range(12)]
    assert sum(found) / len(found) == pytest.approx(usual_distance(expected, times), rel=0.25)


def test_the_first_draw_is_the_answers_first_token(tiny_engine: Engine) -> None:
    """What a watcher is shown is what the token was chosen from."""
    seen: list[Sight] = []
    names: list[str] = []
    params = SamplingParams(temperature=1.2, top_k=40, top_p=0.95, max_new_tokens=6, seed=9)
    generation = tiny_engine.stream(
        [user("Who are you?")],
        params,
        watch=lambda sight, text_of: (seen.append(sight), names.append(text_of(sight.chosen.id))),
    )
    tokens = [token for chunk in generation for token in chunk.tokens]
    assert [sight.chosen.id for sight in seen][: len(tokens)] == [token.id for token in tokens]
    assert names[: len(tokens)] == [token.text for token in tokens]
    assert seen[0].said.tolist() == list(generation.prompt.ids)
    assert seen[2].said.tolist() == [*generation.prompt.ids, *(s.chosen.id for s in seen[:2])]
    assert draw(odds(seen[0], params), seed=9, times=1) == [seen[0].chosen.id]
