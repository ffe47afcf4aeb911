"""A large file follows its journal: what is acknowledged, what others see, what a crash leaves."""

import errno
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chatbot.dataset import keeper
from chatbot.dataset.datafile import DataFile
from chatbot.dataset.history import History
from chatbot.dataset.importers import dump, read_conversations
from chatbot.dataset.store import ConversationStore
from chatbot.errors import BadInput, ChatbotError, Conflict, OutOfResources

OUTSIDE = "Change made outside the app"


class KilledError(BaseException):
    """The process ends here."""


@pytest.fixture(autouse=True)
def _only_when_asked(monkeypatch):
    monkeypatch.setattr("chatbot.dataset.write_behind.QUIET", 600.0)
    monkeypatch.setattr("chatbot.dataset.write_behind.AT_LATEST", 600.0)


@pytest.fixture
def store(path) -> ConversationStore:
    return ConversationStore(path, small=0)


def opened(path: Path) -> ConversationStore:
    return ConversationStore(path, small=0)


def on_disk(path: Path):
    return read_conversations(path.read_bytes()).conversations


def journal_of(path: Path) -> list[dict[str, object]]:
    lines = (path.parent / ".history" / path.stem / "journal.jsonl").read_text("utf-8")
    return [json.loads(line) for line in lines.splitlines()]


def test_an_edit_is_in_the_journal_first_and_in_the_file_after_a_flush(store, path, dozen, talk):
    before = path.read_bytes()
    store.add(talk("ours", "ok"))
    version = store.snapshot().version

    assert path.read_bytes() == before
    assert journal_of(path)[-1]["later"] is True
    store.flush()
    assert path.read_bytes() == dump((*dozen, talk("ours", "ok")))
    assert store.snapshot().version == version == opened(path).snapshot().version


def test_a_file_that_is_small_is_written_at_once_and_its_journal_is_as_it_always_was(
    path, dozen, talk
):
    ConversationStore(path).add(talk("ours", "ok"))

    assert on_disk(path) == (*dozen, talk("ours", "ok"))
    assert [set(entry) for entry in journal_of(path)] == [
        {"kind", "at", "to"},
        {"kind", "at", "from", "label", "edit", "to"},
    ]
    again = opened(path)  # grown beyond the limit since
    again.delete(0, dozen[0])
    again.undo()
    again.undo()
    again.flush()
    assert on_disk(path) == dozen


def test_edits_that_are_only_in_the_journal_are_there_after_a_restart(store, path, dozen, talk):
    store.add(talk("ours", "ok"))
    store.replace(0, dozen[0], talk("Question 1?", "Changed."))
    store.delete(3, dozen[3])
    store.undo()
    expected = (talk("Question 1?", "Changed."), *dozen[1:], talk("ours", "ok"))

    again = opened(path)
    assert again.snapshot().conversations == expected == store.snapshot().conversations
    assert again.snapshot() == store.snapshot()
    assert again.raw_bytes() == dump(expected)
    assert again.redo() == "Deleted “Question 4?”"
    for _ in range(3):
        again.undo()
    again.flush()
    assert on_disk(path) == dozen


def test_two_running_stores_see_what_is_only_in_the_journal(path, dozen, talk):
    os.utime(path, (1, 1))  # long unchanged: only the journal says that something happened
    first, second = opened(path), opened(path)
    seen = first.snapshot().version
    second.snapshot()
    kept = first.snapshot().conversations[5]

    second.add(talk("theirs", "ok"), at=0)
    assert first.snapshot().conversations == (talk("theirs", "ok"), *dozen)
    assert first.snapshot().conversations[6] is kept  # caught up, not read again
    assert first.follow(3, seen) == 4
    first.add(talk("ours", "ok"))
    with pytest.raises(Conflict):
        second.delete(0, dozen[0])
    second.flush()
    assert on_disk(path) == (talk("theirs", "ok"), *dozen, talk("ours", "ok"))
    assert first.snapshot() == second.snapshot()
    second.replace_all(dozen[:2], "Replaced")
    second.add(talk("after", "it"))
    assert first.snapshot().conversations == (*dozen[:2], talk("after", "it"))


@pytest.mark.parametrize("moment", ["staged", "writing", "put", "written"])
@pytest.mark.parametrize("after", [False, True], ids=["before it", "after it"])
def test_a_crash_at_any_moment_of_a_write_loses_nothing(
    store, path, dozen, talk, monkeypatch, moment, after
):
    store.add(talk("first", "ok"))
    store.flush()
    store.add(talk("second", "ok"))
    owner, name = (DataFile, "stage") if moment == "staged" else (History, "mark")
    owner, name = (DataFile, "put") if moment == "put" else (owner, name)
    original = getattr(owner, name)

    def killed(self, *arguments):
        if name == "mark" and arguments[0] != moment:
            return original(self, *arguments)
        if after:
            original(self, *arguments)
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, killed)
        with pytest.raises(KilledError):
            store.flush()

    final = (*dozen, talk("first", "ok"), talk("second", "ok"))
    assert on_disk(path) in (final, final[:-1])
    again = opened(path)
    assert again.snapshot().conversations == final
    assert again.snapshot().undo == "Added “second”"
    again.add(talk("third", "ok"))
    again.flush()
    assert on_disk(path) == (*final, talk("third", "ok"))
    for _ in range(3):
        again.undo()
    assert opened(path).snapshot().conversations == dozen
    assert not list(path.parent.glob(".*.next"))


