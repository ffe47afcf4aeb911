"""Steps of an answer: what was taken, what was cut, and by which setting."""

import pytest
import torch

from chatbot.engine import steps
from chatbot.engine.choosing import Chooser, Sight
from chatbot.engine.sampling import SamplingParams
from chatbot.engine.steps import Step, step

SCORES = torch.tensor([0.0, 3.0, 1.0, 2.0, -5.0, 0.5])


def looked(scores: torch.Tensor = SCORES, seed: int = 1, **settings: float) -> Step:
    params = SamplingParams(**settings)  # type: ignore[arg-type]
    chooser = Chooser(params, seed, (1,), 1)
    said = chooser.said
    return step(Sight(said, scores, chooser.choose(scores)), params, lambda token: f"t{token}")


def cuts(found: Step) -> dict[int, str]:
    return {each.id: each.cut_by for each in found.candidates if each.cut_by}


def test_candidates_come_likeliest_first_with_the_models_own_probability() -> None:
    found = looked(temperature=0.5, top_k=0, top_p=1.0)
    assert [each.id for each in found.candidates] == [1, 3, 2, 5, 0, 4]
    own, after = torch.softmax(SCORES, dim=0), torch.softmax(SCORES.double() / 0.5, dim=0)
    for each in found.candidates:
        assert each.before == pytest.approx(float(own[each.id]))
        assert each.after == pytest.approx(float(after[each.id]))
        assert each.text == f"t{each.id}"
    assert (found.left, found.before) == (6, 6)
    assert cuts(found) == {}


def test_each_cut_names_the_setting_that_made_it() -> None:
    found = looked(temperature=1.0, top_k=4, top_p=0.8)
    # Of four that top-k leaves, 3.0 and 2.0 have 0.63 and 0.23 of all: together 0.8 is reached.
    assert cuts(found) == {0: "top-k", 4: "top-k", 2: "top-p", 5: "top-p"}
    assert found.left == 2
    assert sum(each.after for each in found.candidates) == pytest.approx(1.0)


def test_temperature_0_cuts_all_but_the_one_it_takes() -> None:
    found = looked(temperature=0)
    assert found.chosen.id == 1
    assert (found.chosen.after, found.left) == (1.0, 1)
    assert set(cuts(found).values()) == {steps.GREEDY}
    assert len(cuts(found)) == 5


def test_what_was_said_is_penalised_after_not_before() -> None:
    plain, penalised = (
        looked(temperature=1.0, top_k=0, top_p=1.0, repetition_penalty=penalty)
        for penalty in (1.0, 2.0)
    )
    assert penalised.candidates[0].before == plain.candidates[0].before
    assert penalised.candidates[0].after < plain.candidates[0].after  # token 1 was said


def test_a_rare_token_that_was_taken_is_shown_beside_the_best() -> None:
    scores = torch.linspace(2.0, 0.0, 60)
    found = next(
        each
        for seed in range(50)
        if (each := looked(scores, seed, temperature=2.0, top_k=0, top_p=1.0)).chosen.id > 20
    )
    assert len(found.candidates) == steps.SHOWN + 1
    assert found.candidates[-1] == found.chosen
    assert found.rank is None
    assert looked(temperature=0).rank == 1
    assert found.chosen.after > 0


@pytest.mark.parametrize("seed", range(8))
def test_cut_and_left_over_are_never_the_same(seed: int) -> None:
    scores = torch.randn(400, generator=torch.Generator().manual_seed(seed)) * 2
    found = looked(scores, seed, temperature=0.9, top_k=7, top_p=0.9, repetition_penalty=1.3)
    for each in found.candidates:
        assert bool(each.cut_by) == (each.after == 0)
    assert not found.chosen.cut_by
    assert 1 <= found.left <= 7


def test_every_processor_of_the_sampler_has_a_name_for_people() -> None:
    used = steps.processors(SamplingParams(temperature=0.5, repetition_penalty=1.2))
    assert {type(processor).__name__ for processor in used} <= set(steps.SETTING_OF)
