"""Saved chats: found again by their id alone, whole or not at all."""

from pathlib import Path

import pytest

from chatbot.errors import BadInput
from chatbot.messages import assistant, user
from chatbot.transcripts import Transcript, TranscriptStore, Turn, is_id, new_id

NASTY = "<script>alert(1)</script> ![x](http://e.example/x.png) $x$ \u2028 🦭"


@pytest.fixture
def store(tmp_path: Path) -> TranscriptStore:
    return TranscriptStore(tmp_path / "chats")


def test_what_is_saved_comes_back_to_the_letter(store: TranscriptStore) -> None:
    turns = (
        Turn(NASTY, "yes", "done", {"seed": 7, "params": {"top_k": 5}}),
        Turn("and?", "", "failed", None, "No model."),
    )
    chat = Transcript(new_id(), turns, "pocket-gpt2", {"temperature": 0.5, "seed": None})
    store.save(chat)
    assert TranscriptStore(store.folder).load(chat.id) == chat


def test_an_unknown_chat_is_none(store: TranscriptStore) -> None:
    assert store.load(new_id()) is None
    assert not store.exists(new_id())


@pytest.mark.parametrize("name", ["", "..", "../../etc/passwd", "A" * 32, "0" * 31, "0" * 33])
def test_only_our_own_ids_are_file_names(store: TranscriptStore, name: str) -> None:
    assert not is_id(name)
    assert not store.exists(name)
    with pytest.raises(BadInput):
        store.load(name)


def test_ids_do_not_repeat() -> None:
    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(is_id(one) for one in ids)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"turns": 1}', '{"turns": [{"answer": "x"}]}'])
def test_a_damaged_file_is_named_and_left_as_it_is(store: TranscriptStore, content: str) -> None:
    chat = new_id()
    store.folder.mkdir()
    path = store.folder / f"{chat}.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        store.load(chat)
    assert path.name in str(caught.value)
    assert path.read_text(encoding="utf-8") == content


def test_half_an_emoji_does_not_stop_the_saving(store: TranscriptStore) -> None:
    chat = Transcript(new_id(), (Turn("\ud83d", "ok", "done"),))
    store.save(chat)
    loaded = store.load(chat.id)
    assert loaded is not None
    assert loaded.turns[0].answer == "ok"


def test_unanswered_turns_are_no_part_of_the_conversation() -> None:
    chat = Transcript(new_id(), (Turn("a", "1", "done"), Turn("b"), Turn("c", "3", "stopped")))
    assert chat.messages() == [user("a"), assistant("1"), user("c"), assistant("3")]
    assert chat.messages(upto=1) == [user("a"), assistant("1")]


def test_what_nobody_answers_any_more_was_cut_off() -> None:
    states = [Turn("a", "1", "done"), Turn("b", "par", "answering"), Turn("c")]
    settled = Transcript(new_id(), tuple(states)).settled()
    assert [turn.state for turn in settled.turns] == ["done", "cut off", "cut off"]
    assert settled.turns[1].answer == "par"


def test_deleting_twice_is_no_error(store: TranscriptStore) -> None:
    chat = Transcript(new_id())
    store.save(chat)
    store.delete(chat.id)
    store.delete(chat.id)
    assert not store.exists(chat.id)
