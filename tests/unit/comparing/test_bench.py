"""Several models at once: whose answer it is, how long they stay, what goes wrong beside them."""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chatbot.comparing import capacity
from chatbot.comparing.bench import Bench
from chatbot.comparing.columns import Column
from chatbot.engine.device import Placement
from chatbot.engine.generation import Engine
from chatbot.engine.loading import load
from chatbot.engine.sampling import SamplingParams
from chatbot.engine_room import Choice, EngineRoom
from chatbot.errors import BadInput
from chatbot.messages import user
from chatbot.providers import Provider, ProviderReceipt, ProviderSettings
from tests.unit.provider_server import ANSWER, KEY, ProviderServer

SHORT = SamplingParams(max_new_tokens=12, seed=5)
BASE, TUNED, OTHER = (Choice(name, "cpu", "float32") for name in ("base", "tuned", "other"))
PROMPTS = ("Who are you?", "Tell me a joke.")
StartBench = Callable[..., Bench]


@pytest.fixture
def start(room: EngineRoom, models: Path) -> Iterator[StartBench]:
    begun: list[Bench] = []

    def begin(*choices: Choice, prompts: tuple[str, ...] = PROMPTS, **more: Any) -> Bench:
        params = more.pop("params", SHORT)
        columns = [Column(choice, params) for choice in choices]
        begun.append(Bench(room, columns, prompts, **more))
        return begun[-1]

    yield begin
    for bench in begun:
        bench.close()


def alone(choice: Choice, prompt: str) -> tuple[str, str]:
    """(answer, hash) of a model that nobody else has touched."""
    engine = Engine(load(choice.model, Placement("cpu", "float32", "alone")))
    try:
        return "".join(c.text for c in engine.stream([user(prompt)], SHORT)), engine.loaded.hash
    finally:
        engine.close()


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "this never happened"
        time.sleep(0.005)


@pytest.mark.parametrize("together", [True, False])
def test_each_column_is_answered_by_its_own_weights(start: StartBench, together: bool) -> None:
    """The base beside its own adapter: token for token what each says alone."""
    bench = start(BASE, TUNED, OTHER, free=lambda choice: 10**12 if together else 0)
    assert bench.wait(60)
    assert bench.plan is not None
    assert bench.plan.together is together
    for index, choice in enumerate((BASE, TUNED, OTHER)):
        for number, prompt in enumerate(PROMPTS):
            cell = bench.cell(number, index)
            assert cell.receipt is not None
            assert (cell.text, cell.receipt.hash) == alone(choice, prompt)
    assert bench.cell(0, 0).text != bench.cell(0, 1).text
    assert len({bench.cell(0, index).receipt.hash for index in range(3)}) == 3  # type: ignore[union-attr]


def test_the_models_stay_while_the_page_looks_and_go_when_it_is_left(
    start: StartBench, room: EngineRoom
) -> None:
    left = start(BASE, TUNED, kept=600)
    assert left.wait(60)
    assert [room.status(choice).state for choice in (BASE, TUNED)] == ["ready", "ready"]
    left.close()
    until(lambda: not left.holding)
    forgotten = start(BASE, TUNED, kept=0.05)
    until(lambda: not forgotten.holding)
    states = [room.status(choice).state for choice in (BASE, TUNED)]
    assert sorted(states) == ["absent", "ready"]  # one at rest, as everywhere


def test_models_that_take_turns_are_never_in_memory_together(
    start: StartBench, room: EngineRoom
) -> None:
    bench = start(BASE, OTHER, free=lambda choice: 0)
    until(lambda: bench.cell(0, 1).state == "done")
    assert room.status(BASE).state == "absent"


def test_one_model_with_two_settings_is_one_model(start: StartBench) -> None:
    bench = start(BASE, BASE)
    assert bench.wait(60)
    assert bench.plan is not None
    assert bench.plan.groups == ((BASE,),)
    assert bench.cell(0, 0).text == bench.cell(0, 1).text


