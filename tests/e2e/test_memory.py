"""What the bot remembers, in real browsers: over a restart, in the next chat, for nobody else."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from chatbot.transcripts import Transcript, TranscriptStore, new_id
from tests.e2e.chat_page import ChatPage
from tests.e2e.conftest import Visitor
from tests.e2e.lab import Lab

pytestmark = pytest.mark.timeout(300)  # two starts of a server on a busy machine
KNOWS = "Your name is Anna."


def asks(page: Page, question: str, turn: int, answer: str) -> None:
    """Ask what no model is needed for."""
    chat = ChatPage(page)
    chat.wait_until_at_rest()
    chat.ask(question)
    expect(chat.answer(turn)).to_contain_text(answer)
    expect(chat.stop).to_have_count(0)


def test_told_once_known_after_a_restart_and_in_the_next_chat(
    lab: Lab, visitors: Callable[..., Visitor]
) -> None:
    chat = new_id()
    TranscriptStore(lab.data / ".chats").save(Transcript(chat, model="tiny"))
    lab.start()
    visitor = visitors()
    page = visitor.page(f"{lab.url}/?chat={chat}")
    asks(page, "Hi, my name is Anna.", 0, "Nice to meet you, Anna.")
    page.get_by_role("button", name="Memory", exact=True).click()
    expect(page.locator(".st-key-memory-facts input")).to_have_value("My name is Anna")
    ChatPage(page).wait_until_at_rest()
    keep = page.get_by_role("switch", name="Keep for my next chats")
    page.get_by_text("Keep for my next chats").click()
    expect(keep).to_be_checked()
    while not list((lab.data / ".memory").glob("owner-*.json")):  # acknowledged, before the kill
        page.wait_for_timeout(50)
    address = page.url

    lab.kill()
    page.close()
    visitor.complaints.clear()  # the lost connection is the test's doing
    lab.start()
    page = visitor.page(address)
    asks(page, "What do you know about me?", 1, KNOWS)
    page.get_by_role("button", name="New", exact=True).click()
    expect(page.get_by_text("Ask something")).to_be_visible()
    asks(page, "What do you know about me?", 0, KNOWS)

    stranger = visitors().page(page.url)  # whoever knows the address reads the chat, and no more
    asks(stranger, "What do you know about me?", 1, "Nothing yet.")