def test_a_file_put_back_after_a_crash_was_mended_is_a_step(store, path, dozen, talk, monkeypatch):
    old = path.read_bytes()
    store.add(talk("ours", "ok"))
    put = DataFile.put

    def killed(self, staged):
        put(self, staged)
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(DataFile, "put", killed)
        with pytest.raises(KilledError):
            store.flush()
    assert opened(path).snapshot().conversations == (*dozen, talk("ours", "ok"))
    path.write_bytes(old)

    assert opened(path).snapshot().undo == OUTSIDE


def test_a_change_outside_while_edits_wait_is_a_step_and_undo_brings_ours(store, path, dozen, talk):
    store.add(talk("ours", "ok"))
    path.write_bytes(dump(dozen[:3]))

    assert store.snapshot().conversations == dozen[:3]
    assert store.snapshot().undo == OUTSIDE
    store.flush()
    assert on_disk(path) == dozen[:3]
    assert opened(path).undo() == OUTSIDE
    assert on_disk(path) == (*dozen, talk("ours", "ok"))
    assert store.snapshot().undo == "Added “ours”"


def test_a_change_outside_during_the_write_is_not_written_over(
    store, path, dozen, talk, monkeypatch
):
    store.add(talk("ours", "ok"))
    stage = DataFile.stage

    def overtaken(self, parts):
        staged = stage(self, parts)
        path.write_bytes(dump(dozen[:2]))
        return staged

    monkeypatch.setattr(DataFile, "stage", overtaken)
    store.flush()

    assert on_disk(path) == dozen[:2]
    assert not list(path.parent.glob(".*.next"))
    store.undo()
    assert on_disk(path) == (*dozen, talk("ours", "ok"))


def test_an_edit_during_the_write_waits_for_the_next_one(store, path, dozen, talk, monkeypatch):
    store.add(talk("one", "ok"))
    stage = DataFile.stage

    def overtaken(self, parts):
        staged = stage(self, parts)
        store.add(talk("two", "ok"))
        return staged

    with monkeypatch.context() as patch:
        patch.setattr(DataFile, "stage", overtaken)
        store.flush()

    final = (*dozen, talk("one", "ok"), talk("two", "ok"))
    assert on_disk(path) == final[:-1]
    assert store.snapshot().conversations == opened(path).snapshot().conversations == final
    store.flush()
    assert on_disk(path) == final


def test_an_earlier_file_put_back_after_a_write_is_a_step(store, path, dozen, talk):
    old = path.read_bytes()
    store.add(talk("one", "ok"))
    store.add(talk("two", "ok"))
    store.flush()
    path.write_bytes(old)

    assert opened(path).snapshot().conversations == dozen
    assert store.undo() == OUTSIDE
    assert on_disk(path) == (*dozen, talk("one", "ok"), talk("two", "ok"))


def test_a_change_of_equal_size_and_time_right_after_the_write_is_seen(
    store, path, dozen, talk, monkeypatch
):
    store.replace(0, dozen[0], talk("Question 1?", "AAAA"))
    put = DataFile.put

    def changed_at_once(self, staged):
        put(self, staged)
        time = path.stat().st_mtime_ns
        path.write_bytes(path.read_bytes().replace(b"AAAA", b"BBBB"))
        os.utime(path, ns=(time, time))

    monkeypatch.setattr(DataFile, "put", changed_at_once)
    store.flush()

    assert store.snapshot().conversations[0] == talk("Question 1?", "BBBB")
    assert store.snapshot().undo == OUTSIDE


def full_disk(*_args: object, **_kwargs: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    "place", ["chatbot.dataset.datafile.os.fsync", "chatbot.dataset.datafile.Path.replace"]
)
def test_a_full_disk_behind_is_said_and_the_edits_are_safe(
    store, path, dozen, talk, monkeypatch, place
):
    store.add(talk("ours", "ok"))
    before = path.read_bytes()

    with monkeypatch.context() as patch:
        patch.setattr(place, full_disk)
        with pytest.raises(OutOfResources, match="disk is full"):
            store.flush()

    assert path.read_bytes() == before
    assert "disk is full" in str(store.snapshot().trouble)
    assert store.snapshot().conversations == (*dozen, talk("ours", "ok"))
    assert sorted(p.name for p in path.parent.iterdir()) == [".history", "persona.json"]
    store.flush()
    assert store.snapshot().trouble is None
    assert on_disk(path) == (*dozen, talk("ours", "ok"))


def test_a_full_disk_refuses_the_edit_itself_where_not_even_the_journal_can_be_written(
    store, dozen, talk, monkeypatch
):
    store.add(talk("one", "ok"))
    with monkeypatch.context() as patch:
        patch.setattr("chatbot.dataset.journal.os.fsync", full_disk)
        with pytest.raises(OutOfResources):
            store.add(talk("two", "ok"))

    assert store.snapshot().conversations == (*dozen, talk("one", "ok"))
    assert opened(store.path).snapshot() == store.snapshot()


