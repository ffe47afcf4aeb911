"""Proposals by a tiny real model, and the job that makes them in the background."""

import random
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from chatbot.engine import catalog
from chatbot.engine.device import Placement
from chatbot.engine.generation import Engine
from chatbot.engine.loading import load
from chatbot.engine.sampling import SamplingParams
from chatbot.engine_room import Choice, EngineRoom
from chatbot.errors import BadInput, NotAvailable
from chatbot.messages import Conversation, assistant, user
from chatbot.proposals import makers
from chatbot.proposals.job import Order, ProposalJob, was_taught
from chatbot.proposals.makers import (
    GRAMMAR,
    TRIES,
    Proposal,
    Watch,
    answer_as_bot,
    draft_conversations,
    other_ways_to_ask,
    questions_about,
)
from chatbot.providers import Provider, ProviderSettings
from tests.unit.provider_server import ANSWER, KEY, ProviderServer

PARAMS = SamplingParams(temperature=1.0, max_new_tokens=12, seed=3)
ROWS = (Conversation((user("Do you like tea?"), assistant("Very much."))),)


@pytest.fixture(scope="module")
def engine(tiny_gpt2: Path) -> Iterator[Engine]:
    made = Engine(load(tiny_gpt2, Placement("cpu", "float32", "for a test")))
    yield made
    made.close()


@pytest.fixture
def room(tiny_gpt2: Path) -> Iterator[EngineRoom]:
    made = EngineRoom(
        lambda choice: Engine(load(choice.model, Placement("cpu", "float32", "for a test")))
    )
    yield made
    made.close()


def order(model: object, **changes: object) -> Order:
    given = {"kind": "questions", "before": (user("Where are you from?"),), **changes}
    return Order(answering=Choice(str(model)), params=PARAMS, conversations=ROWS, **given)  # type: ignore[arg-type]


def until(reached: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_answers_come_again_with_their_seed_and_leave_the_global_state_alone(engine):
    state, numbers = random.getstate(), torch.random.get_rng_state()

    first = list(answer_as_bot(engine, [user("Who are you?")], PARAMS, 2))
    again = list(answer_as_bot(engine, [user("Who are you?")], PARAMS, 2))

    assert first == again
    assert all(made.seed is not None and made.source for made in first)
    assert len({made.texts for made in first}) == len(first)
    assert random.getstate() == state
    assert torch.equal(torch.random.get_rng_state(), numbers)


def test_an_answer_needs_a_question(engine):
    with pytest.raises(BadInput, match="no question"):
        list(answer_as_bot(engine, [assistant("Hi")], PARAMS))


def test_of_a_model_that_only_babbles_grammar_is_left_and_the_search_ends(engine):
    watch = Watch()

    found = list(other_ways_to_ask(engine, "Where are you from?", 3, seed=1, watch=watch))

    assert found[0] == Proposal(("Can you tell me where you are from?",), GRAMMAR)
    assert {made.source for made in found} == {GRAMMAR}
    assert len(found) == 3
    assert watch.tried == 3 * TRIES


def test_where_neither_has_more_to_say_fewer_are_found(engine, monkeypatch):
    monkeypatch.setattr(makers, "PATIENCE", 3)
    watch = Watch()

    found = list(other_ways_to_ask(engine, "Does he work?", 20, seed=1, watch=watch))

    assert 0 < len(found) < 20
    assert watch.tried == 3


def test_babble_gives_no_drafts(engine):
    assert list(draft_conversations(engine, "tea", [("Tea?", "Yes.")], 1, seed=1)) == []
    with pytest.raises(BadInput, match="topic"):
        list(questions_about(engine, " "))


def test_a_stop_set_before_lets_no_attempt_begin(engine):
    watch = Watch()
    watch.stop.set()

    assert list(answer_as_bot(engine, [user("Hi")], PARAMS, watch=watch)) == []
    assert watch.tried == 0


def test_a_job_brings_proposals_that_are_taken_once(room, tiny_gpt2, monkeypatch):
    monkeypatch.setattr(makers, "PATIENCE", 2)
    job = ProposalJob(room, order(tiny_gpt2))
    until(lambda: job.done)

    assert job.problem is None
    number = next(iter(job.proposals))
    assert job.take(number) is not None
    assert job.take(number) is None
    assert job.found > len(job.proposals)
    assert not job.order.conversations


def test_a_stopped_job_leaves_nothing_running_and_keeps_what_it_found(room, tiny_gpt2):
    job = ProposalJob(room, order(tiny_gpt2))
    until(lambda: job.found > 0)
    job.stop()
    until(lambda: job.done)

    assert job.problem is None
    assert job.proposals
    with room.lease(Choice(str(tiny_gpt2))) as loaded:
        assert loaded.wait_until_idle(30)


def test_a_missing_model_is_told_with_what_to_do(room, home):
    for kind in ("questions", "answer", "drafts"):
        job = ProposalJob(room, order("nowhere", kind=kind, topic="tea"))
        until(lambda job=job: job.done)
        assert "no such model" in str(job.problem)
        assert job.problem.remedy


def test_a_model_that_was_taught_a_persona_is_shown_no_examples(home, tiny_gpt2):
    shutil.copytree(tiny_gpt2, home / "models" / "runs" / "one" / "checkpoint-1")
    shutil.copytree(tiny_gpt2, home / "models" / "mine")

    assert was_taught(catalog.resolve("runs/one/checkpoint-1"))
    assert not was_taught(catalog.resolve("mine"))


def test_a_bigger_model_elsewhere_writes_where_it_is_chosen(tmp_path: Path) -> None:
    """And no model of this machine is loaded for it."""

    def load(choice: Choice) -> Engine:
        raise NotAvailable("There is no model today.")

    room = EngineRoom(load)
    with ProviderServer() as server:
        provider = Provider(ProviderSettings("own", server.address, "kind", KEY))
        before = (user("How is the sea?"),)
        job = ProposalJob(room, order(tmp_path, kind="answer", before=before, provider=provider))
        until(lambda: job.done)
        assert job.problem is None
        (found,) = job.proposals.values()
        assert found.texts == (ANSWER,)
        assert found.source == f"kind at {server.host}"
        sent = [message["content"] for message in server.asked[0].body["messages"]]
        assert sent == ["Do you like tea?", "Very much.", "How is the sea?"]

        broken = Provider(ProviderSettings("own", server.address, "bad", KEY))
        failed = ProposalJob(room, order(tmp_path, kind="drafts", topic="tea", provider=broken))
        until(lambda: failed.done)
        assert "The context is too long" in str(failed.problem)
    room.close()
