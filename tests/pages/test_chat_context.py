"""Below a chat: how full the window is, and the exact prompt; beside it: who the bot is."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

from chatbot.persona_text import TEMPLATES
from chatbot.transcripts import Transcript, TranscriptStore, Turn, new_id
from tests.pages.test_chat import opened, ran, rendered, until


def with_turns(count: int) -> tuple[str, AppTest]:
    chat = new_id()
    turns = tuple(Turn(f"What about {n}?", "Rain and old radios.", "done") for n in range(count))
    TranscriptStore().save(Transcript(chat, turns, "tiny"))
    return chat, until(opened(chat), lambda at: bool(at.code))


def progress(at: AppTest) -> str:
    return next(str(one.proto.text) for one in at.get("progress"))


def test_the_meter_tells_how_full_the_window_is(with_model: Path) -> None:
    _, at = with_turns(2)
    assert "of 256 tokens" in progress(at)
    assert "What about 1?" in at.code[0].value
    assert "not read any more" not in rendered(at)


def test_what_no_longer_fits_is_named(with_model: Path) -> None:
    _, at = with_turns(20)
    said = rendered(at).replace("\\", "")
    assert "oldest messages are not read any more. It reads from “What about" in said
    assert "What about 0?" not in at.code[0].value


def test_an_empty_chat_has_no_meter(with_model: Path) -> None:
    assert not opened().get("progress")


def test_a_persona_is_saved_as_it_is_written_and_read_by_the_model(with_model: Path) -> None:
    chat, at = with_turns(1)
    short = chat[:8]
    at.text_area(key=f"persona-text-{short}").set_value("You are {{bot}}, a keeper. {{mood}}")
    ran(at)
    at.text_input(key=f"persona-bot-{short}").set_value("Wick")
    ran(at)
    assert "Nothing is known for mood" in rendered(at).replace("\\", "")
    assert "You are Wick, a keeper. {{mood}}" in [text.value for text in at.text]
    assert "You are Wick, a keeper." in at.code[0].value
    saved = TranscriptStore().load(chat)
    assert saved is not None
    assert (saved.persona.bot, saved.persona.user) == ("Wick", "")
    again = opened(chat)  # after a refresh
    assert again.text_area(key=f"persona-text-{short}").value == saved.persona.text


def test_a_template_is_a_start(with_model: Path) -> None:
    chat, at = with_turns(1)
    name = next(iter(TEMPLATES))
    at.selectbox(key=f"persona-template-{chat[:8]}").set_value(name)
    ran(at)
    assert at.text_area(key=f"persona-text-{chat[:8]}").value == TEMPLATES[name]
    saved = TranscriptStore().load(chat)
    assert saved is not None
    assert saved.persona.text == TEMPLATES[name]


def test_a_persona_that_fills_the_window_is_told(with_model: Path) -> None:
    chat, at = with_turns(1)
    at.text_area(key=f"persona-text-{chat[:8]}").set_value("tea and rain " * 300)
    ran(at)
    assert "too long for this model" in rendered(at).replace("\\", "")
