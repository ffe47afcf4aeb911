"""How many threads compute a token: what is quicker now, and never another answer."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from chatbot.engine import worker
from chatbot.engine.generation import Engine
from chatbot.engine.sampling import SamplingParams
from chatbot.engine.threads import LOOK_EVERY, Threads, limited, threads_for
from chatbot.messages import user

Open = Callable[..., Engine]
CPU = torch.device("cpu")


@pytest.fixture
def two_threads() -> Iterator[None]:
    """Tests have one thread elsewhere, as several of them run at once."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


class Machine:
    """A clock that a token moves on, by as much as its number of threads takes."""

    def __init__(self, seconds: dict[int, float]) -> None:
        self.seconds, self.now = seconds, 0.0
        self.threads = Threads(tuple(seconds), clock=lambda: self.now)

    def tokens(self, number: int) -> list[int]:
        """The threads of so many tokens."""
        taken = []
        for _ in range(number):
            with self.threads.token() as count:
                self.now += self.seconds[count]
            taken.append(count)
        return taken


def test_all_threads_where_they_are_quicker() -> None:
    machine = Machine({1: 0.030, 2: 0.021})

    assert machine.tokens(6) == [1, 1, 1, 2, 2, 2]
    assert machine.tokens(LOOK_EVERY + 1) == [2] * LOOK_EVERY + [1]
    assert machine.tokens(LOOK_EVERY + 1) == [2] * LOOK_EVERY + [1]


def test_a_neighbour_comes_and_goes() -> None:
    machine = Machine({1: 0.030, 2: 0.021})
    machine.tokens(10)
    machine.seconds[2] = 0.080

    assert machine.tokens(4) == [2, 2, 1, 1]
    machine.seconds[2] = 0.021
    late = machine.tokens(3 * LOOK_EVERY)
    assert late[:LOOK_EVERY].count(2) <= 1
    assert late[-LOOK_EVERY:].count(1) <= 1


def test_one_slow_token_is_a_hiccup() -> None:
    machine = Machine({1: 0.030, 2: 0.021})
    machine.tokens(6)
    machine.seconds[2] = 0.500
    machine.tokens(1)
    machine.seconds[2] = 0.021

    assert machine.tokens(5) == [2] * 5


@pytest.mark.usefixtures("two_threads")
def test_threads_are_those_of_the_caller_alone() -> None:
    elsewhere: list[int] = []
    with limited(1):
        assert torch.get_num_threads() == 1
        other = threading.Thread(target=lambda: elsewhere.append(torch.get_num_threads()))
        other.start()
        other.join()

    assert elsewhere == [2]
    assert torch.get_num_threads() == 2


@pytest.mark.usefixtures("two_threads")
def test_threads_that_come_to_other_scores_are_never_chosen() -> None:
    def the_same() -> torch.Tensor:
        return torch.tensor([1.0, 2.0])

    def by_threads() -> torch.Tensor:
        return torch.tensor([float(torch.get_num_threads())])

    def chosen(of_these: Threads) -> set[int]:
        found = set()
        for _ in range(2 * LOOK_EVERY):
            with of_these.token() as count:
                found.add(count)
        return found

    assert chosen(threads_for(the_same, CPU)) == {1, 2}
    assert chosen(threads_for(by_threads, CPU)) == {1}
    assert chosen(threads_for(by_threads, torch.device("meta"))) == {2}


@pytest.mark.usefixtures("two_threads")
def test_a_prompt_has_all_threads_and_its_answer_those_that_are_quickest(
    tiny_gpt2: Path, open_engine: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "threads_for", lambda *_: Threads((1, 2)))
    engine, used = open_engine(tiny_gpt2), []
    engine.loaded.model.register_forward_pre_hook(
        lambda _, __, given: used.append((given["input_ids"].shape[1], torch.get_num_threads())),
        with_kwargs=True,
    )
    for _ in engine.stream([user("Who are you?")], SamplingParams(max_new_tokens=20)):
        pass

    assert {count for length, count in used if length > 1} == {2}
    assert {count for length, count in used if length == 1} == {1, 2}


def test_what_is_computed_to_choose_is_no_padding(
    tiny_gpt2: Path, open_engine: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library warns of that, on the console too."""
    found: list[Callable[[], torch.Tensor]] = []
    monkeypatch.setattr(
        worker, "threads_for", lambda scores, _: found.append(scores) or Threads((1,))
    )
    engine, used = open_engine(tiny_gpt2), []
    for _ in engine.stream([user("Who are you?")], SamplingParams(max_new_tokens=1)):
        pass  # the worker has chosen by then
    model = engine.loaded.model
    model.register_forward_pre_hook(
        lambda _, __, given: used.append(int(given["input_ids"])), with_kwargs=True
    )
    with torch.inference_mode():
        for padding in (None, 0, 1):
            model.config.pad_token_id = padding
            found[0]()

    assert used[1] != 0
    assert used[2] != 1
