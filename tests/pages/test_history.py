"""The History view: what changed in each version, text that stays text, and the way back."""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from chatbot.dataset.datafile import version_of
from chatbot.dataset.importers import dump
from chatbot.dataset.store import ConversationStore
from tests.pages.dataset_page import captions, click, component, opened, ran, rows, talk

NASTY = "**bold** <b>x</b> ![i](http://evil.example/i.png) :red[r] $x$"


@pytest.fixture
def file(home: Path) -> Path:
    path = home / "data" / "custom_chat_data.json"
    path.write_bytes(dump([talk("Hi", "Hello there!"), talk("Who are you?", "A keeper.")]))
    store = ConversationStore(path)
    store.replace(0, store.snapshot().conversations[0], talk("Hi", "Hello friend!"))
    store.add(talk("Nasty?", NASTY))
    return path


@pytest.fixture
def page(file: Path) -> AppTest:
    at = opened()
    at.session_state["dataset_view"] = "History"
    return ran(at)


def look_at(at: AppTest, position: int) -> AppTest:
    at.session_state["own_dataset"].version = position
    return ran(at)


def said(at: AppTest) -> str:
    return "\n".join(markdown.value for markdown in at.markdown)


def test_the_versions_are_listed_newest_first_with_their_words(page):
    listed = component(page, "dataset_versions")["rows"]

    assert [row["title"] for row in listed] == ["Added “Nasty?”", "Edited “Hi”", "The beginning"]
    assert "+1" in listed[1]["aside"]
    assert "+" not in listed[2]["aside"]


def test_what_changed_is_told_word_by_word(page):
    look_at(page, 1)

    assert ":red-background[- ~~there~~] :green-background[+ friend]" in said(page)
    assert "+1 words" in said(page)


def test_text_of_the_data_stays_text(page):
    assert "![" not in said(page)
    assert "<b>" not in said(page)
    assert r"\*\*bold" in said(page)


def test_a_version_is_brought_back_in_one_step_that_undo_takes_back(page, file):
    before = rows(file)
    look_at(page, 0)
    click(page, "dataset_bring_back")

    assert rows(file) == [["Hi", "Hello there!"], ["Who are you?", "A keeper."]]
    click(page, "dataset_undo")
    assert rows(file) == before


def test_any_two_versions_are_compared(page):
    look_at(page, 0)
    page.selectbox(key="dataset_compare_0").set_value("now")
    ran(page)

    assert "**2 conversations** changed" in said(page)


def test_the_run_that_learned_from_a_version_is_named(page, file, home):
    run = home / "models" / "runs" / "20300101-000000-test"
    run.mkdir(parents=True)
    (run / "config.json").write_text("{}")
    (run / "status.json").write_text(json.dumps({"state": "finished"}))
    (run / "run.json").write_text(json.dumps({"dataset_sha256": version_of(file.read_bytes())}))
    ran(page)

    assert any("learned from this version" in caption for caption in captions(page))
    assert "trained on" in component(page, "dataset_versions")["rows"][0]["aside"]


def test_many_changes_are_paged(page, file):
    ConversationStore(file).replace_all([talk(f"New {n}", "Yes") for n in range(45)], "All new")
    look_at(page, 3)

    assert "**45 conversations** changed" in said(page)
    assert 0 < said(page).count("New") <= 20
