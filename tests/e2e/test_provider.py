"""A bigger model in a real browser: switched on, a wrong key, an answer, its server killed."""

import pytest
from playwright.sync_api import expect

from tests.e2e.chat_page import ChatPage
from tests.e2e.conftest import Visitor
from tests.e2e.lab import Lab
from tests.unit.provider_server import ANSWER, KEY, ProviderServer


@pytest.mark.timeout(300)
def test_ask_the_bigger_model_with_a_wrong_key_a_right_one_and_until_it_dies(
    running: Lab, visitor: Visitor
) -> None:
    with ProviderServer() as server:
        page = visitor.page(running.url)
        chat = ChatPage(page)
        chat.choose("tiny")
        chat.few_tokens()
        chat.ask("How is the sea?")
        expect(chat.regenerate).to_be_visible()
        bigger = page.get_by_role("button", name="Ask the bigger model")
        expect(bigger).to_have_count(0)  # off until it is switched on

        page.get_by_text("A bigger model", exact=True).click()
        page.get_by_text("Another server").click()
        expect(page.get_by_label("Address", exact=True)).to_be_visible()
        switch_on(chat, server, "sk-wrong-0000")
        assert server.asked == []  # nothing before it is asked for
        bigger.click()
        expect(chat.answer()).to_contain_text("does not accept the key")
        expect(chat.answer()).not_to_contain_text("sk-wrong")

        page.get_by_role("button", name="Switch off").click()
        expect(bigger).to_have_count(0)
        switch_on(chat, server, KEY)
        bigger.click()
        expect(chat.answer()).to_contain_text("The sea")  # it streams
        server.go_on.set()
        expect(chat.answer()).to_contain_text(ANSWER)
        told = f"Answered by waiting at {server.host}, not on this machine"
        expect(chat.answer().locator("summary")).to_contain_text(told)

        server.go_on.clear()
        bigger.click()
        expect(chat.answer()).not_to_contain_text(ANSWER)
        expect(chat.answer()).to_contain_text("The sea")
        server.kill()
        expect(chat.answer()).to_contain_text("Cut off:")
        assert chat.words() == "The sea"
        chat.regenerate.click()  # the model of this machine goes on
        expect(chat.answer().locator("summary")).to_contain_text("tokens/s")
    saved = b"".join(path.read_bytes() for path in running.home.rglob("*") if path.is_file())
    assert KEY.encode() not in saved
    assert KEY.encode() not in running.log.read_bytes()
    assert KEY not in page.url


def switch_on(chat: ChatPage, server: ProviderServer, key: str) -> None:
    """Fill the form, and agree."""
    page = chat.page
    for label, value in (
        ("Address", server.address),
        ("Name of the model", "waiting"),
        ("Key (API key)", key),
    ):
        field = page.get_by_label(label, exact=True)
        field.fill(value)
        field.press("Enter")
        chat.wait_until_at_rest()
    box = page.locator(".st-key-provider-consent")
    expect(box).to_contain_text(f"What is sent to {server.host}")
    button = box.get_by_role("button", name="Switch on")
    expect(button).to_be_disabled()
    box.locator("label").click()
    expect(button).to_be_enabled()
    button.click()
    expect(page.get_by_role("button", name="Switch off")).to_be_visible()
