"""The History view: look, compare, bring back."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from chatbot.dataset.importers import dump
from chatbot.dataset.store import ConversationStore
from chatbot.training.runs import Run
from pages.ui import dataset_history
from tests.pages.dataset_page import captions, click, component, opened, ran, rows, talk


@pytest.fixture
def file(home: Path) -> Path:
    path = home / "data" / "custom_chat_data.json"
    path.write_bytes(dump([talk(f"Q{n}", f"A{n}") for n in range(1, 30)]))
    store = ConversationStore(path)
    first = store.snapshot().conversations[0]
    store.replace(0, first, talk("Q1", "A1 and *more*"))
    store.add(talk("New?", "Yes."))
    store.delete(1, talk("Q2", "A2"))
    return path


@pytest.fixture
def page(file: Path) -> AppTest:
    at = opened()
    at.segmented_control(key="dataset_view").set_value("History")
    return ran(at)


def listed(at: AppTest) -> list[tuple[str, str]]:
    found = component(at, "dataset_versions")["rows"]
    return [(row["title"], row["aside"].rpartition(" · ")[0]) for row in found]


def look(at: AppTest, position: int) -> AppTest:
    at.session_state["own_dataset"].version = position
    return ran(at)


def changes(at: AppTest) -> list[str]:
    return [m.value for m in at.markdown if m.value.startswith("**User") or "**Bot" in m.value]


def test_all_versions_stand_there_with_the_words_that_came_and_went(page):
    assert listed(page) == [
        ("Deleted “Q2”", "-2"),
        ("Added “New?”", "+2"),
        ("Edited “Q1”", "+2"),
        ("The beginning", ""),
    ]
    assert any("the present one" in caption for caption in captions(page))


def test_what_changed_is_shown_word_by_word_as_letters(page):
    look(page, 1)

    assert changes(page)[1] == r"**Bot:** A1 :green-background[+ and \*more\*]"
    assert any("**1 conversation** changed" in m.value for m in page.markdown)


def test_every_paragraph_of_what_came_is_marked_by_itself(file):
    store = ConversationStore(file)
    store.add(talk("Tell me more", "One.\n\nTwo\nthree."))
    at = opened()
    at.segmented_control(key="dataset_view").set_value("History")
    ran(at)

    bot = next(text for text in changes(at) if "Two" in text)
    assert bot.split("**Bot:** ")[1].splitlines() == [
        r":green-background[+ One\.]",
        "",
        ":green-background[+ Two]",
        r":green-background[+ three\.]",
    ]


def test_a_version_is_compared_with_now(page):
    look(page, 0)
    page.selectbox(key="dataset_compare_0").set_value("now")
    ran(page)

    assert any("**3 conversations** changed" in m.value for m in page.markdown)
    assert any("Conversation 2, deleted" in caption for caption in captions(page))
    assert any("Conversation 29, new" in caption for caption in captions(page))


def test_how_it_was_can_be_looked_at(page):
    look(page, 0)
    page.segmented_control(key="dataset_version_view").set_value("How it was")
    ran(page)

    assert "It had 29 conversations." in captions(page)
    assert [t.value for t in page.text][:4] == ["Q1", "A1", "Q2", "A2"]


def test_a_version_comes_back_and_undo_takes_it_back(page, file):
    before = file.read_bytes()
    look(page, 1)
    click(page, "dataset_bring_back")

    assert rows(file)[:2] == [["Q1", "A1 and *more*"], ["Q2", "A2"]]
    assert len(rows(file)) == 29
    click(page, "dataset_undo")
    assert file.read_bytes() == before


def test_a_version_that_is_lost_is_said(page, file):
    for stored in (file.parent / ".history" / file.stem / "versions").iterdir():
        stored.unlink()
    look(page, 2)
    page.segmented_control(key="dataset_version_view").set_value("How it was")
    ran(page)

    assert "gone or damaged" in page.error[0].value


def test_the_run_that_learned_from_a_version_is_named(page, file, monkeypatch, tmp_path):
    from chatbot.dataset.timeline import Timeline

    class Learned(Run):
        facts = {"dataset_sha256": Timeline(file).refresh()[2].id}  # noqa: RUF012

    monkeypatch.setattr(dataset_history, "list_runs", lambda: [Learned(tmp_path / "run-7")])
    look(page, 2)

    assert any("run\\-7 learned from this version" in caption for caption in captions(page))


def test_without_a_change_there_is_no_history(home):
    (home / "data" / "custom_chat_data.json").write_bytes(dump([]))
    at = opened()

    assert "No conversations yet" in [s.value for s in at.subheader]
