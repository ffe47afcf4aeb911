"""The memory through `ChatBot` and `Answering`, with a tiny real model."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.answering import Answering, Request
from chatbot.chat_bot import ChatBot
from chatbot.engine.sampling import SamplingParams
from chatbot.engine_room import Choice, EngineRoom
from chatbot.memory import Memory, MemoryService, room
from chatbot.messages import user
from chatbot.transcripts import Transcript, TranscriptStore, new_id
from tests.unit.test_answering import answered

SHORT = SamplingParams(max_new_tokens=4, seed=1)
ANNA, EVE = "1" * 32, "2" * 32


@pytest.fixture
def reads_notes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tiny model counts as one that can use what it is told."""
    monkeypatch.setattr(room, "SMALLEST_READER", 0)


@pytest.fixture
def bot(home: Path, tiny_gpt2: Path) -> Iterator[ChatBot]:
    bot = ChatBot(tiny_gpt2, params=SHORT, services=[MemoryService()])
    yield bot
    bot.close()


@pytest.fixture
def choice(home: Path, tiny_gpt2: Path) -> Choice:
    shutil.copytree(tiny_gpt2, home / "models" / "tiny")
    return Choice("tiny", "cpu", "float32")


@pytest.fixture
def answering(home: Path) -> Iterator[Answering]:
    engine_room = EngineRoom()
    yield Answering(engine_room, TranscriptStore())
    engine_room.close()


def ask(
    answering: Answering, chat: str, choice: Choice, *questions: str, asker: str = ANNA
) -> Transcript:
    for question in questions:
        answering.ask(chat, question, Request(choice, SHORT, asker=asker), asker)
    return answered(answering, chat)


@pytest.mark.usefixtures("reads_notes")
def test_the_model_is_told_and_the_reading_is_kept(bot: ChatBot) -> None:
    bot.get_response("My name is Al")
    list(reply := bot.stream("Hello!"))
    assert reply.told is not None
    assert reply.told.facts == 1
    assert "Al" in reply.told.messages[0].text
    assert bot.messages[-2] == user("Hello!")  # what is told is no part of the conversation
    assert bot.engine.wait_until_idle(20)
    list(bot.stream("Go on."))
    receipt = bot.last_receipt
    assert getattr(receipt, "cached_tokens", 0) > 0


@pytest.mark.usefixtures("reads_notes")
def test_a_long_conversation_counts_what_was_left_out(bot: ChatBot) -> None:
    bot.get_response("My name is Al")
    for number in range(12):
        bot.get_response(f"My cousin number {number} keeps bees.")
    list(reply := bot.stream("Who am I to you?"))
    assert reply.told is not None
    assert reply.told.facts == 1
    assert reply.told.left_out > 0
    assert getattr(bot.last_receipt, "left_out", 0) >= reply.told.left_out


def test_a_model_too_small_for_notes_reads_none(bot: ChatBot) -> None:
    bot.get_response("My name is Al")
    list(reply := bot.stream("Hello!"))
    assert reply.told is not None
    assert not reply.told.anything
    assert bot.get_response("What is my name?") == "Your name is Al."


@pytest.mark.usefixtures("reads_notes")
def test_without_the_service_nothing_is_remembered(home: Path, tiny_gpt2: Path) -> None:
    bot = ChatBot(tiny_gpt2, params=SHORT, services=[])
    try:
        list(reply := bot.stream("My name is Al"))
        assert reply.told is not None
        assert not reply.told.anything
        assert bot.get_response("What is my name?") != "Your name is Al."
    finally:
        bot.close()


@pytest.mark.usefixtures("reads_notes")
def test_the_receipt_tells_what_was_added(answering: Answering, choice: Choice) -> None:
    chat = new_id()
    turns = ask(answering, chat, choice, "My name is Al", "Hello!").turns
    assert turns[0].receipt is not None
    assert turns[0].receipt["service"] == "memory"
    assert turns[1].receipt is not None
    assert turns[1].receipt["memory"] == {"facts": 1, "gist": 0, "recalled": []}


def test_off_by_the_switch(answering: Answering, choice: Choice) -> None:
    chat = new_id()
    answering.set_without(chat, frozenset({"memory"}), ANNA)
    turns = ask(answering, chat, choice, "remember that I like tea").turns
    assert turns[0].receipt is not None
    assert "service" not in turns[0].receipt
    answering.set_without(chat, frozenset())  # what was said meanwhile was said
    assert (
        "I like tea" in ask(answering, chat, choice, "What do you know about me?").turns[1].answer
    )


def test_kept_for_the_next_chat_after_a_restart_and_for_nobody_else(
    answering: Answering, choice: Choice
) -> None:
    first = new_id()
    told = ask(answering, first, choice, "My name is Al")
    Memory().keep(first, ANNA, told.messages(), on=True)
    later = Answering(answering.room, TranscriptStore())
    chat = new_id()
    assert ask(later, chat, choice, "What do you know about me?").turns[0].answer == (
        "Your name is Al."
    )
    stranger = ask(later, new_id(), choice, "What do you know about me?", asker=EVE)
    assert stranger.turns[0].answer.startswith("Nothing yet.")
    # Whoever knows the address of a chat does not learn what is kept for its owner.
    guest = ask(later, chat, choice, "What do you know about me?", asker=EVE)
    assert guest.turns[-1].answer.startswith("Nothing yet.")


def test_another_version_of_a_message_tells_something_else(
    answering: Answering, choice: Choice
) -> None:
    chat = new_id()
    turns = ask(answering, chat, choice, "My name is Al").turns
    answering.ask_otherwise(chat, turns[0].id, "My name is Bo", Request(choice, SHORT))
    answered(answering, chat)
    assert ask(answering, chat, choice, "What is my name?").turns[1].answer == "Your name is Bo."
    answering.change(chat, Transcript.undone)
    answering.change(chat, Transcript.undone)
    assert ask(answering, chat, choice, "What is my name?").turns[1].answer == "Your name is Al."