def test_a_file_broken_while_edits_wait_is_left_alone_and_they_come_back(store, path, dozen, talk):
    store.add(talk("ours", "ok"))
    path.write_bytes(b'[{"conversations": [{"fr')

    for attempt in (store.snapshot, store.flush, lambda: store.add(talk("a", "b"))):
        with pytest.raises(BadInput, match="row 1"):
            attempt()
    assert path.read_bytes() == store.raw_bytes() == b'[{"conversations": [{"fr'
    good = store.last_good()
    assert good is not None
    assert good.conversations == 13
    store.restore_last_good()
    assert on_disk(path) == (*dozen, talk("ours", "ok"))
    assert store.undo() == "Added “ours”"


def test_replacing_all_begins_with_the_edits_in_the_file(store, path, dozen, talk):
    store.add(talk("ours", "ok"))
    store.replace_all(dozen[:2], "Replaced")
    assert on_disk(path) == dozen[:2]

    store.delete(0, dozen[0])
    store.undo()
    again = opened(path)
    assert again.undo() == "Replaced"
    assert on_disk(path) == (*dozen, talk("ours", "ok"))
    again.undo()
    assert again.redo() == "Added “ours”"
    assert again.redo() == "Replaced"
    assert on_disk(path) == dozen[:2]


def test_a_file_that_does_not_exist_yet_is_made(tmp_path, talk):
    file = tmp_path / "new" / "mine.json"
    store = opened(file)
    store.add(talk("first", "one"))

    assert opened(file).snapshot().conversations == (talk("first", "one"),)
    store.flush()
    assert on_disk(file) == (talk("first", "one"),)


def test_growth_beyond_what_can_be_read_again_is_refused(store, path, dozen, talk, monkeypatch):
    monkeypatch.setattr("chatbot.dataset.datafile.MAX_KEPT_BYTES", path.stat().st_size + 200)
    store.add(talk("one", "fits"))

    with pytest.raises(OutOfResources, match="larger than"):
        store.add(talk("two", "does not"))
    store.flush()
    assert on_disk(path) == (*dozen, talk("one", "fits"))


def test_a_large_file_is_kept_for_undo_beside_the_reading(path, dozen, monkeypatch):
    monkeypatch.setattr(keeper, "SMALL", 0)
    store = opened(path)

    assert store.snapshot().conversations == dozen
    store.delete(0, dozen[0])
    path.write_bytes(dump(dozen[:4]))
    again = opened(path)
    assert again.undo() == OUTSIDE
    assert again.undo() == "Deleted “Question 1?”"
    again.flush()
    assert on_disk(path) == dozen


def test_the_file_follows_by_itself(store, path, dozen, talk, monkeypatch):
    monkeypatch.setattr("chatbot.dataset.write_behind.QUIET", 0.01)
    store.add(talk("ours", "ok"))

    until = time.monotonic() + 20
    while on_disk(path) == dozen and time.monotonic() < until:
        time.sleep(0.01)
    assert on_disk(path) == (*dozen, talk("ours", "ok"))


def test_what_a_crash_left_in_the_journal_follows_by_itself(store, path, dozen, talk, monkeypatch):
    store.add(talk("ours", "ok"))
    monkeypatch.setattr("chatbot.dataset.write_behind.QUIET", 0.01)
    opened(path).snapshot()

    until = time.monotonic() + 20
    while on_disk(path) == dozen and time.monotonic() < until:
        time.sleep(0.01)
    assert on_disk(path) == (*dozen, talk("ours", "ok"))


def test_the_end_of_the_process_writes_what_waits(path, dozen, talk):
    script = (
        "import sys; from pathlib import Path; from chatbot.messages import *;"
        "from chatbot.dataset.store import ConversationStore;"
        "store = ConversationStore(Path(sys.argv[1]), small=0);"
        "store.add(Conversation((user('ours'), assistant('ok'))))"
    )
    subprocess.run(
        [sys.executable, "-c", script, str(path)], check=True, cwd=Path(__file__).parents[3]
    )

    assert on_disk(path) == (*dozen, talk("ours", "ok"))


def test_where_nothing_may_be_written_the_journal_is_read_all_the_same(
    store, path, dozen, talk, monkeypatch
):
    store.add(talk("ours", "ok"))

    def refused(*_arguments: object) -> None:
        raise ChatbotError("The folder may not be written.")

    monkeypatch.setattr("chatbot.dataset.lock.FileLock.__enter__", refused)
    os.utime(path, (1, 1))
    again = opened(path)
    assert again.snapshot().conversations == (*dozen, talk("ours", "ok"))
    assert again.snapshot().version == store.snapshot().version
    assert again.snapshot().conversations is again.snapshot().conversations


def test_a_folder_that_was_removed_is_not_made_anew(store, path, talk):
    store.add(talk("ours", "ok"))
    folder = path.parent
    for file in sorted(folder.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    folder.rmdir()

    store.flush()
    assert not folder.exists()
