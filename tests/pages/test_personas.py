"""Personas on the Dataset page: each shows its own conversations, and a deleted one comes back."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from chatbot.dataset import personas
from chatbot.dataset.importers import dump
from chatbot.dataset.personas import FIRST
from chatbot.dataset.store import ConversationStore
from tests.pages.dataset_page import areas, captions, click, opened, ran, rows, talk, turns


@pytest.fixture
def file(home: Path) -> Path:
    path = home / "data" / "custom_chat_data.json"
    path.write_bytes(dump([talk("Hi", "I am the first.")]))
    return path


@pytest.fixture
def page(file: Path) -> AppTest:
    return opened()


def make(at: AppTest, name: str, button: str) -> AppTest:
    at.text_input(key="dataset_persona_new_name").set_value(name)
    return click(at, f"dataset_persona_{button}")


def names() -> list[str]:
    return [persona.name for persona in personas.personas()]


def test_a_new_one_is_shown_and_has_nothing_of_the_first(page, file):
    make(page, "Keeper *of* <lights>", "new")

    assert names() == ["My bot", "Keeper *of* <lights>"]
    assert personas.chosen().name == "Keeper *of* <lights>"
    assert turns(page) == []
    assert rows(file) == [["Hi", "I am the first."]]


def test_a_copy_goes_its_own_way(page, file):
    make(page, "Twin", "copy")
    assert turns(page) == ["Hi", "I am the first."]
    areas(page)[1].set_value("I am the twin.")
    ran(page)

    assert rows(personas.chosen().path) == [["Hi", "I am the twin."]]
    assert rows(file) == [["Hi", "I am the first."]]


def test_choosing_another_one_shows_its_conversations(page):
    make(page, "Twin", "copy")
    ConversationStore(personas.chosen().path).add(talk("Only the twin"), at=0)
    page.radio(key="dataset_persona").set_value(personas.FIRST)
    ran(page)

    assert personas.chosen().key == personas.FIRST
    assert turns(page) == ["Hi", "I am the first."]


def test_what_is_typed_is_saved_before_another_one_is_shown(page, file):
    areas(page)[1].set_value("Typed just now")
    make(page, "Another", "new")

    assert rows(file) == [["Hi", "Typed just now"]]


def test_a_deleted_one_is_brought_back(page):
    make(page, "Twin", "copy")
    click(page, "dataset_persona_delete")
    assert names() == ["My bot"]
    assert turns(page) == ["Hi", "I am the first."]
    back = next(b for b in page.button if str(b.key).startswith("dataset_persona_back_"))
    click(page, str(back.key))

    assert names() == ["My bot", "Twin"]
    assert personas.chosen().name == "Twin"


def test_the_first_one_can_only_be_renamed(page):
    assert page.button(key="dataset_persona_delete").disabled
    page.text_input(key="dataset_persona_name").set_value("Old lamp")
    ran(page)

    assert names() == ["Old lamp"]


@pytest.mark.parametrize("name", ["", "   ", "///", "my BOT"])
def test_a_name_that_can_t_be_is_said(page, name):
    make(page, name, "new")

    assert len(page.error) == 1
    assert names() == ["My bot"]


def test_another_tab_keeps_its_persona_when_this_one_chooses(page):
    other = opened()
    make(page, "Twin", "new")
    ran(other)

    assert turns(other) == ["Hi", "I am the first."]


def test_one_deleted_elsewhere_gives_way_to_the_chosen_one(page):
    make(page, "Twin", "new")
    personas.delete(personas.chosen().key)
    ran(page)

    assert turns(page) == ["Hi", "I am the first."]
    said = [*captions(page), *(info.value for info in page.info), *(t.value for t in page.toast)]
    assert any("deleted elsewhere" in text for text in said)


def test_fine_tune_learns_from_the_chosen_persona(file):
    file.write_bytes(dump([talk(f"Q{n}", f"A{n}") for n in range(1, 30)]))
    ada = personas.new("Ada", dump([talk(f"Q{n}", f"A{n}") for n in range(1, 13)]))
    page = AppTest.from_file(
        str(Path(__file__).parents[2] / "pages" / "fine_tune.py"), default_timeout=60
    )
    ran(page)

    assert page.selectbox(key="ft_persona").value == ada.key
    epochs = page.number_input(key="ft_field_epochs_lora_balanced").value
    assert any("11 conversations to learn from" in c.value for c in page.caption)
    page.selectbox(key="ft_persona").set_value(FIRST)
    ran(page)
    assert any("26 conversations to learn from" in c.value for c in page.caption)
    fewer = page.number_input(key="ft_field_epochs_lora_balanced").value
    assert fewer < epochs  # the preset goes by the data of the other persona now
