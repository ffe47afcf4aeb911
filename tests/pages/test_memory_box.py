"""What the bot remembers, on the chat page: seen, put right, erased, switched off."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from chatbot.memory import Memory, room
from chatbot.transcripts import Transcript, TranscriptStore, Turn, new_id
from pages.ui import browser
from tests.pages.test_chat import click, opened, ran, rendered, until

ANNA, EVE = "1" * 32, "2" * 32


@pytest.fixture
def visitor(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Whose browser it is."""
    who = SimpleNamespace(owner=ANNA)
    monkeypatch.setattr(browser, "owner", lambda: who.owner)
    return who


def saved(*questions: str, owner: str = ANNA, answer: str = "Rain and old radios.") -> str:
    chat = new_id()
    turns = tuple(Turn(question, answer, "done") for question in questions)
    TranscriptStore().save(Transcript(chat, turns, "tiny", owner=owner))
    return chat


def fields(at: AppTest) -> list[str]:
    return [f.value for f in at.text_input if str(f.key).startswith("memory-fact-")]


def fact(at: AppTest, line: str) -> str:
    return next(
        str(f.key)
        for f in at.text_input
        if f.value == line and str(f.key).startswith("memory-fact-")
    )


def test_facts_are_seen_put_right_added_and_erased(with_model: Path, visitor: object) -> None:
    chat = saved("My name is Anna", "remember that I like **tea**")
    at = opened(chat)
    assert fields(at) == ["My name is Anna", "I like **tea**"]
    at.text_input(key=fact(at, "My name is Anna")).set_value("My name is Ann")
    ran(at)
    at.text_input(key=f"memory-add-{chat[:8]}").set_value(" I have a dog ")
    ran(at)
    assert fields(at) == ["My name is Ann", "I like **tea**", "I have a dog"]
    assert at.text_input(key=f"memory-add-{chat[:8]}").value == ""
    at.button(key=f"{fact(at, 'I like **tea**')}-erase").click()
    ran(at)
    at.text_input(key=fact(at, "I have a dog")).set_value(" ")
    ran(at)
    assert fields(at) == ["My name is Ann"]
    assert fields(opened(chat)) == ["My name is Ann"]  # after a refresh


def test_all_can_be_erased_and_brought_back(with_model: Path, visitor: object) -> None:
    at = opened(saved("My name is Anna", "remember that I like tea"))
    click(at, "Erase all")
    assert fields(at) == []
    click(at, "Bring back what was erased")
    assert fields(at) == ["My name is Anna", "I like tea"]


def test_the_switch_is_saved(with_model: Path, visitor: object) -> None:
    chat = saved("My name is Anna")
    at = opened(chat)
    at.toggle(key=f"memory-on-{chat[:8]}").set_value(False)
    ran(at)
    assert fields(at) == []
    stored = TranscriptStore().load(chat)
    assert stored is not None
    assert "memory" in stored.without
    at.toggle(key=f"memory-on-{chat[:8]}").set_value(True)
    ran(at)
    assert fields(at) == ["My name is Anna"]


def test_kept_for_the_next_chats_of_this_browser_only(
    with_model: Path, visitor: SimpleNamespace
) -> None:
    chat = saved("My name is Anna")
    at = opened(chat)
    at.toggle(key=f"memory-keep-{chat[:8]}").set_value(True)
    ran(at)
    following = saved("Hello")
    assert fields(opened(following)) == ["My name is Anna"]
    visitor.owner = EVE
    at = opened(following)  # by its address
    assert fields(at) == []
    assert at.toggle(key=f"memory-keep-{following[:8]}").disabled


def test_an_undone_turn_is_not_known_in_the_next_chat(with_model: Path, visitor: object) -> None:
    chat = saved("Hello", "My name is Anna")
    Memory().keep(chat, ANNA, TranscriptStore().load(chat).messages(), on=True)  # type: ignore[union-attr]
    at = opened(chat)
    last = TranscriptStore().load(chat).turns[-1].id  # type: ignore[union-attr]
    at.button(key=f"delete-{last}").click()
    ran(at)
    assert fields(at) == []
    assert fields(opened(saved("Hello"))) == []


def test_a_damaged_file_is_told_of(with_model: Path, visitor: object) -> None:
    chat = saved("My name is Anna")
    path = with_model / "data" / ".memory" / f"{chat}.json"
    path.parent.mkdir(parents=True)
    path.write_text("{")
    at = opened(chat)
    assert fields(at) == ["My name is Anna"]
    assert path.name in rendered(at).replace("\\", "")


def test_a_model_too_small_for_notes_is_named(with_model: Path, visitor: object) -> None:
    at = until(opened(saved("My name is Anna")), lambda at: bool(at.code))
    assert "too small" in rendered(at)
    assert "From memory" not in rendered(at)


def test_the_meter_and_the_exact_prompt_tell_what_was_added(
    with_model: Path, visitor: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "SMALLEST_READER", 0)
    chat = saved("My name is Al", *(f"My cousin Nr{n} sold {n} boats." for n in range(30)))
    at = until(opened(chat), lambda at: bool(at.code))
    assert "From memory, among it: 1 fact" in rendered(at)
    assert "Al" in at.code[0].value.split("user\n")[0]
    assert "oldest messages are not read any more" in rendered(at).replace("\\", "")
    at.toggle(key=f"memory-on-{chat[:8]}").set_value(False)
    ran(at)
    assert "From memory" not in rendered(at)


def test_many_facts_are_drawn_when_asked_for(with_model: Path, visitor: object) -> None:
    at = opened(saved(*(f"remember that {n} is mine" for n in range(20))))
    assert len(fields(at)) == 12
    click(at, "Show 8 more")
    assert len(fields(at)) == 20
