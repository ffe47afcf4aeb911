"""An editor beside us, broken and missing files, full disks: noticed, kept, brought back."""

import errno
import os
from pathlib import Path

import pytest

from chatbot.dataset.importers import dump, read_conversations
from chatbot.dataset.lock import FileLock
from chatbot.dataset.store import ConversationStore
from chatbot.errors import BadInput, ChatbotError, Conflict, NotAvailable, OutOfResources

OUTSIDE = "Change made outside the app"


def on_disk(path):
    return read_conversations(path.read_bytes()).conversations


def test_a_change_beside_us_is_seen_and_can_be_undone(store, path, dozen, talk):
    store.add(talk("ours", "ok"))
    path.write_bytes(dump(dozen[:3]))

    assert store.snapshot().conversations == dozen[:3]
    assert store.snapshot().undo == OUTSIDE
    assert store.undo() == OUTSIDE
    assert on_disk(path) == (*dozen, talk("ours", "ok"))
    store.redo()
    assert on_disk(path) == dozen[:3]


def test_a_change_while_nobody_looked_is_seen_after_a_restart(store, path, dozen, talk):
    store.add(talk("ours", "ok"))
    path.write_bytes(dump(dozen[:2]))

    again = ConversationStore(path)
    assert again.snapshot().undo == OUTSIDE
    again.undo()
    assert on_disk(path) == (*dozen, talk("ours", "ok"))


def test_an_edit_on_top_of_an_unseen_change_overwrites_nothing(store, path, dozen, talk):
    store.snapshot()
    path.write_bytes(dump((talk("theirs", "kept"), *dozen)))

    with pytest.raises(Conflict):
        store.delete(0, dozen[0])
    store.add(talk("ours", "too"))
    assert on_disk(path) == (talk("theirs", "kept"), *dozen, talk("ours", "too"))


def test_a_change_of_equal_size_and_time_right_after_ours_is_seen(store, path, dozen, talk):
    store.replace(0, dozen[0], talk("Question 1?", "AAAA"))
    status = path.stat()
    path.write_bytes(path.read_bytes().replace(b"AAAA", b"BBBB"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    assert store.snapshot().conversations[0] == talk("Question 1?", "BBBB")


def test_an_outside_step_back_is_a_step_too(store, path, dozen, talk):
    old = path.read_bytes()
    store.add(talk("ours", "ok"))
    path.write_bytes(old)

    assert store.snapshot().conversations == dozen
    store.undo()
    assert on_disk(path) == (*dozen, talk("ours", "ok"))


def test_other_line_breaks_alone_are_no_step(store, path, dozen):
    store.snapshot()
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))

    assert store.snapshot().conversations == dozen
    assert store.snapshot().undo is None


def test_a_broken_file_is_named_by_row_and_left_alone(store, path, dozen, talk):
    store.add(talk("ours", "ok"))
    broken = path.read_bytes()[:-200]
    path.write_bytes(broken)

    for attempt in (store.snapshot, store.undo, lambda: store.add(talk("a", "b"))):
        with pytest.raises(BadInput, match="row 12") as caught:
            attempt()
        assert "cut off" in caught.value.message
    assert path.read_bytes() == broken
    assert store.raw_bytes() == broken


def test_a_row_of_the_wrong_shape_breaks_the_file(tmp_path):
    file = tmp_path / "own.json"
    file.write_text('[{"conversations": []}, {"conversations": [{"from": "ghost", "value": ""}]}]')

    with pytest.raises(BadInput, match=r"own\.json, row 2: Turn 1 does not say who speaks"):
        ConversationStore(file).snapshot()


def test_the_last_good_version_comes_back_and_the_broken_one_is_kept(store, path, dozen, talk):
    store.add(talk("ours", "ok"))
    path.write_bytes(b'[{"conversations": [{"fr')

    good = store.last_good()
    assert good is not None
    assert good.conversations == 13
    assert good.saved is not None
    aside = store.restore_last_good()

    assert aside is not None
    assert aside.read_bytes() == b'[{"conversations": [{"fr'
    assert store.snapshot().conversations == (*dozen, talk("ours", "ok"))
    assert store.undo() == "Added “ours”"


def test_a_broken_file_that_somebody_mends_goes_on_as_before(store, path, dozen, talk):
    store.add(talk("ours", "ok"))
    good = path.read_bytes()
    path.write_bytes(good[:50])
    with pytest.raises(BadInput):
        store.snapshot()
    path.write_bytes(good)

    assert store.snapshot().undo == "Added “ours”"


def test_a_file_broken_from_the_start_has_nothing_to_restore(tmp_path):
    file = tmp_path / "own.json"
    file.write_text("[{")
    store = ConversationStore(file)

    assert store.last_good() is None
    with pytest.raises(NotAvailable, match="No earlier version"):
        store.restore_last_good()


def test_the_starter_set_stands_in_where_there_is_no_history(home, monkeypatch, tmp_path, dozen):
    shipped = tmp_path / "shipped.json"
    shipped.write_bytes(dump(dozen))
    monkeypatch.setattr("chatbot.paths.shipped_dataset_path", lambda: shipped)
    (home / "data" / "custom_chat_data.json").write_text("{")
    store = ConversationStore()

    good = store.last_good()
    assert good is not None
    assert (good.conversations, good.saved) == (12, None)
    store.restore_last_good()
    assert store.snapshot().conversations == dozen


