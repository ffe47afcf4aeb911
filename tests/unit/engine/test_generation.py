"""The worker and its answers: fairness, stops, ends, the window's edge, freeing the model."""

import gc
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from chatbot.engine import memory
from chatbot.engine.generation import Engine, Generation
from chatbot.engine.sampling import SamplingParams
from chatbot.errors import BadInput, ChatbotError, NotAvailable, OutOfResources
from chatbot.messages import Message, assistant, user

Take = Callable[[Generation], tuple[list[int], list[float]]]
Open = Callable[..., Engine]

LONG = SamplingParams(temperature=1.5, top_k=0, top_p=1.0, max_new_tokens=150, seed=1)
HELLO = [user("Hello! Who are you?")]


class Endless(torch.nn.Module):
    """Wraps a model: never lets it end, counts its steps, and can be held up or made to fail."""

    def __init__(self, engine: Engine, forbidden: frozenset[int]) -> None:
        super().__init__()
        self.inner = engine.loaded.model
        self.forbidden = sorted(forbidden)
        self.calls: list[tuple[int, int]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.error: BaseException | None = None
        self.poison = -1

    def __getattr__(self, name: str) -> object:
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(super().__getattr__("inner"), name)

    def forward(self, input_ids: torch.Tensor, **options: object) -> object:
        self.gate.wait(20)
        if self.error is not None and self.poison in input_ids[0]:
            raise self.error
        self.calls.append((int(input_ids.shape[1]), id(options["past_key_values"])))
        output = self.inner(input_ids=input_ids, **options)
        output.logits[..., self.forbidden] = -1e4
        return output


@pytest.fixture
def endless(tiny_gpt2: Path, open_engine: Open) -> tuple[Engine, Endless]:
    engine = open_engine(tiny_gpt2)
    model = Endless(engine, engine.render(HELLO, LONG).stop_ids)
    engine.loaded.model = model  # type: ignore[assignment]
    return engine, model


def read(generation: Generation) -> str:
    return "".join(chunk.text for chunk in generation)


def test_chunks_carry_tokens_probabilities_and_alternatives(
    tiny_model: Path, open_engine: Open
) -> None:
    engine = open_engine(tiny_model)
    generation = engine.stream(HELLO, SamplingParams(temperature=0, max_new_tokens=30))
    assert generation.receipt is None
    chunks = list(generation)
    assert "".join(chunk.text for chunk in chunks) == generation.text
    tokens = [token for chunk in chunks for token in chunk.tokens]
    for token in tokens:
        assert len(token.alternatives) == 5
        chances = [other.probability for other in token.alternatives]
        assert chances == sorted(chances, reverse=True)
        assert token.probability == pytest.approx(chances[0])
        assert token.id == token.alternatives[0].id
        assert sum(chances) <= 1.0001
    receipt = generation.receipt
    assert receipt is not None
    assert receipt.new_tokens == len(tokens)
    assert receipt.hash == engine.loaded.hash
    assert len(receipt.hash) == 12
    assert receipt.prompt_tokens == len(generation.prompt.ids)
    assert receipt.seconds_to_first > 0
    assert (receipt.device, receipt.dtype) == ("cpu", "float32")


def test_probabilities_are_the_models_own(tiny_model: Path, open_engine: Open) -> None:
    engine = open_engine(tiny_model)
    params = SamplingParams(temperature=0.3, top_k=3, repetition_penalty=1.5, max_new_tokens=8)
    generation = engine.stream(HELLO, params)
    tokens = [token for chunk in generation for token in chunk.tokens]
    ids = [*generation.prompt.ids, *(token.id for token in tokens)]
    with torch.no_grad():
        logits = engine.loaded.model(input_ids=torch.tensor([ids])).logits[0]
    start = len(generation.prompt.ids) - 1
    for place, token in enumerate(tokens, start=start):
        own = torch.softmax(logits[place], dim=-1)
        assert token.probability == pytest.approx(float(own[token.id]), rel=1e-3)


def test_everyone_gets_a_token_in_turn(endless: tuple[Engine, Endless]) -> None:
    engine, model = endless
    model.gate.clear()
    answers = [engine.stream(HELLO, LONG, conversation=str(n)) for n in range(3)]
    model.gate.set()
    for answer in answers:
        read(answer)
    decoding = [cache for size, cache in model.calls if size == 1]
    together = decoding[10:300]
    for start in range(0, len(together) - 3, 3):
        assert len(set(together[start : start + 3])) == 3


def test_a_long_prompt_holds_the_others_up_for_one_piece_only(
    endless: tuple[Engine, Endless], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "LARGEST_PIECE", 16)
    engine, model = endless
    first = engine.stream(HELLO, LONG)
    next(first)
    model.gate.clear()
    second = engine.stream([user("What do you like? " * 10)], LONG)
    model.calls.clear()
    model.gate.set()
    next(second)
    sizes = [size for size, _ in model.calls]
    longs = [index for index, size in enumerate(sizes) if size > 1]
    assert len(longs) >= 4
    assert max(sizes) <= 16
    gaps = [b - a for a, b in pairwise(longs)]
    assert min(gaps) >= 2  # a token of the first answer between any two pieces
    first.stop()
    second.stop()


def test_stop_is_personal(endless: tuple[Engine, Endless]) -> None:
    engine, _ = endless
    one, other = engine.stream(HELLO, LONG), engine.stream(HELLO, LONG)
    shown = next(one).text
    one.stop()
    shown += read(one)
    assert one.receipt is not None
    assert one.receipt.finish == "stopped"
    assert one.text == shown
    assert one.receipt.new_tokens < 150
    read(other)
    assert other.receipt is not None
    assert (other.receipt.finish, other.receipt.new_tokens) == ("length", 150)


def test_an_event_from_outside_stops(endless: tuple[Engine, Endless]) -> None:
    engine, _ = endless
    stop = threading.Event()
    generation = engine.stream(HELLO, LONG, stop=stop)
    next(generation)
    stop.set()
    read(generation)
    assert generation.receipt is not None
    assert generation.receipt.finish == "stopped"


def test_a_stop_before_the_first_token_gives_a_receipt(endless: tuple[Engine, Endless]) -> None:
    engine, _ = endless
    stop = threading.Event()
    stop.set()
    generation = engine.stream(HELLO, LONG, stop=stop)
    assert read(generation) == ""
    assert generation.receipt is not None
    assert generation.receipt.seconds_to_first == generation.receipt.new_tokens == 0


def test_a_dropped_answer_ends(endless: tuple[Engine, Endless]) -> None:
    engine, _ = endless
    generation = engine.stream(HELLO, LONG)
    next(generation)
    assert engine.active == 1
    del generation
    gc.collect()
    assert engine.wait_until_idle(10)
    assert engine.active == 0


def test_the_window_ends_an_answer_quietly(endless: tuple[Engine, Endless]) -> None:
    engine, _ = endless
    window = engine.loaded.window
    params = SamplingParams(temperature=1.0, max_new_tokens=2048, seed=1)
    generation = engine.stream(HELLO, params)
    read(generation)
    assert generation.receipt is not None
    assert generation.receipt.finish == "length"
    assert generation.receipt.prompt_tokens + generation.receipt.new_tokens == window


def test_a_conversation_far_longer_than_the_window(endless: tuple[Engine, Endless]) -> None:
    engine, _ = endless
    messages = [Message("system", "You like tea.")]
    for turn in range(12):
        messages.append(user(f"What do you like to read on evening {turn}?"))
        generation = engine.stream(
            messages, SamplingParams(max_new_tokens=40, seed=turn), conversation="long"
        )
        messages.append(assistant(read(generation)))
    assert generation.receipt is not None
    assert generation.receipt.left_out > 0
    assert generation.receipt.left_out % 2 == 0
    assert len(generation.prompt.ids) <= engine.loaded.window * 3 // 4
    text = engine.loaded.tokenizer.decode(generation.prompt.ids)
    assert text.startswith("<|im_start|>system\nYou like tea.")
    assert "evening 11" in text


def test_a_message_that_cannot_fit_is_refused(tiny_gpt2: Path, open_engine: Open) -> None:
    engine = open_engine(tiny_gpt2)
    with pytest.raises(BadInput, match="too long") as error:
        engine.stream([user("word " * 600)], SamplingParams())
    assert "fit" in str(error.value.value)
    with pytest.raises(BadInput, match="nothing to answer"):
        engine.stream([], SamplingParams())


def test_it_ends_at_the_models_end_token_and_at_role_marks(
    tiny_gpt2: Path, open_engine: Open
) -> None:
    engine = open_engine(tiny_gpt2)
    tokenizer = engine.loaded.tokenizer
    for mark in ("<|im_end|>", "<|im_start|>", "<|endoftext|>"):
        assert tokenizer.convert_tokens_to_ids(mark) in engine.render(HELLO, LONG).stop_ids
    params = SamplingParams(temperature=1.5, top_k=0, top_p=1.0, max_new_tokens=200)
    endings = set()
    for seed in range(12):
        generation = engine.stream(HELLO, SamplingParams(**{**vars(params), "seed": seed}))
        text = read(generation)
        assert "<|im_" not in text
        assert generation.receipt is not None
        endings.add(generation.receipt.finish)
    assert "end" in endings


def test_an_error_reaches_its_reader_and_nobody_else(endless: tuple[Engine, Endless]) -> None:
    engine, model = endless
    good = engine.stream(HELLO, LONG)
    next(good)
    model.poison = engine.loaded.tokenizer.encode("Z")[0]
    model.error = RuntimeError("broken")
    with pytest.raises(RuntimeError, match="broken"):
        read(engine.stream([user("Z Z Z")], LONG))
    model.error = MemoryError()
    with pytest.raises(OutOfResources, match="not enough memory"):
        read(engine.stream([user("Z Z Z")], LONG))
    good.stop()
    read(good)
    assert good.receipt is not None


def test_scores_that_are_no_numbers_are_explained(tiny_gpt2: Path, open_engine: Open) -> None:
    engine = open_engine(tiny_gpt2)
    with torch.no_grad():
        engine.loaded.model.get_input_embeddings().weight.fill_(float("nan"))  # type: ignore[union-attr,operator]
    with pytest.raises(ChatbotError, match="no usable numbers"):
        read(engine.stream(HELLO, LONG))


def test_close_ends_answers_and_frees_the_model(tiny_model: Path, open_engine: Open) -> None:
    engine = open_engine(tiny_model)
    model = weakref.ref(engine.loaded.model)
    weights = weakref.ref(next(iter(engine.loaded.model.parameters())))
    generation = engine.stream(HELLO, LONG, conversation="a")
    next(generation)
    engine.close()
    engine.close()
    with pytest.raises(NotAvailable, match="unloaded"):
        read(generation)
    with pytest.raises(NotAvailable):
        engine.stream(HELLO, LONG)
    with pytest.raises(NotAvailable):
        _ = engine.loaded
    gc.collect()
    assert model() is None
    assert weights() is None


def test_an_engine_that_nobody_holds_ends_its_thread(tiny_gpt2: Path) -> None:
    from chatbot.engine.loading import load

    engine = Engine(load(tiny_gpt2))
    worker = engine._worker
    assert worker.alive
    del engine
    gc.collect()
    deadline = time.monotonic() + 10
    while worker.alive and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not worker.alive


def test_a_stop_word_ends_the_answer_and_is_not_shown(tiny_model: Path, open_engine: Open) -> None:
    engine = open_engine(tiny_model)
    params = SamplingParams(temperature=1.0, seed=5, max_new_tokens=40)
    text = read(engine.stream(HELLO, params))
    stop = text[11:16]  # wherever the borders of tokens are
    answer = engine.stream(HELLO, replace(params, stop=("never said", stop)))
    assert read(answer) == text[: text.index(stop)]
    assert answer.receipt is not None
    assert answer.receipt.finish == "stop word"


def test_other_settings_count_from_the_next_token_and_the_receipt_tells(
    endless: tuple[Engine, Endless], take: Take
) -> None:
    engine, model = endless
    wild = replace(LONG, max_new_tokens=30)
    alone, _ = take(engine.stream(HELLO, wild))
    answer = engine.stream(HELLO, wild)
    first = next(answer)
    model.gate.clear()
    answer.adjust(replace(wild, temperature=0, seed=99))
    model.gate.set()
    ids = [token.id for token in first.tokens] + take(answer)[0]
    receipt = answer.receipt
    assert receipt is not None
    [change] = receipt.changes
    assert change.params.temperature == 0
    assert 1 <= change.after < 30
    assert (receipt.params, receipt.seed) == (wild, 1)
    assert ids[: change.after] == alone[: change.after]
    before = torch.tensor([[*answer.prompt.ids, *ids]])
    with torch.no_grad():
        best = model(input_ids=before, past_key_values=None).logits[0].argmax(dim=-1)
    start = len(answer.prompt.ids) - 1
    assert ids[change.after :] == best[start + change.after : -1].tolist()


def test_the_answer_grows_as_far_as_its_limit_is_raised(endless: tuple[Engine, Endless]) -> None:
    engine, model = endless
    answer = engine.stream(HELLO, replace(LONG, max_new_tokens=20))
    next(answer)
    model.gate.clear()
    answer.adjust(replace(LONG, max_new_tokens=60))
    model.gate.set()
    read(answer)
    assert answer.receipt is not None
    assert answer.receipt.new_tokens == 60


def test_the_same_settings_are_no_change(endless: tuple[Engine, Endless]) -> None:
    engine, _ = endless
    answer = engine.stream(HELLO, replace(LONG, max_new_tokens=20))
    answer.adjust(replace(LONG, max_new_tokens=20, seed=7))
    read(answer)
    assert answer.receipt is not None
    assert answer.receipt.changes == ()
