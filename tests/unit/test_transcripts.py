"""Saved chats: found again by their id alone, whole or not at all."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from chatbot import chat_tree
from chatbot.chat_links import Step
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


OLD = """{
 "model": "tiny",
 "settings": {"temperature": 0.3},
 "turns": [
  {"question": "a", "answer": "1", "state": "done", "receipt": {"seed": 7}, "problem": ""},
  {"question": "b", "answer": "par", "state": "answering", "receipt": null, "problem": ""}
 ]
}"""


def test_a_file_from_before_there_were_versions_is_read(store: TranscriptStore) -> None:
    chat = new_id()
    store.folder.mkdir()
    (store.folder / f"{chat}.json").write_text(OLD, encoding="utf-8")
    loaded = store.load(chat)
    assert loaded is not None
    assert [(turn.question, turn.answer) for turn in loaded.turns] == [("a", "1"), ("b", "par")]
    assert [turn.id for turn in loaded.turns] == [1, 2]
    assert loaded.turns[0].receipt == {"seed": 7}
    assert (loaded.model, loaded.settings) == ("tiny", {"temperature": 0.3})
    assert loaded.settled().turns[1].state == "cut off"


def versioned() -> Transcript:
    chat = Transcript(new_id(), (Turn("a", "1", "done", tokens=(5, 7)), Turn("b", "2", "done")))
    tree, new = chat_tree.answer_again(chat.tree, 1)
    chat = chat.changed("new answer", tree)
    chat = chat.with_turn(chat.place(new), answer="one", state="done")
    return replace(chat.changed("deletion", chat_tree.delete(chat.tree, new)), owner="me").undone()


def test_versions_and_the_way_back_are_saved(store: TranscriptStore) -> None:
    chat = versioned()
    store.save(chat)
    loaded = TranscriptStore(store.folder).load(chat.id)
    assert loaded == chat
    assert loaded is not None
    assert loaded.undone().turns[0].tokens == (5, 7)
    assert loaded.redone().turns == chat.redone().turns


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("turns", [{"question": "a", "id": 1}, {"question": "b", "id": 1}]),
        ("turns", [{"question": "a", "id": "1"}]),
        ("turns", [{"question": "a", "id": -1}]),
        ("aside", [{"question": "a"}]),
        ("aside", [7]),
    ],
)
def test_impossible_versions_are_damage(store: TranscriptStore, name: str, value: object) -> None:
    chat = versioned()
    store.save(chat)
    path = store.folder / f"{chat.id}.json"
    saved = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(saved | {name: value}), encoding="utf-8")
    with pytest.raises(BadInput):
        store.load(chat.id)


@pytest.mark.parametrize("undo", [7, [7], [{"what": "x"}], [{"what": "x", "first": 9, "links": 1}]])
def test_a_damaged_way_back_costs_only_the_way_back(store: TranscriptStore, undo: object) -> None:
    chat = versioned()
    store.save(chat)
    path = store.folder / f"{chat.id}.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"undo": undo}), "utf-8")
    loaded = store.load(chat.id)
    assert loaded is not None
    assert loaded.turns == chat.turns
    assert loaded.undo == ()


def test_a_step_to_a_turn_that_never_was_is_harmless(store: TranscriptStore) -> None:
    chat = versioned()
    wild = replace(chat, undo=(Step("x", 99, {1: (2, 1, False), 2: (1, 2, False)}),))
    assert wild.undone().turns == ()


def test_a_chat_that_another_process_saved_is_read_anew(store: TranscriptStore) -> None:
    chat = Transcript(new_id(), (Turn("a", "1", "done"),))
    store.save(chat)
    assert store.load(chat.id) == chat
    assert store.load(chat.id) is store.load(chat.id)  # read once
    more = replace(chat, turns=(*chat.turns, Turn("b", "2", "done")))
    TranscriptStore(store.folder).save(more)
    assert store.load(chat.id) == more
    store.delete(chat.id)
    assert store.load(chat.id) is None
