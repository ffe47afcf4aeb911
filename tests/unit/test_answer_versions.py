"""Versions of answers and answers that go on, made by tiny real models."""

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chatbot import chat_tree
from chatbot.answering import Answering, Request
from chatbot.engine.sampling import SamplingParams
from chatbot.engine_room import Choice, EngineRoom
from chatbot.errors import BadInput, ChatbotError, Conflict
from chatbot.transcripts import Transcript, TranscriptStore, Turn, new_id

EIGHT = SamplingParams(max_new_tokens=8, seed=1)
MODELS = ("tiny", "llama")


@pytest.fixture
def answering(home: Path, tiny_gpt2: Path, tiny_llama: Path) -> Iterator[Answering]:
    shutil.copytree(tiny_gpt2, home / "models" / "tiny")
    shutil.copytree(tiny_llama, home / "models" / "llama")
    room = EngineRoom()
    yield Answering(room, TranscriptStore())
    room.close()


def request(params: SamplingParams = EIGHT, model: str = "tiny") -> Request:
    return Request(Choice(model, "cpu", "float32"), params)


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def answered(answering: Answering, chat: str) -> Transcript:
    until(lambda: not answering.busy(chat))
    return answering.transcript(chat)


def asked(answering: Answering, *questions: str, model: str = "tiny") -> str:
    chat = new_id()
    for question in questions:
        answering.ask(chat, question, request(model=model))
    answered(answering, chat)
    return chat


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_an_answer_that_goes_on_is_the_longer_answer(
    answering: Answering, model: str, temperature: float
) -> None:
    params = replace(EIGHT, temperature=temperature, repetition_penalty=1.1)
    chat, whole = new_id(), new_id()
    answering.ask(chat, "Hello", request(params, model))
    first = answered(answering, chat).turns[0]
    answering.go_on(chat, request(params, model))
    (both,) = answered(answering, chat).turns
    answering.ask(whole, "Hello", request(replace(params, max_new_tokens=16), model))
    (wanted,) = answered(answering, whole).turns
    assert both.answer.startswith(first.answer)
    assert (both.answer, both.tokens) == (wanted.answer, wanted.tokens)
    assert both.receipt is not None
    assert both.receipt["new_tokens"] == len(both.tokens) - len(first.tokens)
    assert both.receipt["before"]["new_tokens"] == len(first.tokens)


def test_words_of_a_person_go_on_as_the_model_reads_them(answering: Answering) -> None:
    chat = asked(answering, "Hello")
    turn = answering.transcript(chat).turns[0]

    def corrected(transcript: Transcript) -> Transcript:
        tree, _ = chat_tree.correct(transcript.tree, turn.id, "I am a lighthouse")
        return transcript.changed("correction", tree)

    answering.change(chat, corrected)
    answering.go_on(chat, request())
    (longer,) = answered(answering, chat).turns
    assert longer.answer.startswith("I am a lighthouse")
    assert len(longer.answer) > len("I am a lighthouse")
    with answering.room.lease(request().choice) as engine:
        spelled = engine.loaded.tokenizer.decode(list(longer.tokens))
    assert spelled == longer.answer  # its tokens are now known as well


def test_another_vocabulary_goes_on_from_the_words(answering: Answering, home: Path) -> None:
    chat = new_id()
    turn = Turn("Hi", "I like tea", "done", tokens=(999_999, 3))
    answering.transcripts.save(Transcript(chat, (turn,)))
    answering.go_on(chat, request())
    assert answered(answering, chat).turns[0].answer.startswith("I like tea")


def test_half_a_character_is_completed(answering: Answering) -> None:
    with answering.room.lease(request().choice) as engine:
        tokenizer = engine.loaded.tokenizer
    ids = tuple(tokenizer.encode("a🦭", add_special_tokens=False))
    assert len(ids) == 5  # the seal is four bytes
    chat = new_id()
    half = Turn("Hi", "a", "done", tokens=ids[:3])
    answering.transcripts.save(Transcript(chat, (half,)))
    answering.go_on(chat, request())
    turn = answered(answering, chat).turns[0]
    assert turn.tokens[:3] == ids[:3]
    assert turn.answer[:1] == "a"


def test_an_answer_that_fills_the_window_can_not_go_on(answering: Answering) -> None:
    chat = new_id()
    answering.transcripts.save(Transcript(chat, (Turn("Hi", "tea " * 400, "done"),)))
    answering.go_on(chat, request())
    (turn,) = answered(answering, chat).turns
    assert turn.state == "failed"
    assert "window" in turn.problem
    assert turn.answer == "tea " * 400


