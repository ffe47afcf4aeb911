"""The lab's scores are those of the answer's first token, and are computed once."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from chatbot.engine.distribution import distribution
from chatbot.engine.generation import Engine, Generation
from chatbot.engine.next_scores import ScoresMemory, question_of
from chatbot.engine.sampling import SamplingParams
from chatbot.errors import BadInput
from chatbot.messages import assistant, user

OpenEngine = Callable[..., Engine]
Take = Callable[[Generation], tuple[list[int], list[float]]]
HELLO = [user("Hello! Who are you?"), assistant("A lighthouse keeper."), user("Really?")]


def test_the_first_token_of_the_answer_is_foretold(
    open_engine: OpenEngine, tiny_model: Path, take: Take
) -> None:
    engine = open_engine(tiny_model)
    memory = ScoresMemory()
    for params in (
        SamplingParams(temperature=0, max_new_tokens=4),
        SamplingParams(temperature=0, max_new_tokens=4, repetition_penalty=1.8),
    ):
        known = memory.ask(engine, HELLO, params)
        found = distribution(known.logits, known.prompt.ids, params)
        ids, own = take(engine.stream(HELLO, params))
        assert ids[0] == int(found.probabilities.argmax())
        assert own[0] == pytest.approx(float(found.own[ids[0]]), abs=1e-6)
    assert memory.passes == 1


def test_sampled_answers_begin_with_a_token_that_was_left(
    open_engine: OpenEngine, tiny_gpt2: Path, take: Take
) -> None:
    engine = open_engine(tiny_gpt2)
    params = SamplingParams(temperature=1.5, top_k=4, top_p=0.9, max_new_tokens=2)
    known = ScoresMemory().ask(engine, HELLO, params)
    left = torch.nonzero(distribution(known.logits, known.prompt.ids, params).probabilities)
    began = set()
    for seed in range(12):
        ids, _ = take(
            engine.stream(HELLO, SamplingParams(1.5, 0.9, 4, max_new_tokens=2, seed=seed))
        )
        began |= set(ids[:1])
    assert began <= {*left[:, 0].tolist()} | engine.render(HELLO, params).stop_ids


def test_only_another_prompt_is_read(open_engine: OpenEngine, tiny_gpt2: Path) -> None:
    engine = open_engine(tiny_gpt2)
    memory = ScoresMemory()
    first = memory.ask(engine, HELLO, SamplingParams())
    for params in (SamplingParams(temperature=2), SamplingParams(max_new_tokens=8)):
        assert memory.ask(engine, HELLO, params).logits is first.logits
    assert memory.passes == 1
    memory.ask(engine, HELLO[-1:], SamplingParams())
    assert memory.passes == 2


def test_the_memory_is_bounded(open_engine: OpenEngine, tiny_gpt2: Path) -> None:
    engine = open_engine(tiny_gpt2)
    memory = ScoresMemory(most=2)
    params = SamplingParams()
    for text in ("one", "two", "three"):
        memory.ask(engine, [user(text)], params)
    assert len(memory) == 2
    assert memory.look(question_of(engine.loaded.hash, (), [user("one")], params)) is None
    assert memory.look(question_of(engine.loaded.hash, (), [user("three")], params)) is not None


@pytest.mark.parametrize("text", ["\U0001f600\U0001f44b\U0001f3fd", "\x00\x07\x1b", "a\u202eb"])
def test_odd_prompts_are_read(open_engine: OpenEngine, tiny_gpt2: Path, text: str) -> None:
    known = ScoresMemory().ask(open_engine(tiny_gpt2), [user(text)], SamplingParams())
    assert torch.isfinite(known.logits).all()


def test_a_prompt_beyond_the_window_is_told_of(open_engine: OpenEngine, tiny_gpt2: Path) -> None:
    memory = ScoresMemory()
    with pytest.raises(BadInput, match="too long"):
        memory.ask(open_engine(tiny_gpt2), [user("tea " * 1000)], SamplingParams())
    assert len(memory) == 0
