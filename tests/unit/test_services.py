"""The seam between a conversation and its services, with a small service that really counts."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.answering import Answering, Request
from chatbot.chat_bot import ChatBot
from chatbot.engine.generation import Engine
from chatbot.engine.sampling import SamplingParams
from chatbot.engine_room import Choice, EngineRoom
from chatbot.errors import NotAvailable
from chatbot.messages import assistant, user
from chatbot.services import ServiceAnswer, ServiceReceipt, Situation, said
from chatbot.transcripts import TranscriptStore, new_id
from tests.unit.test_answering import answered

SHORT = SamplingParams(max_new_tokens=4, seed=1)


class Counter:
    """Answers "count" with the next number; what it said last is in its receipt."""

    name = "counter"

    def answer(self, situation: Situation) -> ServiceAnswer | None:
        if situation.text != "count":
            return None
        number = int((situation.last(self.name) or {}).get("at", 0)) + 1
        return said(self.name, str(number), "counting", situation, state={"at": number})


@pytest.fixture
def choice(home: Path, tiny_gpt2: Path) -> Choice:
    shutil.copytree(tiny_gpt2, home / "models" / "tiny")
    return Choice("tiny", "cpu", "float32")


@pytest.fixture
def no_model() -> EngineRoom:
    """A room that never brings one: what is answered here is answered without."""

    def load(choice: Choice) -> Engine:
        raise NotAvailable("There is no model today.")

    return EngineRoom(load)


@pytest.fixture
def answering(home: Path, no_model: EngineRoom) -> Iterator[Answering]:
    yield Answering(no_model, TranscriptStore(), services=[Counter()])
    no_model.close()


def ask(answering: Answering, chat: str, choice: Choice, *questions: str) -> list[str]:
    for question in questions:
        answering.ask(chat, question, Request(choice, SHORT))
    return [turn.answer or turn.problem for turn in answered(answering, chat).turns]


def test_a_service_goes_on_where_it_was_without_any_model(
    answering: Answering, choice: Choice
) -> None:
    assert ask(answering, new_id(), choice, "count", "count", "count") == ["1", "2", "3"]


def test_what_is_nobodys_business_is_the_models(answering: Answering, choice: Choice) -> None:
    answers = ask(answering, new_id(), choice, "hello", "count")
    assert "There is no model today." in answers[0]
    assert answers[1] == "1"


def test_the_state_is_on_disk_and_survives_a_restart(
    answering: Answering, choice: Choice, no_model: EngineRoom
) -> None:
    chat = new_id()
    ask(answering, chat, choice, "count")
    again = Answering(no_model, TranscriptStore(), services=[Counter()])
    assert ask(again, chat, choice, "count") == ["1", "2"]


def test_another_version_begins_where_the_first_one_began(
    answering: Answering, choice: Choice
) -> None:
    chat = new_id()
    ask(answering, chat, choice, "count", "count")
    answering.regenerate(chat, Request(choice, SHORT))
    assert [turn.answer for turn in answered(answering, chat).turns] == ["1", "2"]


def test_a_chat_can_do_without_a_service(answering: Answering, choice: Choice) -> None:
    chat = new_id()
    answering.set_without(chat, frozenset({"counter"}))
    assert "There is no model today." in ask(answering, chat, choice, "count")[0]
    answering.set_without(chat, frozenset())
    assert ask(answering, chat, choice, "count")[1] == "1"


def test_a_bot_keeps_the_receipts_beside_its_messages(tiny_gpt2: Path) -> None:
    bot = ChatBot(tiny_gpt2, params=SHORT, services=[Counter()])
    try:
        assert [bot.get_response("count") for _ in range(2)] == ["1", "2"]
        assert bot.get_response("Hello!")
        assert bot.get_response("count") == "1"  # the model came in between
        assert len(bot.receipts) == 4
        bot.reset()
        assert bot.get_response("count") == "1"
        assert bot.messages == [user("count"), assistant("1")]
    finally:
        bot.close()


def test_an_answer_of_a_service_can_be_stopped() -> None:
    stop = threading.Event()

    def receipt(seconds: float, finish: object) -> ServiceReceipt:
        return ServiceReceipt("slow", "a test", finish=finish)  # type: ignore[arg-type]

    answer = ServiceAnswer(["one ", "two ", "three"], receipt, stop)
    assert next(answer).text == "one "
    answer.stop()
    assert list(answer) == []
    assert answer.text == "one "
    assert answer.receipt is not None
    assert answer.receipt.finish == "stopped"
