"""What people do by mistake to a chat, in a real browser: a calm sentence each time, and nothing
lost."""

import shutil

import pytest
from playwright.sync_api import expect

from chatbot.transcripts import Transcript, TranscriptStore, Turn, new_id
from tests.e2e.chat_page import ChatPage
from tests.e2e.conftest import Visitor
from tests.e2e.lab import Lab

pytestmark = pytest.mark.timeout(300)
NOTHING, UNWRITABLE, TOO_LONG = "   ", "\x01\x02\x03", "tea " * 600
"""The last one is more than the model's window of 256 tokens, and less than a question may have."""


def begun(lab: Lab) -> str:
    """The address of a chat with one turn, answered by `tiny`."""
    chat = new_id()
    turn = Turn("First?", "The first answer.", "done", {"model": "tiny", "seed": 1}, id=1, asked=1)
    TranscriptStore(lab.data / ".chats").save(Transcript(chat, (turn,), "tiny"))
    return f"{lab.url}/?chat={chat}&max_new_tokens=16"


def answered(chat: ChatPage, question: str, turn: int, model: str) -> None:
    chat.ask(question)
    expect(chat.answer(turn).locator("summary")).to_contain_text(f"{model} · seed")
    expect(chat.stop).to_have_count(0)


def test_what_can_t_be_asked_or_read_is_told_and_kept(running: Lab, visitor: Visitor) -> None:
    page = visitor.page(begun(running))
    chat = ChatPage(page)
    chat.wait_until_at_rest()
    chat.box.fill(NOTHING)
    chat.box.press("Enter")
    chat.box.fill(UNWRITABLE)
    chat.box.press("Enter")
    expect(page.get_by_text("nothing but control characters")).to_be_visible()
    expect(chat.box).to_have_value(UNWRITABLE)
    answered(chat, "🦭🦭", 1, "tiny")
    chat.box.fill(TOO_LONG)
    chat.box.press("Enter")
    expect(chat.answer(2)).to_contain_text("too long")
    expect(page.locator(".st-key-question-2")).to_contain_text("tea tea tea")
    answered(chat, "And now?", 3, "tiny")
    expect(chat.answer(0)).to_contain_text("The first answer.")


def test_two_tabs_on_one_conversation_and_another_model_in_one(
    running: Lab, visitor: Visitor
) -> None:
    address = begun(running)
    one, other = (ChatPage(visitor.page(address)) for _ in range(2))
    for chat in (one, other):
        chat.wait_until_at_rest()
    other.choose("nasty")
    answered(other, "Second?", 1, "nasty")
    other.wait_until_at_rest()  # and so it stays: only what is pressed there draws it anew
    one.page.bring_to_front()
    expect(one.model).to_have_value("tiny")
    answered(one, "Third?", 2, "tiny")  # this tab's own model, after what the other tab asked
    expect(one.answer(1).locator("summary")).to_contain_text("nasty · seed")
    delete = ".st-key-answer-1 [class*='st-key-delete-'] button:visible"
    one.page.locator(delete).click()
    expect(one.page.get_by_text("Second?", exact=True)).to_have_count(0)
    other.page.bring_to_front()
    other.page.locator(delete).click()
    expect(other.page.get_by_text("no longer part")).to_be_visible()
    expect(other.page.get_by_text("Third?", exact=True)).to_be_visible()
    expect(other.answer(0)).to_contain_text("The first answer.")


def test_a_checkpoint_that_is_deleted_while_its_chat_is_open(lab: Lab, visitor: Visitor) -> None:
    lab.start()
    page = visitor.page(begun(lab))
    chat = ChatPage(page)
    answered(chat, "Second?", 1, "tiny")
    for name in ("tiny", "story"):
        shutil.rmtree(lab.models / name)
    chat.ask("Third?")
    expect(page.get_by_text("is not on this machine any more")).to_be_visible()
    expect(chat.model).to_have_value("nasty")
    expect(chat.answer(2).locator("summary")).to_contain_text("nasty · seed")
    expect(chat.answer(0)).to_contain_text("The first answer.")
    expect(page.get_by_text("Second?", exact=True)).to_be_visible()