def test_a_file_that_vanished_is_said_and_can_come_back(store, path, dozen, talk):
    store.add(talk("ours", "ok"))
    path.unlink()

    with pytest.raises(BadInput, match="is gone"):
        store.snapshot()
    assert store.restore_last_good() is None
    assert store.snapshot().conversations == (*dozen, talk("ours", "ok"))


def test_a_file_that_is_a_folder_is_said_in_words(tmp_path):
    folder = tmp_path / "own.json"
    folder.mkdir()

    with pytest.raises(BadInput, match="can't be read"):
        ConversationStore(folder).snapshot()


def full_disk(*_args: object, **_kwargs: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("place", ["chatbot.files.os.fsync", "chatbot.files.Path.replace"])
def test_a_full_disk_leaves_file_and_history_as_they_were(
    store, path, dozen, talk, monkeypatch, place
):
    store.add(talk("ours", "ok"))
    before = path.read_bytes()
    journal = path.parent / ".history" / "persona" / "journal.jsonl"
    lines = journal.read_bytes()

    with monkeypatch.context() as patch:
        patch.setattr(place, full_disk)
        with pytest.raises(OutOfResources, match="disk is full"):
            store.delete(0, dozen[0])
        with pytest.raises(OutOfResources):
            store.replace_all([], "Emptied")

    assert path.read_bytes() == before
    assert journal.read_bytes() == lines
    assert sorted(p.name for p in path.parent.iterdir()) == [".history", "persona.json"]
    assert store.snapshot().undo == "Added “ours”"
    store.delete(0, dozen[0])
    assert on_disk(path) == (*dozen[1:], talk("ours", "ok"))


def test_a_full_disk_does_not_hinder_reading(path, dozen, monkeypatch):
    monkeypatch.setattr("chatbot.files.os.fsync", full_disk)

    assert ConversationStore(path).snapshot().conversations == dozen


def test_a_file_grown_too_large_is_refused_before_it_is_written(
    store, path, dozen, talk, monkeypatch
):
    before = path.read_bytes()
    monkeypatch.setattr("chatbot.dataset.datafile.MAX_KEPT_BYTES", len(before) + 10)

    with pytest.raises(OutOfResources, match="larger than"):
        store.add(talk("one", "too many"))
    assert path.read_bytes() == before


def test_a_lock_held_elsewhere_is_waited_for_and_then_said(path, talk):
    store = ConversationStore(path, lock_timeout=0.1)
    store.snapshot()

    with (
        FileLock(path.parent / ".history" / "persona" / "lock"),
        pytest.raises(Conflict, match="Another program"),
    ):
        store.add(talk("a", "b"))
    store.add(talk("a", "b"))


def test_a_lost_version_begins_the_history_anew_and_loses_nothing(store, path, dozen, talk):
    store.add(talk("ours", "ok"))
    for stored in (path.parent / ".history" / "persona" / "versions").iterdir():
        stored.write_bytes(b"damaged")
    path.write_bytes(dump(dozen[:2]))

    assert store.snapshot().conversations == dozen[:2]
    assert store.snapshot().undo is None
    store.add(talk("goes", "on"))
    store.undo()
    assert on_disk(path) == dozen[:2]


def test_errors_are_of_our_family_for_a_folder_that_nobody_may_write(tmp_path, dozen, talk):
    blocked = tmp_path / "data"
    blocked.mkdir()
    file = blocked / "own.json"
    file.write_bytes(dump(dozen))
    (blocked / ".history").write_text("a file where the folder should be")
    store = ConversationStore(file)

    assert store.snapshot().conversations == dozen
    with pytest.raises(ChatbotError, match="could not be saved"):
        store.add(talk("a", "b"))


def test_a_torn_journal_tail_is_nothing(store, path, dozen, talk):
    store.add(talk("one", "1"))
    journal = path.parent / ".history" / "persona" / "journal.jsonl"
    for torn in (b'{"kind":"step","at":"2026', b"\x00" * 64, b'{"kind":"st\n'):
        with journal.open("ab") as handle:
            handle.write(torn)
        again = ConversationStore(path)
        assert again.snapshot().undo == "Added “one”"
        again.add(talk("two", "2"))
        again.undo()
    assert ConversationStore(path).snapshot().redo == "Added “two”"


@pytest.mark.parametrize("damage", [b"garbage\n", b'{"kind":"unknown","to":"x","at":""}\n'])
def test_a_damaged_journal_is_set_aside_and_the_conversations_stay(path, dozen, talk, damage):
    ConversationStore(path).add(talk("one", "1"))
    journal: Path = path.parent / ".history" / "persona" / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(lines[0] + damage + lines[1])

    again = ConversationStore(path)
    assert again.snapshot().conversations == (*dozen, talk("one", "1"))
    assert again.snapshot().undo is None
    again.add(talk("two", "2"))
    assert again.undo() == "Added “two”"
    assert [p.name for p in journal.parent.glob("journal-damaged-*")]


def test_a_deleted_history_begins_anew_under_a_running_store(store, path, dozen, talk):
    store.add(talk("one", "1"))
    for file in sorted((path.parent / ".history").rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()

    store.add(talk("two", "2"))
    assert store.undo() == "Added “two”"
    assert on_disk(path) == (*dozen, talk("one", "1"))
