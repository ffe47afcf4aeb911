"""Writing a conversation: turns split, joined and duplicated; tags, note and like."""

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.runtime.scriptrunner import StopException
from streamlit.testing.v1 import AppTest

from chatbot.dataset.importers import dump
from pages.ui import dataset_actions, dataset_turns
from pages.ui.dataset_state import Memory
from tests.pages.dataset_page import (
    captions,
    click,
    component,
    listed,
    opened,
    ran,
    rows,
    talk,
    turn_of,
    turns,
)


@pytest.fixture
def file(home: Path) -> Path:
    path = home / "data" / "custom_chat_data.json"
    talks = [talk(f"Q{n}", f"A{n}") for n in range(1, 30)]
    path.write_bytes(dump([talk("Hi", "Hello there", "More?", "Gladly."), *talks]))
    return path


@pytest.fixture
def page(file: Path) -> AppTest:
    return opened()


def chosen(at: AppTest, what: str, turn: int) -> AppTest:
    """Choose something in a turn's menu."""
    at.get_by_key(f"more-{turn_of(at, turn)}").click(what)
    return ran(at)


def pressed(page: AppTest, monkeypatch: pytest.MonkeyPatch, **command: Any) -> AppTest:
    """What the browser's part says, which AppTest does not run."""
    memory = page.session_state["own_dataset"]
    with monkeypatch.context() as patched:
        patched.setattr(dataset_turns.dataset_state, "memory", lambda: memory)
        patched.setattr("pages.ui.dataset_actions.dataset_state.memory", lambda: memory)
        patched.setattr(dataset_turns, "typed", lambda draft: draft)
        dataset_turns.command(command)
    return ran(page)


def extra(file: Path, row: int = 0) -> dict[str, Any]:
    found = json.loads(file.read_text())[row]
    return {key: found[key] for key in found if key != "conversations"}


def test_a_turn_is_joined_with_the_one_before_and_duplicated(page, file):
    chosen(page, "joined", 3)
    assert turns(page) == ["Hi", "Hello there", "More?\nGladly."]
    chosen(page, "duplicated", 0)
    assert rows(file)[0] == ["Hi", "Hi", "Hello there", "More?\nGladly."]
    click(page, "dataset_undo")
    click(page, "dataset_undo")
    assert turns(page) == ["Hi", "Hello there", "More?", "Gladly."]


def test_the_first_turn_has_none_to_be_joined_with(page):
    options = page.get_by_key(f"more-{turn_of(page, 0)}").options

    assert [option.split(": ")[1] for option in options] == ["Split at the cursor", "Duplicate"]


def test_a_split_asks_where_the_cursor_stands_and_is_done_there(page, file, monkeypatch):
    chosen(page, "split", 1)
    key = component(page, "dataset_writing")["cursorOf"]
    assert key == f"turn-{turn_of(page, 1)}"

    pressed(page, monkeypatch, name="split", key=key, text="Hello there", at=6)
    assert rows(file)[0] == ["Hi", "Hello", "there", "More?", "Gladly."]
    assert component(page, "dataset_writing")["cursorOf"] == ""
    assert component(page, "dataset_writing")["focus"] == f"turn-{turn_of(page, 2)}"


def test_keys_write_what_stands_in_the_text_area_first(page, file, monkeypatch):
    key = f"turn-{turn_of(page, 3)}"

    pressed(page, monkeypatch, name="next", key=key, text="Gladly, sailor.", at=3)
    assert rows(file)[0] == ["Hi", "Hello there", "More?", "Gladly, sailor.", ""]
    assert component(page, "dataset_writing")["focus"] == f"turn-{turn_of(page, 4)}"


@pytest.mark.parametrize(
    ("name", "turn", "expected"),
    [
        ("up", 3, ["Hi", "Hello there", "Gladly.", "More?"]),
        ("down", 0, ["Hello there", "Hi", "More?", "Gladly."]),
        ("duplicated", 3, ["Hi", "Hello there", "More?", "Gladly.", "Gladly."]),
        ("deleted", 0, ["Hello there", "More?", "Gladly."]),
        ("joined", 1, ["Hi\nHello there", "More?", "Gladly."]),
        ("split", 3, ["Hi", "Hello there", "More?", "Gladly.", ""]),
    ],
)
def test_every_key_does_what_it_says(page, file, monkeypatch, name, turn, expected):
    key = f"turn-{turn_of(page, turn)}"

    pressed(page, monkeypatch, name=name, key=key, text=turns(page)[turn], at=99)
    assert rows(file)[0] == expected


