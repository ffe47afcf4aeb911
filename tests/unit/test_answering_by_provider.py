"""The bigger model's answers in a chat: as versions, saved as they grow, with no local model."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot import chat_tree
from chatbot.answering import Answering, Request
from chatbot.engine.generation import Engine
from chatbot.engine.sampling import SamplingParams
from chatbot.engine_room import Choice, EngineRoom
from chatbot.errors import NotAvailable
from chatbot.persona_text import PersonaText
from chatbot.providers import Provider, ProviderSettings
from chatbot.transcripts import Transcript, TranscriptStore, Turn, new_id
from tests.unit.provider_server import ANSWER, KEY, ProviderServer, texts, until
from tests.unit.test_answering import answered

PARAMS = SamplingParams(max_new_tokens=8, seed=1)


@pytest.fixture
def server() -> Iterator[ProviderServer]:
    with ProviderServer() as made:
        yield made


@pytest.fixture
def choice(home: Path, tiny_gpt2: Path) -> Choice:
    shutil.copytree(tiny_gpt2, home / "models" / "tiny")
    return Choice("tiny", "cpu", "float32")


@pytest.fixture
def answering(home: Path) -> Iterator[Answering]:
    def load(choice: Choice) -> Engine:
        raise NotAvailable("There is no model today.")

    room = EngineRoom(load)
    yield Answering(room, TranscriptStore())
    room.close()


def request(choice: Choice, server: ProviderServer, temper: str, key: str = KEY) -> Request:
    settings = ProviderSettings("own", server.address, temper, key)
    return Request(choice, PARAMS, Provider(settings), by_provider=True)


def chat(answering: Answering) -> str:
    """Two questions with their answers."""
    made = Transcript(
        new_id(),
        (Turn("Hi", "Ahoy", "done"), Turn("How is the sea?", "Wet", "done")),
        persona=PersonaText("You are a keeper."),
    )
    answering.transcripts.save(made)
    return made.id


def test_its_answer_is_another_version_with_its_receipt(
    answering: Answering, choice: Choice, server: ProviderServer
) -> None:
    name = chat(answering)
    last = answering.transcript(name).turns[-1].id
    answering.regenerate(name, request(choice, server, "kind"), last)
    now = answered(answering, name)
    turn = now.turns[-1]
    assert (turn.answer, turn.state, turn.tokens) == (ANSWER, "done", ())
    assert turn.receipt is not None
    assert turn.receipt["provider"] == f"kind at {server.host}"
    assert turn.receipt["finish"] == "end"
    assert len(chat_tree.answer_versions(now.tree, turn.id)) == 2
    sent = server.asked[0].body["messages"]
    assert texts(sent) == ["You are a keeper.", "Hi", "Ahoy", "How is the sea?"]
    again = Answering(answering.room, TranscriptStore()).transcript(name)
    assert again.turns[-1].answer == ANSWER
    kept = answering.transcripts.folder.rglob("*")
    assert not [path for path in kept if path.is_file() and KEY.encode() in path.read_bytes()]


def test_any_message_can_be_asked_and_what_follows_stays(
    answering: Answering, choice: Choice, server: ProviderServer
) -> None:
    name = chat(answering)
    first = answering.transcript(name).turns[0].id
    answering.regenerate(name, request(choice, server, "kind"), first)
    now = answered(answering, name)
    assert texts(server.asked[0].body["messages"]) == ["You are a keeper.", "Hi"]
    assert [turn.answer for turn in now.turns] == [ANSWER]
    assert [turn.answer for turn in now.undone().turns] == ["Ahoy", "Wet"]


@pytest.mark.parametrize(
    ("temper", "key", "says"),
    [("kind", "sk-wrong", "does not accept the key"), ("html", KEY, "not as a server")],
)
def test_a_failure_is_the_turns_sentence_and_the_old_answer_stays(
    answering: Answering, choice: Choice, server: ProviderServer, temper: str, key: str, says: str
) -> None:
    name = chat(answering)
    last = answering.transcript(name).turns[-1].id
    answering.regenerate(name, request(choice, server, temper, key), last)
    now = answered(answering, name)
    assert now.turns[-1].state == "failed"
    assert says in now.turns[-1].problem
    assert len(chat_tree.answer_versions(now.tree, now.turns[-1].id)) == 2


def test_what_came_before_a_break_is_kept(
    answering: Answering, choice: Choice, server: ProviderServer
) -> None:
    name = chat(answering)
    answering.regenerate(name, request(choice, server, "torn"))
    turn = answered(answering, name).turns[-1]
    assert (turn.answer, turn.state) == ("The sea ", "done")
    assert turn.receipt is not None
    assert turn.receipt["finish"] == "cut off"


def test_it_can_be_stopped(answering: Answering, choice: Choice, server: ProviderServer) -> None:
    name = chat(answering)
    answering.regenerate(name, request(choice, server, "waiting"))
    until(lambda: answering.transcript(name).turns[-1].answer == "The sea ")
    answering.adjust(name, request(choice, server, "waiting"))  # means nothing to it
    answering.stop(name)
    turn = answered(answering, name).turns[-1]
    assert (turn.answer, turn.state) == ("The sea ", "stopped")


def test_without_a_bigger_model_it_says_so(answering: Answering, choice: Choice) -> None:
    name = chat(answering)
    answering.regenerate(name, Request(choice, PARAMS, by_provider=True))
    assert "No bigger model is switched on" in answered(answering, name).turns[-1].problem
