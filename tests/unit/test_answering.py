"""Answers that outlive the page, made by a tiny real model."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatbot.answering import LONGEST_QUESTION, Answering, Request
from chatbot.engine.generation import Engine
from chatbot.engine.sampling import SamplingParams
from chatbot.engine_room import Choice, EngineRoom, load_engine
from chatbot.errors import BadInput, ChatbotError, Conflict, OutOfResources
from chatbot.transcripts import Transcript, TranscriptStore, new_id

SHORT = SamplingParams(max_new_tokens=8, seed=1)
LONG = SamplingParams(max_new_tokens=200, seed=1)


@pytest.fixture
def choice(home: Path, tiny_gpt2: Path) -> Choice:
    shutil.copytree(tiny_gpt2, home / "models" / "tiny")
    return Choice("tiny", "cpu", "float32")


@pytest.fixture
def gate() -> threading.Event:
    """The model can be loaded only while this is set."""
    gate = threading.Event()
    gate.set()
    return gate


@pytest.fixture
def answering(home: Path, gate: threading.Event) -> Iterator[Answering]:
    def load(choice: Choice) -> Engine:
        assert gate.wait(20)
        return load_engine(choice)

    room = EngineRoom(load)
    yield Answering(room, TranscriptStore())
    gate.set()
    room.close()


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "this never happened"
        time.sleep(0.005)


def answered(answering: Answering, chat: str) -> Transcript:
    until(lambda: not answering.busy(chat))
    return answering.transcript(chat)


def test_an_answer_comes_with_its_receipt(answering: Answering, choice: Choice) -> None:
    chat = new_id()
    answering.ask(chat, " Who are you? ", Request(choice, SHORT))
    (turn,) = answered(answering, chat).turns
    assert turn.question == "Who are you?"
    assert turn.state == "done"
    assert turn.answer
    assert turn.receipt is not None
    assert turn.receipt["seed"] == 1
    assert turn.receipt["params"]["max_new_tokens"] == 8
    assert len(turn.receipt["hash"]) == 12


def test_a_new_process_reads_the_same(answering: Answering, choice: Choice) -> None:
    chat = new_id()
    answering.ask(chat, "Hello", Request(choice, SHORT))
    before = answered(answering, chat)
    again = Answering(answering.room, TranscriptStore()).transcript(chat)
    assert again == before
    assert again.model == "tiny"
    assert again.settings["seed"] == 1


def test_the_question_is_on_disk_before_ask_returns(
    answering: Answering, choice: Choice, gate: threading.Event
) -> None:
    gate.clear()
    chat = new_id()
    answering.ask(chat, "Hello", Request(choice, SHORT))
    saved = TranscriptStore().load(chat)
    assert saved is not None
    assert saved.turns[0].question == "Hello"
    killed = Answering(answering.room, TranscriptStore()).transcript(chat)
    assert killed.turns[0].state == "cut off"


def test_a_growing_answer_is_saved(
    answering: Answering, choice: Choice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.answering.SAVE_EVERY", 0.0)
    chat = new_id()
    answering.ask(chat, "Hello", Request(choice, LONG))

    def partly() -> bool:
        saved = TranscriptStore().load(chat)
        return saved is not None and len(saved.turns[0].answer) > 3

    until(partly)
    answering.stop(chat)


def test_a_second_question_waits_for_the_first(
    answering: Answering, choice: Choice, gate: threading.Event
) -> None:
    gate.clear()
    chat = new_id()
    answering.ask(chat, "First", Request(choice, SHORT))
    answering.ask(chat, "Second", Request(choice, SHORT))
    until(lambda: answering.transcript(chat).turns[0].state == "answering")
    assert answering.transcript(chat).turns[1].state == "waiting"
    gate.set()
    first, second = answered(answering, chat).turns
    assert (first.state, second.state) == ("done", "done")
    assert second.receipt is not None
    assert first.receipt is not None
    assert second.receipt["prompt_tokens"] > first.receipt["prompt_tokens"]


def test_stop_keeps_what_was_shown(answering: Answering, choice: Choice) -> None:
    chat = new_id()
    answering.ask(chat, "Hello", Request(choice, LONG))
    until(lambda: len(answering.transcript(chat).turns[0].answer) > 0)
    shown = answering.transcript(chat).turns[0].answer
    answering.stop(chat)
    (turn,) = answered(answering, chat).turns
    assert turn.answer.startswith(shown)
    if turn.receipt is not None and turn.receipt["finish"] != "length":
        assert turn.state == "stopped"


def test_stop_is_nobody_elses(answering: Answering, choice: Choice, gate: threading.Event) -> None:
    gate.clear()
    mine, yours = new_id(), new_id()
    for chat in (mine, yours):
        answering.ask(chat, "Hello", Request(choice, SHORT))
        until(lambda chat=chat: answering.transcript(chat).turns[0].state == "answering")
    answering.stop(mine)
    gate.set()
    assert answered(answering, mine).turns[0].state == "stopped"
    assert answered(answering, yours).turns[0].state == "done"


def test_regenerate_replaces_the_last_answer(answering: Answering, choice: Choice) -> None:
    chat = new_id()
    answering.ask(chat, "Hello", Request(choice, SHORT))
    first = answered(answering, chat).turns[0]
    answering.regenerate(chat, Request(choice, SHORT))
    same = answered(answering, chat).turns[0]
    assert same.answer == first.answer  # the same seed
    answering.regenerate(chat, Request(choice, SamplingParams(max_new_tokens=8, seed=2)))
    (other,) = answered(answering, chat).turns
    assert other.receipt is not None
    assert other.receipt["seed"] == 2
    assert other.answer != first.answer


def test_regenerate_waits_for_no_answer(
    answering: Answering, choice: Choice, gate: threading.Event
) -> None:
    gate.clear()
    chat = new_id()
    with pytest.raises(BadInput):
        answering.regenerate(chat, Request(choice, SHORT))
    answering.ask(chat, "Hello", Request(choice, SHORT))
    with pytest.raises(Conflict):
        answering.regenerate(chat, Request(choice, SHORT))


def test_a_model_that_is_not_there_is_said_in_the_turn(answering: Answering) -> None:
    chat = new_id()
    answering.ask(chat, "Hello", Request(Choice("nowhere"), SHORT))
    (turn,) = answered(answering, chat).turns
    assert turn.state == "failed"
    assert "nowhere" in turn.problem


@pytest.mark.parametrize("text", ["", "  \n", "x" * (LONGEST_QUESTION + 1)])
def test_unusable_questions_are_refused_and_not_kept(
    answering: Answering, choice: Choice, text: str
) -> None:
    chat = new_id()
    with pytest.raises(BadInput):
        answering.ask(chat, text, Request(choice, SHORT))
    assert not TranscriptStore().exists(chat)


def test_a_full_disk_refuses_the_question(
    answering: Answering, choice: Choice, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OutOfResources("The disk is full.")

    monkeypatch.setattr("chatbot.transcripts.write_atomically", full)
    chat = new_id()
    with pytest.raises(OutOfResources):
        answering.ask(chat, "Hello", Request(choice, SHORT))
    assert not answering.busy(chat)
    assert answering.transcript(chat).turns == ()


def test_a_fault_of_ours_is_logged_and_ends_the_turn(
    home: Path, choice: Choice, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[BaseException] = []
    answering = Answering(EngineRoom(), TranscriptStore(), seen.append)

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("chatbot.chat_bot.ChatBot.stream", broken)
    chat = new_id()
    answering.ask(chat, "Hello", Request(choice, SHORT))
    (turn,) = answered(answering, chat).turns
    assert turn.state == "failed"
    assert [type(error) for error in seen] == [ZeroDivisionError]
    answering.room.close()


def test_a_forgotten_chat_leaves_nothing(
    answering: Answering, choice: Choice, gate: threading.Event
) -> None:
    gate.clear()
    chat = new_id()
    answering.ask(chat, "Hello", Request(choice, SHORT))
    answering.forget(chat)
    gate.set()
    with answering.room.lease(choice):
        pass
    time.sleep(0.2)
    assert answering.transcript(chat) == Transcript(chat)
    assert not TranscriptStore().exists(chat)


def test_settings_are_remembered(answering: Answering) -> None:
    chat = new_id()
    answering.remember_settings(chat, "tiny", {"temperature": 0.3})
    saved = TranscriptStore().load(chat)
    assert saved is not None
    assert (saved.model, saved.settings) == ("tiny", {"temperature": 0.3})


def test_a_damaged_chat_is_an_error_for_people(answering: Answering, home: Path) -> None:
    chat = new_id()
    TranscriptStore().save(Transcript(chat))
    (home / "data" / ".chats" / f"{chat}.json").write_text("{")
    with pytest.raises(ChatbotError):
        answering.transcript(chat)