def test_a_checkpoint_that_was_deleted_leaves_the_others_their_answers(
    start: StartBench, models: Path
) -> None:
    shutil.rmtree(models / "other")
    bench = start(BASE, OTHER)
    assert bench.wait(60)
    assert bench.cell(1, 0).state == "done"
    assert bench.cell(1, 1).state == "failed"
    assert "no such model" in bench.cell(1, 1).problem


def test_a_prompt_longer_than_the_window_fails_alone(start: StartBench) -> None:
    bench = start(BASE, prompts=("word " * 400, "Hi"))
    assert bench.wait(60)
    assert "too long" in bench.cell(0, 0).problem
    assert bench.cell(1, 0).state == "done"


def test_stopped_answers_keep_what_came(start: StartBench) -> None:
    bench = start(BASE, params=SamplingParams(max_new_tokens=200, seed=1), prompts=("a", "b", "c"))
    until(lambda: bool(bench.cell(0, 0).text))
    bench.stop()
    assert bench.wait(20)
    assert bench.cell(2, 0).state == "stopped"


def test_the_judge_gives_perplexities(start: StartBench) -> None:
    bench = start(OTHER, judge=BASE, prompts=("🙂🙂",))
    assert bench.wait(60)
    found = bench.cell(0, 0).perplexity
    assert found is not None
    assert found > 1


def test_nothing_to_ask_is_said(room: EngineRoom) -> None:
    for prompts in ([], [" "], ["\x00\x07"], ["x" * 1_000_000]):
        with pytest.raises(BadInput):
            Bench(room, [Column(BASE, SHORT)], prompts)


def test_memory_decides_who_is_together(models: Path) -> None:
    numbers = capacity.weight_bytes(BASE) // 4
    assert numbers > 20_000
    assert capacity.weight_bytes(TUNED) == 4 * numbers
    assert capacity.weight_bytes(Choice("base", "cpu", "bfloat16")) == 2 * numbers
    needed = 2 * 4 * numbers
    assert capacity.plan([BASE, TUNED], free=lambda _: 2 * needed).together
    assert not capacity.plan([BASE, TUNED], free=lambda _: needed).together
    loaded = capacity.plan([BASE, TUNED], free=lambda _: needed, here=lambda c: c == BASE)
    assert loaded.together


def test_a_column_from_elsewhere_answers_beside_the_local_ones(
    room: EngineRoom, models: Path
) -> None:
    with ProviderServer() as server:
        elsewhere = Provider(ProviderSettings("own", server.address, "kind", KEY))
        columns = [Column(BASE, SHORT), Column(Choice(elsewhere.name), SHORT, elsewhere)]
        bench = Bench(room, columns, PROMPTS)
        try:
            assert bench.wait(60)
            assert bench.plan is not None
            assert bench.plan.groups == ((BASE,),)  # nothing is loaded for it
            for number, prompt in enumerate(PROMPTS):
                assert bench.cell(number, 0).receipt is not None
                cell = bench.cell(number, 1)
                assert (cell.state, cell.text) == ("done", ANSWER)
                assert isinstance(cell.receipt, ProviderReceipt)
                assert server.asked[number].body["messages"] == [user(prompt).to_chat()]
        finally:
            bench.close()


def test_providers_alone_need_no_model_and_their_failure_is_their_own(room: EngineRoom) -> None:
    with ProviderServer() as server:
        made = [
            Provider(ProviderSettings("own", server.address, temper, KEY))
            for temper in ("kind", "bad")
        ]
        bench = Bench(room, [Column(Choice(each.name), SHORT, each) for each in made], PROMPTS)
        try:
            assert bench.wait(60)
            assert [bench.cell(0, index).state for index in (0, 1)] == ["done", "failed"]
            assert "The context is too long" in bench.cell(0, 1).problem
            assert bench.plan is not None
            assert bench.plan.together
        finally:
            bench.close()