@pytest.mark.parametrize(
    "strange",
    [{}, {"name": "deleted"}, {"name": "deleted", "key": "turn-x"}, {"name": 3, "key": 4}],
)
def test_a_strange_command_does_nothing(page, file, monkeypatch, strange):
    before = file.read_bytes()

    pressed(page, monkeypatch, **strange)
    assert file.read_bytes() == before


def test_a_key_that_can_t_be_obeyed_says_why(page, file, monkeypatch):
    pressed(page, monkeypatch, name="joined", key=f"turn-{turn_of(page, 0)}", text="Hi", at=0)

    assert "no turn before the first" in page.error[0].value
    assert rows(file)[0][0] == "Hi"


def test_tags_note_and_like_stand_beside_the_turns(page, file):
    name = turn_of(page, 0)
    page.multiselect(key=f"tags-{name}").set_value(["sea", "two  words"])
    ran(page)
    page.text_area(key=f"note-{name}").set_value("look again ")
    ran(page)
    click(page, "dataset_like")
    assert extra(file) == {"tags": ["sea", "two words"], "note": "look again", "liked": True}
    assert page.multiselect(key=f"tags-{name}").value == ["sea", "two words"]

    click(page, "dataset_like")
    assert "liked" not in extra(file)
    for _ in range(4):
        click(page, "dataset_undo")
    assert extra(file) == {}
    assert page.multiselect(key=f"tags-{name}").value == []


def test_the_list_is_filtered_by_tag_like_and_length_and_sorted(page):
    page.multiselect(key=f"tags-{turn_of(page, 0)}").set_value(["sea"])
    ran(page)
    page.multiselect(key="dataset_filter_tags").set_value(["sea"])
    ran(page)
    assert listed(page) == ["Hi"]
    click(page, "dataset_unfilter")
    assert len(listed(page)) == 20

    page.selectbox(key="dataset_filter_length").set_value("some")
    ran(page)
    assert listed(page) == ["Hi"]
    page.toggle(key="dataset_filter_liked").set_value(True)
    ran(page)
    assert "No conversation passes these filters." in captions(page)
    click(page, "dataset_clear")
    page.selectbox(key="dataset_order").set_value("newest")
    ran(page)
    assert listed(page)[:2] == ["Q29", "Q28"]
    click(page, "dataset_previous")  # the one before the open one, which stands last
    assert turns(page) == ["Q1", "A1"]


def test_a_conversation_is_duplicated_beside_itself(page, file):
    click(page, "dataset_duplicate")

    assert rows(file)[:2] == [["Hi", "Hello there", "More?", "Gladly."]] * 2
    assert len(rows(file)) == 31


def test_keys_that_a_stopped_run_did_not_obey_are_obeyed_by_the_next(page, file, monkeypatch):
    chosen(page, "joined", 3)
    chosen(page, "duplicated", 0)
    monkeypatch.setattr("pages.ui.writing.steps", lambda key: ("browser", ["undo", "undo"]))
    free, asked = dataset_actions.free, []

    def stopped_at_the_second(memory: Memory) -> bool:
        asked.append(memory)
        if len(asked) == 2:
            raise StopException
        return free(memory)

    monkeypatch.setattr(dataset_actions, "free", stopped_at_the_second)
    page.run()
    assert rows(file)[0] == ["Hi", "Hello there", "More?\nGladly."]

    ran(page)
    assert turns(page) == rows(file)[0] == ["Hi", "Hello there", "More?", "Gladly."]
    ran(page)
    assert turns(page) == ["Hi", "Hello there", "More?", "Gladly."]
    click(page, "dataset_redo")
    click(page, "dataset_redo")
    assert turns(page) == ["Hi", "Hi", "Hello there", "More?\nGladly."]