def test_regenerating_reads_nothing_anew_but_the_question(answering: Answering) -> None:
    chat = asked(answering, "Who are you?", "What do you like to read on a quiet evening?")
    with answering.room.lease(request().choice) as engine:
        assert engine.wait_until_idle(20)
    first, second = answering.transcript(chat).turns
    answering.regenerate(chat, request())
    again = answered(answering, chat).turns[-1]
    assert again.receipt is not None
    assert second.receipt is not None
    assert again.receipt["cached_tokens"] >= second.receipt["cached_tokens"] > 0
    assert again.answer == second.answer
    # A branch at the beginning is right as well, and the way back from it.
    answering.ask_otherwise(chat, first.id, "Tell me of the sea, please.", request())
    other = answered(answering, chat)
    assert [turn.question for turn in other.turns] == ["Tell me of the sea, please."]
    fresh = asked(answering, "Tell me of the sea, please.")
    assert other.turns[0].answer == answering.transcript(fresh).turns[0].answer
    answering.change(chat, lambda now: now.changed("version", chat_tree.show(now.tree, first.id)))
    answering.regenerate(chat, request())
    assert answered(answering, chat).turns[-1].answer == second.answer


def test_regenerate_keeps_the_old_answer_as_a_version(answering: Answering) -> None:
    chat = asked(answering, "First", "Second")
    first, second = answering.transcript(chat).turns
    answering.regenerate(chat, request(replace(EIGHT, seed=2)), first.id)
    now = answered(answering, chat)
    assert [turn.question for turn in now.turns] == ["First"]
    assert chat_tree.answer_versions(now.tree, now.turns[0].id) == (first.id, now.turns[0].id)
    answering.change(chat, Transcript.undone)
    assert answering.transcript(chat).turns == (first, second)
    again = Answering(answering.room, TranscriptStore())  # what undo knows outlives the server
    again.change(chat, Transcript.redone)
    assert again.transcript(chat).turns == now.turns


def test_nothing_is_changed_while_an_answer_is_on_its_way(
    answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = asked(answering, "First")
    first = answering.transcript(chat).turns[0]
    answering.ask(chat, "Second", request(replace(EIGHT, max_new_tokens=200)))
    with pytest.raises(Conflict):
        answering.change(chat, Transcript.undone)
    with pytest.raises(Conflict):
        answering.ask_otherwise(chat, first.id, "Other", request())
    answering.stop(chat)
    assert len(answered(answering, chat).turns) == 2


def test_a_turn_that_another_tab_deleted_is_said_and_nothing_changes(answering: Answering) -> None:
    chat = asked(answering, "First", "Second")
    first, second = answering.transcript(chat).turns

    def deleted(now: Transcript) -> Transcript:
        return now.changed("deletion", chat_tree.delete(now.tree, first.id))

    answering.change(chat, deleted)
    with pytest.raises(ChatbotError, match="no longer part"):
        answering.regenerate(chat, request(), first.id)
    with pytest.raises(ChatbotError, match="no longer part"):
        answering.change(chat, deleted)
    assert [turn.id for turn in answering.transcript(chat).turns] == [second.id]


@pytest.mark.parametrize("text", ["\x00\x01\x7f", "\u200b\u2060", " \x08 "])
def test_a_question_that_nobody_can_see_is_refused(answering: Answering, text: str) -> None:
    with pytest.raises(BadInput, match="control characters"):
        answering.ask(new_id(), text, request())


def test_emoji_alone_are_a_question(answering: Answering) -> None:
    chat = asked(answering, "🦭👩\u200d🚀")
    assert answering.transcript(chat).turns[0].state == "done"


def test_an_answer_that_can_not_go_on_keeps_its_words(answering: Answering) -> None:
    chat = asked(answering, "Hello")
    before = answering.transcript(chat).turns[0].answer
    answering.go_on(chat, Request(Choice("nowhere"), EIGHT))
    (turn,) = answered(answering, chat).turns
    assert turn.state == "failed"
    assert turn.answer == before
    answering.go_on(chat, request())  # tried again with a model that is there
    (turn,) = answered(answering, chat).turns
    assert turn.state == "done"
    assert turn.answer.startswith(before)


def test_growing_words_of_an_answer_that_goes_on_are_saved(
    answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = asked(answering, "Hello")
    before = answering.transcript(chat).turns[0].answer
    monkeypatch.setattr("chatbot.answering.SAVE_EVERY", 0.0)
    answering.go_on(chat, request(replace(EIGHT, max_new_tokens=200)))

    def on_disk() -> str:
        saved = TranscriptStore().load(chat)
        return saved.turns[0].answer if saved is not None else ""

    assert on_disk().startswith(before)  # from the first moment on
    until(lambda: len(on_disk()) > len(before) + 3)
    answering.stop(chat)
    assert answered(answering, chat).turns[0].answer.startswith(before)
