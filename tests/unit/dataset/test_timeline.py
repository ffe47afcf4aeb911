"""Every state a file was ever in."""

import gzip
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbot.dataset.datafile import version_of
from chatbot.dataset.importers import dump
from chatbot.dataset.store import ConversationStore
from chatbot.dataset.timeline import Timeline
from chatbot.errors import NotAvailable


@pytest.fixture
def timeline(path) -> Timeline:
    return Timeline(path)


def labels(timeline: Timeline) -> list[str]:
    return [version.label for version in timeline.refresh()]


def test_without_a_history_there_is_none(timeline):
    assert timeline.refresh() == []


def test_every_step_is_a_version_whose_content_comes_back(store, timeline, talk):
    states = [store.snapshot().conversations]
    store.add(talk("New?", "Yes."))
    states.append(store.snapshot().conversations)
    store.delete(0, states[-1][0])
    states.append(store.snapshot().conversations)
    store.replace_all([talk("Only", "me")], "All replaced")
    states.append(store.snapshot().conversations)
    store.undo()
    states.append(states[2])
    store.redo()
    states.append(states[3])

    found = timeline.refresh()
    assert [v.kind for v in found] == ["start", "step", "step", "step", "undo", "redo"]
    assert found[4].label == "Undo: All replaced"
    assert [timeline.content(n) for n in range(6)] == states
    assert all(v.when is not None for v in found)


def test_one_stretch_of_typing_is_one_version_as_undo_takes_it_back(store, timeline, talk):
    first = store.snapshot().conversations[0]
    for text in ("A", "An", "Ano"):
        now = talk("Question 1?", text)
        store.replace(0, store.snapshot().conversations[0], now, group="typing")
    store.undo()

    assert labels(timeline) == [
        "The beginning",
        "Edited “Question 1?”",
        "Undo: Edited “Question 1?”",
    ]
    assert timeline.content(1)[0] == talk("Question 1?", "Ano")
    assert timeline.content(2)[0] == first
    (change,) = timeline.changed(1)
    assert change.words == (1, 2)


def test_what_is_appended_later_is_taken_in(store, timeline, talk):
    store.add(talk("1"))
    assert len(timeline.refresh()) == 2
    store.add(talk("2"))
    ConversationStore(store.path).add(talk("3"))
    assert len(timeline.refresh()) == 4
    assert len(Timeline(store.path).refresh()) == 4


def test_a_change_made_outside_is_a_version(store, timeline, path, dozen, talk):
    store.add(talk("New?", "Yes."))
    path.write_bytes(dump(dozen[:3]))
    store.snapshot()

    assert labels(timeline)[-1] == "Change made outside the app"
    assert timeline.content(2) == dozen[:3]
    assert {(c.index_before, c.index) for c in timeline.changed(2)} == {
        (index, None) for index in range(3, 13)
    }


def test_a_version_is_found_by_the_file_that_held_it(store, timeline, path, talk):
    store.add(talk("New?", "Yes."))
    held = version_of(path.read_bytes())
    store.add(talk("Newer?", "Yes."))
    timeline.refresh()

    assert timeline.position(held) == 1
    assert timeline.position("0" * 64) is None


@pytest.mark.parametrize("damage", [b"{]\n", b"3\n", b'{"kind": "step"}\n', b'{"kind": "x"'])
def test_a_damaged_line_hides_no_other(store, timeline, talk, damage):
    store.add(talk("New?", "Yes."))
    journal = store.path.parent / ".history" / store.path.stem / "journal.jsonl"
    with journal.open("ab") as handle:
        handle.write(damage)

    assert len(timeline.refresh()) == 2


def test_a_lost_whole_file_is_said(store, timeline, talk):
    store.replace_all([talk("Only", "me")], "All replaced")
    folder = store.path.parent / ".history" / store.path.stem / "versions"
    for stored in folder.iterdir():
        stored.write_bytes(gzip.compress(b"[") if stored.stat().st_size % 2 else b"rubble")
    timeline.refresh()

    with pytest.raises(NotAvailable, match="gone or damaged"):
        timeline.content(1)
    with pytest.raises(NotAvailable):
        timeline.changed(1)


