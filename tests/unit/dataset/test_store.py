"""Edits, undo and redo, conflicts, and what is on the disk when a call returns."""

import itertools
import json
from pathlib import Path

import pytest

from chatbot.dataset.importers import dump, read_conversations
from chatbot.dataset.store import ConversationStore
from chatbot.errors import BadInput, Conflict, NotAvailable
from chatbot.files import sha256_of
from chatbot.messages import Conversation, Message


def on_disk(path: Path) -> tuple[Conversation, ...]:
    return read_conversations(path.read_bytes()).conversations


def test_a_snapshot_holds_the_file_and_its_hash(store, path, dozen):
    snapshot = store.snapshot()

    assert snapshot.conversations == dozen
    assert snapshot.version == sha256_of(path)
    assert (snapshot.undo, snapshot.redo) == (None, None)


def test_reading_leaves_the_file_as_it_is(tmp_path):
    file = tmp_path / "own.json"
    file.write_text('[{"id": 7, "conversations": [{"from": "user", "value": "Hi"}]}]\n')
    before = file.read_bytes()

    ConversationStore(file).snapshot()

    assert file.read_bytes() == before


def test_an_added_conversation_is_on_disk_when_the_call_returns(store, path, dozen, talk):
    new = talk("New?", "Yes.")

    assert store.add(new) == 12
    assert store.add(new, at=0) == 0

    assert on_disk(path) == (new, *dozen, new)
    assert store.snapshot().undo == "Added “New?”"


def test_a_place_outside_the_list_is_refused(store, talk):
    with pytest.raises(BadInput, match="no such place"):
        store.add(talk("a", "b"), at=13)


def test_replace_and_delete_change_the_one_conversation(store, path, dozen, talk):
    store.replace(1, dozen[1], talk("Question 2?", "Better."))
    store.delete(0, dozen[0])

    assert on_disk(path) == (talk("Question 2?", "Better."), *dozen[2:])


def test_extra_keys_of_rows_survive_an_edit(store, path, dozen):
    last = dozen[11]
    store.replace(11, last, Conversation(last.messages[:2], last.extra))

    row = json.loads(path.read_text())[11]
    assert (row["tag"], row["weight"], len(row["conversations"])) == ("greeting", 2, 2)


def test_what_is_no_longer_there_is_not_overwritten(store, path, dozen, talk):
    store.replace(2, dozen[2], talk("mine", "first"))
    before = path.read_bytes()

    with pytest.raises(Conflict, match="changed elsewhere"):
        store.replace(2, dozen[2], talk("yours", "second"))
    with pytest.raises(Conflict):
        store.delete(2, dozen[2])
    with pytest.raises(Conflict):
        store.delete(99, dozen[2])
    with pytest.raises(Conflict):
        store.replace(-1, dozen[11], talk("negative", "index"))
    assert path.read_bytes() == before


def test_replacing_by_the_same_is_no_step(store, dozen):
    store.replace(0, dozen[0], dozen[0])

    assert store.snapshot().undo is None


def test_undo_and_redo_walk_through_all_steps(store, path, dozen, talk):
    store.add(talk("one", "1"))
    store.delete(3, dozen[3])
    store.replace(0, dozen[0], talk("Question 1?", "Changed."))
    final = on_disk(path)

    assert store.undo() == "Edited “Question 1?”"
    assert store.undo() == "Deleted “Question 4?”"
    assert store.undo() == "Added “one”"
    assert on_disk(path) == dozen
    with pytest.raises(NotAvailable, match="nothing to undo"):
        store.undo()
    assert store.snapshot().redo == "Added “one”"
    for _ in range(3):
        store.redo()
    assert on_disk(path) == final
    with pytest.raises(NotAvailable, match="nothing to redo"):
        store.redo()


def test_undo_and_redo_survive_a_restart(store, path, dozen, talk):
    store.delete(5, dozen[5])
    store.add(talk("late", "visitor"))
    store.undo()

    again = ConversationStore(path)
    assert again.snapshot().undo == "Deleted “Question 6?”"
    assert again.redo() == "Added “late”"
    again.undo()
    again.undo()
    assert on_disk(path) == dozen


def test_hundreds_of_steps_go_back_and_forth_over_restarts(store, path, dozen, talk):
    before = store.snapshot().conversations
    for number in range(300):
        if number % 100 == 99:
            store.delete(2, store.snapshot().conversations[2])
        else:
            store.replace(0, store.snapshot().conversations[0], talk("Q0", f"Answer {number}"))
    after = store.snapshot().conversations
    store = ConversationStore(path)
    for _ in range(300):
        store.undo()
    assert store.snapshot().conversations == before == on_disk(path)
    assert store.snapshot().undo is None
    store = ConversationStore(path)
    for _ in range(300):
        store.redo()
    assert store.snapshot().conversations == after == on_disk(path)
    assert store.snapshot().redo is None


