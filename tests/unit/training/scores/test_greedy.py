"""Many answers at once are those that each question gets alone."""

from pathlib import Path

import pytest
import torch

from chatbot.engine.device import Placement
from chatbot.engine.generation import Engine
from chatbot.engine.loading import LoadedModel, load
from chatbot.engine.sampling import SamplingParams
from chatbot.messages import Message, assistant, user
from chatbot.training.scores import greedy

FLOAT32 = Placement("cpu", "float32", "for a test: no near-ties that rounding could decide")
QUESTIONS = [
    [user("Who are you?")],
    [user("What do you like to read on a quiet evening, when the rain is at the window?")],
    [Message("system", "You are a gull."), user("Hi")],
    [user("Tell me a joke"), assistant("Why did the gull bring a suitcase?"), user("Why?")],
    *([user(f"Question {n}" + ", please" * (n % 5))] for n in range(greedy.AT_ONCE)),
]


@pytest.fixture(params=["tiny_gpt2", "tiny_llama"])
def loaded(request: pytest.FixtureRequest) -> LoadedModel:
    folder: Path = request.getfixturevalue(request.param)
    return load(folder, FLOAT32)


def test_as_the_chat_answers_when_it_takes_the_likeliest_word(loaded: LoadedModel) -> None:
    found = greedy.answers(loaded, QUESTIONS, longest=12)
    engine = Engine(loaded)
    params = SamplingParams(
        temperature=0.0, top_p=1.0, top_k=0, repetition_penalty=1.0, max_new_tokens=12, seed=1
    )
    try:
        alone = ["".join(c.text for c in engine.stream(q, params)).strip() for q in QUESTIONS]
    finally:
        engine.close()
    assert found == [answer.rstrip("\ufffd").strip() for answer in alone]
    assert len(set(found)) > 3  # not all the same, else the order would not be tested


def test_the_global_random_state_is_left_alone(loaded: LoadedModel) -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    greedy.answers(loaded, QUESTIONS[:3], longest=4)
    assert torch.equal(torch.get_rng_state(), before)


def test_an_answer_ends_where_the_model_ends_it(loaded: LoadedModel) -> None:
    long = greedy.answers(loaded, QUESTIONS, longest=24)
    short = greedy.answers(loaded, QUESTIONS, longest=3)
    for many, few in zip(long, short, strict=True):
        assert many.startswith(few)


def test_a_question_that_does_not_fit_is_answered_by_nothing(loaded: LoadedModel) -> None:
    found = greedy.answers(loaded, [[user("word " * 500)], QUESTIONS[0]], longest=4)
    assert found[0] == ""
    assert found[1] == greedy.answers(loaded, [QUESTIONS[0]], longest=4)[0]
    assert greedy.answers(loaded, []) == []


def test_progress_is_told_and_a_stop_is_obeyed(loaded: LoadedModel) -> None:
    told: list[int] = []
    greedy.answers(loaded, QUESTIONS, longest=2, told=told.append)
    assert told == [greedy.AT_ONCE, len(QUESTIONS)]
    looked: list[int] = []

    def stopped() -> bool:
        looked.append(1)
        return len(looked) > 2

    with pytest.raises(greedy.StoppedError):
        greedy.answers(loaded, QUESTIONS, longest=8, stopped=stopped)
    assert len(looked) == 3
