"""Who the bot is: places are filled in, what nobody knows stays, and the model is told first."""

import json
import re
import shutil
import time
from datetime import date
from pathlib import Path

import pytest

from chatbot.answering import Answering, Request
from chatbot.engine.sampling import SamplingParams
from chatbot.engine_room import Choice, EngineRoom
from chatbot.errors import BadInput
from chatbot.persona_text import PLACES, TEMPLATES, PersonaText
from chatbot.transcripts import TranscriptStore, new_id

DAY = date(2026, 5, 4)


def test_places_are_filled_in() -> None:
    text = "{{bot}} greets {{ User }} on {{weekday}}, {{date}}; {{mood}} {{}} {bot}"
    persona = PersonaText(text, bot=" Wick ", user="Ada")
    assert persona.filled(DAY) == "Wick greets Ada on Monday, 4 May 2026; {{mood}} {{}} {bot}"
    assert persona.unknown == ["mood"]


def test_names_that_nobody_wrote_are_said_otherwise() -> None:
    assert PersonaText("{{bot}} and {{user}}").filled(DAY) == "the assistant and the user"
    assert PersonaText("  \n").filled(DAY) == ""


def test_a_name_is_text_and_no_place() -> None:
    assert PersonaText("I am {{bot}}.", bot="{{user}} \\1", user="Ada").filled(DAY) == (
        "I am {{user}} \\1."
    )


@pytest.mark.parametrize("given", [{"text": "x" * 4001}, {"bot": "x" * 61}, {"user": "x" * 61}])
def test_too_long_is_told(given: dict[str, str]) -> None:
    with pytest.raises(BadInput, match="is too long"):
        PersonaText(**given)


def test_every_template_is_filled_in_whole() -> None:
    for text in TEMPLATES.values():
        persona = PersonaText(text, "Wick", "Ada")
        assert persona.unknown == []
        assert "Wick" in persona.filled(DAY)
        assert not re.search(r"[{}]", persona.filled(DAY))
    assert set(PLACES) == {"bot", "user", "date", "weekday"}


@pytest.fixture
def answering(home: Path, tiny_gpt2: Path) -> Answering:
    shutil.copytree(tiny_gpt2, home / "models" / "tiny")
    return Answering(EngineRoom(), TranscriptStore())


def test_the_model_is_told_before_the_conversation(answering: Answering) -> None:
    chat = new_id()
    request = Request(Choice("tiny", "cpu", "float32"), SamplingParams(max_new_tokens=4, seed=1))
    answering.ask(chat, "Hello", request)
    before = answered(answering, chat)
    answering.set_persona(chat, PersonaText("You are {{bot}}, a lighthouse keeper.", bot="Wick"))
    answering.regenerate(chat, request, answering.transcript(chat).turns[0].id)
    after = answered(answering, chat)
    assert after["prompt_tokens"] > before["prompt_tokens"] + 5
    answering.room.close()


def answered(answering: Answering, chat: str) -> dict[str, int]:
    until = time.monotonic() + 30
    while answering.busy(chat):
        assert time.monotonic() < until
        time.sleep(0.01)
    receipt = answering.transcript(chat).turns[-1].receipt
    assert receipt is not None
    return dict(receipt)


def test_it_is_kept_with_the_chat_and_another_programs_is_left_out(answering: Answering) -> None:
    chat = new_id()
    persona = PersonaText("You are {{bot}}.", "Wick", "Ada")
    answering.set_persona(chat, persona)
    store = TranscriptStore()
    loaded = store.load(chat)
    assert loaded is not None
    assert loaded.persona == persona
    assert [message.text for message in loaded.system()] == ["You are Wick."]
    path = store.folder / f"{chat}.json"
    saved = json.loads(path.read_text())
    for strange in (3, {"text": "x" * 5000}, {"text": None}):
        path.write_text(json.dumps(saved | {"persona": strange}))
        again = TranscriptStore().load(chat)
        assert again is not None
        assert again.persona == PersonaText()
