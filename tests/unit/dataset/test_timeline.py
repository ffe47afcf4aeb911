"""Every state a file was ever in."""

import gzip

import pytest

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
