"""The picture of a choice is what the library and the sampler do: random logits and settings."""

import math
import time
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import (
    LogitsProcessorList,
    MinPLogitsWarper,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
    TypicalLogitsWarper,
)

from chatbot.engine.choosing import Chooser
from chatbot.engine.distribution import Distribution, distribution, top
from chatbot.engine.sampling import SamplingParams
from chatbot.errors import ChatbotError

SIZES = st.integers(2, 120)
PARAMS = st.builds(
    SamplingParams,
    temperature=st.sampled_from([0.0, 1.0]) | st.floats(0.05, 2.0),
    top_p=st.just(1.0) | st.floats(0.01, 1.0),
    top_k=st.integers(0, 130),
    repetition_penalty=st.just(1.0) | st.floats(0.5, 2.0),
    min_p=st.just(0.0) | st.floats(0.01, 1.0),
    typical_p=st.just(1.0) | st.floats(0.01, 1.0),
)


@st.composite
def logits_and_said(draw: st.DrawFn) -> tuple[torch.Tensor, list[int]]:
    size = draw(SIZES)
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**32 - 1)))
    logits = torch.randn(size, generator=generator) * draw(st.floats(0.01, 12))
    if draw(st.booleans()):  # ties
        logits = logits.round()
    return logits, draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=20))


@settings(max_examples=150, deadline=None)
@given(logits_and_said(), PARAMS)
def test_probabilities_are_those_of_transformers(
    given_logits: tuple[torch.Tensor, list[int]], params: SamplingParams
) -> None:
    logits, said = given_logits
    found = distribution(logits, said, params)
    assert found.probabilities.sum().item() == pytest.approx(1)
    theirs = LogitsProcessorList()
    if params.repetition_penalty != 1:
        theirs.append(RepetitionPenaltyLogitsProcessor(float(params.repetition_penalty)))
    if not params.greedy:
        theirs.append(TemperatureLogitsWarper(float(params.temperature)))
        if params.top_k:
            theirs.append(TopKLogitsWarper(params.top_k))
        if params.top_p < 1:
            theirs.append(TopPLogitsWarper(float(params.top_p)))
        if params.min_p:
            theirs.append(MinPLogitsWarper(float(params.min_p)))
        if params.typical_p < 1:
            theirs.append(TypicalLogitsWarper(float(params.typical_p)))
    scores = theirs(torch.tensor([said]), logits.unsqueeze(0))[0]
    if params.greedy:
        assert scores[found.probabilities.argmax()] == scores.max()
        assert found.left == 1
        return
    wanted = torch.softmax(scores.double(), dim=-1)
    # Which of several equals top-p keeps depends on how many it sorts; their number does not.
    assert torch.allclose(found.probabilities.sort()[0], wanted.sort()[0], atol=1e-6)
    if len(set(logits.tolist())) == len(logits) and params.repetition_penalty == 1:
        assert torch.allclose(found.probabilities, wanted, atol=1e-6)


@settings(max_examples=150, deadline=None)
@given(logits_and_said(), PARAMS)
def test_the_picture_is_what_the_sampler_draws_from(
    given_logits: tuple[torch.Tensor, list[int]], params: SamplingParams
) -> None:
    logits, said = given_logits
    found = distribution(logits, said, params)
    chooser = Chooser(params, 1, tuple(said), 1)
    if params.greedy:
        assert chooser.choose(logits).id == int(found.probabilities.argmax())
        return
    ids, probabilities = chooser.distribution(logits.unsqueeze(0))
    assert torch.nonzero(found.probabilities)[:, 0].tolist() == ids[probabilities > 0].tolist()
    assert torch.allclose(found.probabilities[ids], probabilities, atol=1e-12)


