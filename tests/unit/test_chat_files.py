"""Chats taken along and brought in."""

import json
import re

import pytest

from chatbot import chat_files
from chatbot.chat_files import MOST_CHATS
from chatbot.dataset import importers
from chatbot.errors import BadInput
from chatbot.transcripts import Transcript, Turn, new_id

NASTY = "<script>alert(1)</script> ![x](http://e.example/x.png) $x$ **b**\n# no\n1. no\n- no"


def chat(*turns: Turn) -> Transcript:
    return Transcript(new_id(), turns)


def test_json_is_our_format_and_comes_back_to_the_letter() -> None:
    before = chat(Turn("Hi", NASTY, "done"), Turn("🦭?", "\n two \n", "stopped"))
    data = chat_files.to_json(before)
    (conversation,) = importers.read_conversations(data).conversations
    assert list(conversation.messages) == before.messages()
    (after,), losses = chat_files.read(data, "chat.json", "me")
    assert after.messages() == before.messages()
    assert after.id != before.id
    assert after.owner == "me"
    assert losses == []


def test_whoever_speaks_first_or_twice_is_kept() -> None:
    turns = [("gpt", "Hello"), ("human", "a"), ("human", "b"), ("gpt", "1"), ("gpt", "2")]
    rows = [{"conversations": [{"from": who, "value": text} for who, text in turns]}]
    (found,), _ = chat_files.read(json.dumps(rows).encode(), "x.json")
    assert [(turn.question, turn.answer) for turn in found.turns] == [
        ("", "Hello"),
        ("a", ""),
        ("b", "1"),
        ("", "2"),
    ]
    exported = json.loads(chat_files.to_json(found))
    assert [(t["from"], t["value"]) for t in exported[0]["conversations"]] == turns


def test_what_is_left_out_is_said() -> None:
    row = {"conversations": [{"from": "system", "value": "s"}, {"from": "human", "value": "a"}]}
    found, losses = chat_files.read(json.dumps([row] * (MOST_CHATS + 1) + [7]).encode(), "x.json")
    assert len(found) == MOST_CHATS
    assert any("Row 52" in loss for loss in losses)
    assert any("system texts" in loss for loss in losses)
    assert any(f"first {MOST_CHATS} of 51" in loss for loss in losses)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\x00\xff", b'[{"conversations": []}]'])
def test_a_useless_file_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(BadInput):
        chat_files.read(data, "x.json")


def test_markdown_shows_the_words_and_does_nothing() -> None:
    text = chat_files.to_markdown(chat(Turn("Hi *you*", NASTY, "done")), "A <b>title</b>").decode()
    assert text.startswith("# A \\<b\\>title\\</b\\>\n\n**You:**\n\nHi \\*you\\*\n\n**Bot:**")
    unescaped = re.sub(r"\\.", "", text.partition("**Bot:**")[2])
    for danger in ("<", "]", "$", "*", "\n#", "1.", "\n-"):
        assert danger not in unescaped


def test_half_an_emoji_is_no_obstacle() -> None:
    row = b'[{"conversations": [{"from": "human", "value": "\\ud83d"}]}]'
    (found,), _ = chat_files.read(row, "x.json")
    assert found.turns[0].question == "?"
    assert chat_files.to_json(found)
