"""A seed gives the same answer to the letter, whatever else runs and whatever is remembered."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from chatbot.engine import memory
from chatbot.engine.generation import Engine, Generation
from chatbot.engine.sampling import SamplingParams
from chatbot.messages import Message, assistant, user

Answer = tuple[list[int], list[float]]
Take = Callable[[Generation], Answer]
Open = Callable[..., Engine]

PARAMS = SamplingParams(temperature=1.1, top_k=0, top_p=1.0, max_new_tokens=12, seed=11)
QUESTIONS = ["Who are you?", "What do you like?", "Tell me a joke, please.", "Good night!"]


def talk(engine: Engine, take: Take, key: str, *, idle: bool = True) -> list[Answer]:
    """Four turns of a conversation; `idle` lets the worker read each answer in between."""
    messages = [Message("system", "You are a lighthouse keeper.")]
    answers = []
    for question in QUESTIONS:
        messages.append(user(question))
        generation = engine.stream(messages, PARAMS, conversation=key)
        answers.append(take(generation))
        messages.append(assistant(generation.text or "..."))
        if idle:
            assert engine.wait_until_idle(20)
    return answers


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_warm_cold_evicted_and_restarted_are_the_same(
    tiny_model: Path,
    open_engine: Open,
    take: Take,
    dtype: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = open_engine(tiny_model, dtype)
    cold = talk(engine, take, "")
    assert talk(engine, take, "warm") == cold
    assert talk(engine, take, "hasty", idle=False) == cold
    monkeypatch.setattr(memory, "MOST_TOKENS", 0)
    assert talk(engine, take, "evicted") == cold
    monkeypatch.undo()
    assert talk(open_engine(tiny_model, dtype), take, "restarted") == cold
    assert len({tuple(ids) for ids, _ in cold}) > 1


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_others_change_nothing(tiny_model: Path, open_engine: Open, take: Take, dtype: str) -> None:
    engine = open_engine(tiny_model, dtype)
    alone = talk(engine, take, "")
    results: dict[str, list[Answer]] = {}

    def run(key: str) -> None:
        results[key] = talk(engine, take, key, idle=False)

    threads = [threading.Thread(target=run, args=(f"chat {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert list(results.values()) == [alone] * 4


def test_the_cache_is_used(tiny_model: Path, open_engine: Open, take: Take) -> None:
    engine = open_engine(tiny_model)
    first = engine.stream([user("Who are you?")], PARAMS, conversation="a")
    take(first)
    assert first.text
    assert engine.wait_until_idle(20)
    second = engine.stream(
        [user("Who are you?"), assistant(first.text), user("Why?")], PARAMS, conversation="a"
    )
    take(second)
    assert first.receipt is not None
    assert second.receipt is not None
    assert first.receipt.cached_tokens == 0
    prompt = second.prompt
    assert second.receipt.cached_tokens == prompt.borders[-2] > len(first.prompt.ids)


def test_a_changed_history_is_read_anew(tiny_model: Path, open_engine: Open, take: Take) -> None:
    engine = open_engine(tiny_model)
    edited = [user("Who are you?"), assistant("A gull."), user("Why?")]
    cold = take(engine.stream(edited, PARAMS))
    take(engine.stream([user("Who are you?")], PARAMS, conversation="a"))
    assert engine.wait_until_idle(20)
    assert take(engine.stream(edited, PARAMS, conversation="a")) == cold


def test_long_messages_are_read_in_fixed_pieces(
    tiny_model: Path, open_engine: Open, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "LARGEST_PIECE", 16)
    engine = open_engine(tiny_model, "bfloat16")
    messages = [user("What do you like to read on a quiet evening? " * 3)]
    cold = take(engine.stream(messages, PARAMS))
    assert take(engine.stream(messages, PARAMS, conversation="a")) == cold
    again = engine.stream(messages, PARAMS, conversation="a")
    assert take(again) == cold
    assert again.receipt is not None
    assert 0 < again.receipt.cached_tokens == (len(again.prompt.ids) - 1) // 16 * 16


def test_the_global_random_state_is_not_touched(
    tiny_model: Path, open_engine: Open, take: Take
) -> None:
    engine = open_engine(tiny_model)
    before = torch.get_rng_state()
    take(engine.stream([user("Hello!")], PARAMS))
    take(engine.stream([user("Hello!")], SamplingParams(max_new_tokens=5)))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_fresh_seed_is_reported_and_makes_the_answer_again(
    tiny_model: Path, open_engine: Open, take: Take
) -> None:
    engine = open_engine(tiny_model)
    free = SamplingParams(temperature=1.5, top_k=0, top_p=1.0, max_new_tokens=20)
    first, second = (engine.stream([user("Hello!")], free) for _ in range(2))
    answers = [take(first), take(second)]
    assert first.receipt is not None
    assert second.receipt is not None
    assert first.receipt.seed != second.receipt.seed
    assert answers[0] != answers[1]
    seeded = SamplingParams(
        temperature=1.5, top_k=0, top_p=1.0, max_new_tokens=20, seed=first.receipt.seed
    )
    assert take(engine.stream([user("Hello!")], seeded)) == answers[0]