def test_a_new_edit_forgets_what_was_undone(store, dozen, talk):
    store.add(talk("a", "b"))
    store.undo()
    store.delete(0, dozen[0])

    assert store.snapshot().redo is None


def test_undo_is_refused_where_the_file_is_another_one_by_now(store, dozen):
    seen = store.snapshot().version
    store.delete(0, dozen[0])

    with pytest.raises(Conflict):
        store.undo(seen)
    assert store.undo(store.snapshot().version) == "Deleted “Question 1?”"


def test_edits_of_one_stretch_of_typing_are_undone_together(store, path, dozen, talk):
    drafts = [dozen[0], *(talk("Question 1?", text) for text in ("A", "An", "And"))]
    for old, new in itertools.pairwise(drafts):
        store.replace(0, old, new, group="typing-1")
    store.replace(0, drafts[-1], talk("Question 1?", "Other"), group="typing-2")

    again = ConversationStore(path)  # the grouping is read from the journal as well
    again.undo()
    assert on_disk(path)[0] == drafts[-1]
    again.undo()
    assert on_disk(path) == dozen
    again.redo()
    assert on_disk(path)[0] == drafts[-1]


def test_replacing_all_brings_back_the_old_file_to_the_byte(tmp_path, talk):
    file = tmp_path / "own.json"
    odd = b'[ {"conversations": [{"from":"user","value":"Hi","weight":1}]} ]'
    file.write_bytes(odd)
    store = ConversationStore(file)

    store.replace_all([talk("x", "y")], "Replaced by x.json")
    assert on_disk(file) == (talk("x", "y"),)
    assert store.undo() == "Replaced by x.json"
    assert file.read_bytes() == odd
    store.redo()
    assert on_disk(file) == (talk("x", "y"),)


def test_replacing_all_is_refused_where_the_version_is_another(store, dozen):
    seen = store.snapshot().version
    store.delete(0, dozen[0])

    with pytest.raises(Conflict):
        store.replace_all([], "Emptied", version=seen)


def test_extending_is_one_step(store, path, dozen, talk):
    store.extend([talk("a", "b"), talk("c", "d")], "Added 2 conversations from more.json")
    assert len(on_disk(path)) == 14

    assert store.undo() == "Added 2 conversations from more.json"
    assert on_disk(path) == dozen


def test_a_row_is_followed_through_the_changes_of_others(store, dozen, talk):
    seen = store.snapshot().version
    other = ConversationStore(store.path)
    other.delete(0, dozen[0])
    other.add(talk("a", "b"), at=0)
    other.add(talk("c", "d"), at=0)
    other.delete(5, dozen[4])

    assert store.follow(2, seen) == 3
    assert store.follow(0, seen) is None
    assert store.follow(4, seen) is None
    assert store.follow(11, seen) == 11
    assert store.follow(3, store.snapshot().version) == 3
    assert store.follow(3, "never seen") is None
    store.replace_all(dozen[:3], "Replaced")
    assert store.follow(2, seen) is None


def test_two_stores_on_one_file_see_each_other(path, dozen, talk):
    first, second = ConversationStore(path), ConversationStore(path)
    first.snapshot()
    second.snapshot()
    for n in range(4):
        (first, second)[n % 2].add(talk(f"turn {n}", "ok"))

    assert first.snapshot() == second.snapshot()
    for _ in range(4):
        second.undo()
    assert first.snapshot().conversations == dozen
    assert first.snapshot().redo == "Added “turn 0”"


def test_a_missing_file_begins_as_the_shipped_one(home, monkeypatch, tmp_path, dozen):
    shipped = tmp_path / "shipped.json"
    shipped.write_bytes(dump(dozen))
    monkeypatch.setattr("chatbot.paths.shipped_dataset_path", lambda: shipped)

    store = ConversationStore()

    assert store.snapshot().conversations == dozen
    assert (home / "data" / "custom_chat_data.json").read_bytes() == shipped.read_bytes()


def test_a_missing_file_elsewhere_is_empty_and_can_be_filled(tmp_path, talk):
    store = ConversationStore(tmp_path / "new" / "mine.json")
    assert store.snapshot().conversations == ()

    store.add(talk("first", "one"))
    store.undo()

    assert store.snapshot().conversations == ()
    assert store.redo() == "Added “first”"


def test_text_that_no_file_can_hold_is_refused_in_words(store, path, talk):
    before = path.read_bytes()
    broken = Conversation((Message("user", "half \ud83d"), Message("assistant", "ok")))

    with pytest.raises(BadInput, match="half a character"):
        store.add(broken)
    with pytest.raises(BadInput, match="can't hold"):
        store.add(talk("a", "b", score=float("nan")))
    assert path.read_bytes() == before


def test_raw_bytes_are_the_file(store, path):
    assert store.raw_bytes() == path.read_bytes()