def test_a_bringing_back_is_one_step_that_undo_takes_back(store, timeline, dozen, talk):
    store.add(talk("New?", "Yes."))
    timeline.refresh()
    store.replace_all(timeline.content(0), "Brought back")
    assert store.snapshot().conversations == dozen
    store.undo()
    assert len(store.snapshot().conversations) == 13


def test_an_entry_taken_back_and_another_in_its_place_are_told_right(store, timeline, talk):
    store.add(talk("New?", "Yes."))
    journal = store.path.parent / ".history" / store.path.stem / "journal.jsonl"
    before = journal.read_bytes()
    store.add(talk("Taken back"))
    assert len(timeline.refresh()) == 3
    written = journal.read_bytes()[len(before) :]
    journal.write_bytes(before + written.replace(b"Taken back", b"Longer than that one"))

    assert labels(timeline)[-1] == "Added “Longer than that one”"
    assert len(timeline.refresh()) == 3


def test_a_lost_beginning_is_said(store, timeline, talk):
    store.add(talk("New?", "Yes."))
    journal = store.path.parent / ".history" / store.path.stem / "journal.jsonl"
    journal.write_bytes(b"rubble\n" + journal.read_bytes().split(b"\n", 1)[1])

    assert labels(timeline) == ["Added “New?”"]
    for position in (0, 1):
        with pytest.raises(NotAvailable):
            timeline.content(position)


def test_lines_of_kinds_to_come_are_passed_over(store, timeline, talk):
    store.add(talk("New?", "Yes."))
    journal = store.path.parent / ".history" / store.path.stem / "journal.jsonl"
    with journal.open("ab") as handle:
        handle.write(b'{"kind": "something", "to": "x", "at": "2030-01-01"}\n')

    assert labels(timeline) == ["The beginning", "Added “New?”"]


def test_many_threads_see_every_version_once(store, timeline, talk):
    for number in range(30):
        store.add(talk(f"Question {number}"))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: timeline.refresh(), range(32)))

    assert {len(versions) for versions in found} == {31}


def test_words_are_counted_for_edits_and_for_whole_files(store, timeline, talk):
    store.add(talk("New friend?", "Yes."))
    store.replace_all([talk("Only", "me")], "All replaced")
    timeline.refresh()

    assert timeline.words(0) == (0, 0)
    assert timeline.words(1) == (3, 0)
    added, removed = timeline.words(2)
    assert added == 2
    assert removed > 40
    assert timeline.compared(1, 2) == (timeline.changed(2), (added, removed))
    assert timeline.compared(0, 0) == ([], (0, 0))


DEEDS = ["add", "type", "type", "other", "delete", "all", "undo", "redo", "outside", "spaces"]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.sampled_from(DEEDS), max_size=12), st.sampled_from([0, 2**21]))
def test_the_last_version_is_what_stands_there(tmp_path_factory, talk, deeds, small):
    path = tmp_path_factory.mktemp("timeline") / "persona.json"
    path.write_bytes(dump([talk("Hi", "Hello!")]))
    store, timeline = ConversationStore(path, small=small), Timeline(path)
    for number, deed in enumerate(deeds):
        now = store.snapshot()
        rows = now.conversations
        if deed == "add":
            store.add(talk(f"Question {number}", "Answer"), at=number % (len(rows) + 1))
        elif deed in ("type", "other") and rows:
            group = "typing" if deed == "type" else ""
            store.replace(0, rows[0], talk("Hi", f"Text {number}"), group=group)
        elif deed == "delete" and rows:
            store.delete(len(rows) - 1, rows[-1])
        elif deed == "all":
            store.replace_all([talk(f"All {number}", "new")], "All")
        elif deed == "undo" and now.undo:
            store.undo()
        elif deed == "redo" and now.redo:
            store.redo()
        elif deed == "outside":
            store.flush()
            path.write_bytes(dump([talk(f"Outside {number}", "new")]))
        elif deed == "spaces":
            store.flush()
            path.write_bytes(path.read_bytes() + b" " * (number + 1))
        now = store.snapshot()
        if found := timeline.refresh():
            assert timeline.content(len(found) - 1) == now.conversations
            assert timeline.position(now.version) == len(found) - 1
    store.flush()
