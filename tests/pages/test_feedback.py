"""Thumbs under an answer, and the way to a run that learns it, on the page."""

from pathlib import Path

from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import TextArea

from chatbot import feedback
from chatbot.dataset.marks import tags_of
from chatbot.dataset.store import ConversationStore
from chatbot.transcripts import Transcript, TranscriptStore, Turn, new_id
from tests.pages.test_chat import opened, ran


def chat() -> str:
    turn = Turn("Who are you?", "A whale.", "done", {"model": "tiny", "hash": "x"}, id=1, asked=1)
    transcript = Transcript(new_id(), (turn,))
    TranscriptStore().save(transcript)
    return transcript.id


def taken() -> list[tuple[str, tuple[str, ...]]]:
    found = ConversationStore().snapshot().conversations
    return [(c.messages[-1].text, tags_of(c)) for c in found if feedback.source_of(c)]


def field(at: AppTest) -> TextArea:
    return next(area for area in at.text_area if str(area.key).startswith("edit-"))


def press(at: AppTest, key: str) -> AppTest:
    at.button(key=key).click()
    return ran(at)


def test_a_good_answer_is_taken_and_let_go(with_model: Path) -> None:
    name = chat()
    at = press(opened(name), "like-1")
    assert taken() == [("A whale.", ("from chat", "liked"))]
    assert "1 new example from your chats" in "".join(c.value for c in at.caption)
    again = opened(name)  # after a refresh, in another tab
    assert "takes it out" in again.button(key="like-1").help
    press(again, "like-1")
    assert taken() == []
    assert not [button for button in again.button if button.key == "feedback-train"]


def test_a_bad_answer_asks_for_a_better_one_which_is_learned(with_model: Path) -> None:
    name = chat()
    at = press(opened(name), "like-1")
    at = press(at, "dislike-1")
    assert taken() == []  # what is bad is never learned
    assert field(at).value == "A whale."
    field(at).set_value("A keeper of lights.")
    at = press(at, "edit-teach")
    assert taken() == [("A keeper of lights.", ("from chat", "corrected"))]
    assert "A keeper of lights." in [text.value for text in at.text]
    assert [button for button in at.button if button.key == "feedback-train"]


def test_a_correction_need_not_be_learned(with_model: Path) -> None:
    at = opened(chat())
    at = press(at, "edit-answer-last")
    field(at).set_value("A keeper of lights.")
    press(at, "edit-save")
    assert taken() == []


def test_a_bad_answer_can_be_not_so_bad(with_model: Path) -> None:
    name = chat()
    at = press(opened(name), "dislike-1")
    at = press(at, "edit-cancel")
    assert "Not so bad" in at.button(key="dislike-1").help
    at = press(at, "dislike-1")
    assert "write a better one" in at.button(key="dislike-1").help
