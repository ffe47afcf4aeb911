"""One change for many conversations: seen first, one step of undo, nobody overwritten."""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from chatbot.dataset.importers import dump
from chatbot.dataset.store import ConversationStore
from tests.pages.dataset_page import captions, click, listed, opened, ran, rows, talk


@pytest.fixture
def file(home: Path) -> Path:
    path = home / "data" / "custom_chat_data.json"
    talks = [talk(f"What is {n}?", "Wick says: a number, {{friend}}.") for n in range(1, 31)]
    path.write_bytes(dump([*talks, talk("Who are you?", "I'm Wick. **WICK!**")]))
    return path


@pytest.fixture
def page(file: Path) -> AppTest:
    return click(opened(), "dataset_change_open")


def action(at: AppTest, name: str) -> AppTest:
    at.selectbox(key="dataset_change_action").set_value(name)
    return ran(at)


def fill(at: AppTest, **texts: str) -> AppTest:
    for name, text in texts.items():
        at.text_input(key=f"dataset_{name}").set_value(text)
    return ran(at)


def keys(at: AppTest) -> set[str]:
    return {str(button.key) for button in at.button}


def test_nothing_is_offered_before_it_is_said_what_to_find(page):
    assert "dataset_change_apply" not in keys(page)
    fill(page, find="nowhere")
    assert "Nothing in these conversations would change." in captions(page)
    assert "dataset_change_apply" not in keys(page)


def test_find_and_replace_shows_places_first_and_is_one_step_of_undo(page, file):
    before = file.read_bytes()
    fill(page, find="number", replace="lamp")
    previews = [m.value for m in page.markdown if ":red-background[" in m.value]
    assert len(previews) == 5
    assert previews[0].startswith("**1** Bot: Wick says")
    assert "and 25 more" in captions(page)
    assert file.read_bytes() == before

    click(page, "dataset_change_apply")
    assert rows(file)[0] == ["What is 1?", "Wick says: a lamp, {{friend}}."]
    click(page, "dataset_undo")
    assert file.read_bytes() == before


def test_only_the_list_s_conversations_change(page, file):
    page.text_input(key="dataset_search").set_value("what 7")
    ran(page)
    assert len(listed(page)) == 3  # 7, 17, 27
    fill(action(page, "tag"), tag="seven")
    click(page, "dataset_change_apply")

    tagged = [n for n, row in enumerate(json.loads(file.read_text()), 1) if "tags" in row]
    assert tagged == [7, 17, 27]


def test_a_tag_is_taken_away_again(page, file):
    before = file.read_bytes()
    fill(action(page, "tag"), tag="all")
    click(page, "dataset_change_apply")
    click(page, "dataset_change_open")
    action(page, "untag")
    click(page, "dataset_change_apply")

    assert file.read_bytes() == before


def test_the_bot_gets_another_name(page, file):
    fill(action(page, "rename"), old_name="Wick", new_name="Ada")
    click(page, "dataset_change_apply")

    assert rows(file)[0][1].startswith("Ada says")
    assert rows(file)[30][1] == "I'm Ada. **ADA!**"


def test_places_are_filled_in(page, file):
    fill(action(page, "fill"), place_friend="sailor")
    click(page, "dataset_change_apply")

    assert rows(file)[4][1] == "Wick says: a number, sailor."


def test_deleting_all_says_how_many_stay(page, file):
    page.text_input(key="dataset_search").set_value("what")
    ran(page)
    action(page, "delete")
    assert page.button(key="dataset_change_apply").label == "Delete, and keep 1: 30 conversations"
    click(page, "dataset_change_apply")

    assert rows(file) == [["Who are you?", "I'm Wick. **WICK!**"]]


def test_a_tag_that_is_too_long_is_said(page):
    fill(action(page, "tag"), tag="x" * 41)

    assert "at most 40 characters" in page.error[0].value
    assert "dataset_change_apply" not in keys(page)


def test_a_change_made_elsewhere_meanwhile_is_not_overwritten(page, file):
    fill(page, find="number", replace="lamp")
    other = ConversationStore(file)
    other.replace(0, other.snapshot().conversations[0], talk("Theirs?", "A number."))
    click(page, "dataset_change_apply")

    assert rows(file)[0] == ["Theirs?", "A number."]
    assert "changed elsewhere" in page.error[0].value
    click(page, "dataset_change_apply")  # once more, now that it is shown with theirs
    assert rows(file)[0] == ["Theirs?", "A lamp."]


def test_signs_in_names_and_places_are_shown_as_letters(page):
    fill(page, find="**WICK!**", replace="![x](http://evil.example/a.png)")

    preview = next(m.value for m in page.markdown if ":red-background[" in m.value)
    assert r"\*\*WICK\!\*\*" in preview
    assert r"\!\[x\]" in preview