@settings(max_examples=100, deadline=None)
@given(logits_and_said(), PARAMS, st.integers(1, 50))
def test_every_token_is_accounted_for(
    given_logits: tuple[torch.Tensor, list[int]], params: SamplingParams, count: int
) -> None:
    logits, said = given_logits
    found = distribution(logits, said, params)
    removed = torch.cat([s.removed for s in found.stages] or [torch.empty(0, dtype=torch.long)])
    assert len(removed) == len(set(removed.tolist()))  # each is removed once, by one setting
    assert len(removed) + (found.stages[-1].left if found.stages else len(logits)) == len(logits)
    assert 0 <= found.entropy <= math.log2(max(found.left, 1)) + 1e-6
    shown = top(found, count)
    assert len(shown.rows) + shown.rest.tokens == len(logits)
    total = sum(row.probability for row in shown.rows) + shown.rest.probability
    assert total == pytest.approx(1)
    for row in shown.rows:
        stage = row.removed_by
        if stage is None:
            assert row.probability == pytest.approx(float(found.probabilities[row.id]))
        else:
            assert row.id in found.stages[stage].removed.tolist()
            assert row.probability == 0


def of(logits: list[float], said: list[int] | None = None, **params: Any) -> Distribution:
    return distribution(torch.tensor(logits), said or [0], SamplingParams(**params))


def test_each_setting_by_hand() -> None:
    found = of(
        [4.0, 2.0, -1.0, 3.0],
        [0, 2],
        temperature=0.5,
        top_k=3,
        top_p=0.85,
        repetition_penalty=2.0,
    )
    assert [s.setting.name for s in found.stages] == [
        "Repetition penalty",
        "Temperature",
        "Top-k",
        "Top-p",
    ]
    assert found.stages[0].scores.tolist() == [2.0, 2.0, -2.0, 3.0]
    assert found.stages[1].scores.tolist() == [4.0, 4.0, -4.0, 6.0]
    assert found.stages[2].removed.tolist() == [2]
    assert found.stages[3].removed.numel() == 1  # 79 % and one of the two with 11 % reach 85 %
    rows = top(found).rows
    assert rows[0].id == 3
    assert rows[0].shares[2] == pytest.approx(1 / (1 + 2 * math.exp(-2) + math.exp(-10)))
    assert rows[-1].id == 2
    assert rows[-1].removed_by == 2
    assert top(found).cuts[2] == 3


def test_a_prompts_words_count_as_said() -> None:
    assert of([2.0, 2.0], [1], repetition_penalty=1.5, temperature=1.0).probabilities[1] < 0.5


def test_temperature_0_leaves_the_first_of_equals() -> None:
    found = of([1.0, 3.0, 3.0], temperature=0)
    assert found.probabilities.tolist() == [0, 1, 0]
    assert found.entropy == 0
    assert found.stages[-1].setting.name == "Temperature 0"


def test_of_equals_those_that_stay_come_first() -> None:
    found = of([1.0, 2.0, 2.0, 2.0, 2.0, 0.0], temperature=1.0, top_p=0.4, top_k=0)
    shown = top(found)
    stays = [row.removed_by is None for row in shown.rows]
    assert stays == sorted(stays, reverse=True)
    assert sum(stays) == 2
    assert shown.cuts == (2,)


def test_no_rows_move_when_temperature_or_a_cut_changes() -> None:
    logits = torch.randn(200, generator=torch.Generator().manual_seed(3))
    orders = {
        tuple(
            row.id for row in top(distribution(logits, [0], SamplingParams(t, top_p, top_k))).rows
        )
        for t, top_p, top_k in ((0.2, 1.0, 0), (2.0, 0.3, 5), (1.0, 0.9, 50), (0, 1.0, 0))
    }
    assert len(orders) == 1


def test_a_model_without_numbers_is_told_of() -> None:
    with pytest.raises(ChatbotError, match="no usable numbers"):
        of([math.nan, 1.0])


def test_a_whole_vocabulary_is_quick() -> None:
    """The aim is 50 ms; here only what no busy machine excuses."""
    logits = torch.randn(50_257, generator=torch.Generator().manual_seed(1)) * 3
    params = SamplingParams(repetition_penalty=1.2, top_p=0.95, top_k=0)
    took = []
    for _ in range(3):
        start = time.perf_counter()
        top(distribution(logits, list(range(100)), params))
        took.append(time.perf_counter() - start)
    assert min(took) < 0.5
