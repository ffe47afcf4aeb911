"""The settings in a real browser: they travel in the address, count at once, and have names."""

import re

from playwright.sync_api import expect

from tests.e2e.chat_page import SLIDER_PAUSE, ChatPage
from tests.e2e.conftest import Visitor
from tests.e2e.lab import Lab
from tests.e2e.slider import slider


def test_settings_travel_in_the_address_and_strange_ones_are_told(
    lab: Lab, visitor: Visitor
) -> None:
    lab.start()
    page = visitor.page(f"{lab.url}/?temperature=9&top_k=3&seed=7&top_p=cake")
    ChatPage(page).wait_until_loaded()
    expect(slider(page, "Temperature")).to_have_value("2")
    expect(slider(page, "Top-k")).to_have_value("3")
    expect(page.get_by_text("it can be from 0 to 2. 2 is used.")).to_be_visible()
    expect(page.get_by_text("top_p in the address is no number: cake.")).to_be_visible()
    page.get_by_role("button", name="Neutralize all").click()
    expect(slider(page, "Temperature")).to_have_value("1")
    expect(page.get_by_text("it can be from 0 to 2")).to_have_count(0)
    page.wait_for_url(re.compile("temperature=1"))
    page.get_by_role("link", name="Dataset").click()
    expect(page.get_by_role("heading", name="Dataset", exact=True)).to_be_visible()
    page.get_by_role("link", name="Chat").click()
    expect(slider(page, "Temperature")).to_have_value("1")
    expect(page.get_by_label("Seed", exact=True)).to_have_value("7")

    page.get_by_role("button", name="My presets").click()
    page.get_by_label("Save these settings as").fill("Plain")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".st-key-preset").get_by_text("Plain")).to_be_visible()

    lab.kill()
    address = page.url
    page.close()
    visitor.complaints.clear()  # the lost connection is the test's doing
    lab.start()
    page = visitor.page(address)
    expect(slider(page, "Temperature")).to_have_value("1")
    expect(page.get_by_label("Seed", exact=True)).to_have_value("7")
    page.locator(".st-key-preset").get_by_text("Factual").click()
    expect(slider(page, "Temperature")).to_have_value("0.6")
    slider(page, "Temperature").press("Home")
    expect(page.get_by_text("so Top-p has no effect")).to_be_visible()
    page.get_by_role("button", name="Switch off Top-p").click()
    expect(slider(page, "Top-p")).to_have_value("1")
    page.get_by_text("More", exact=True).click()
    slider(page, "Min-p").press("ArrowRight")
    page.wait_for_url(re.compile("min_p=0.01"))
    page.locator(".st-key-preset").get_by_text("Plain").click()
    expect(slider(page, "Temperature")).to_have_value("1")
    expect(slider(page, "Min-p")).to_have_value("0")


def test_a_change_counts_from_the_next_token_and_a_persona_is_read(
    lab: Lab, visitor: Visitor
) -> None:
    lab.start()
    page = visitor.page(lab.url)
    chat = ChatPage(page)
    chat.choose("story")
    chat.at_most()
    chat.ask("Tell me a story")
    expect(chat.answer()).to_contain_text("word010")
    slider(page, "Max new tokens").press("Home")
    page.evaluate(SLIDER_PAUSE)
    expect(chat.regenerate).to_be_visible()
    expect(chat.answer()).not_to_contain_text("word400")
    chat.answer().locator("summary").click()
    expect(chat.answer()).to_contain_text("Changed on the way")

    expect(page.get_by_text(re.compile(r"Context: [\d,]+ of 2,048 tokens"))).to_be_visible()
    page.get_by_role("button", name="Persona").click()
    page.get_by_label("Who the bot is (the system text)").fill("You are {{bot}}, a keeper.")
    page.get_by_label("Name of the bot").fill("Wick")
    page.get_by_label("Name of the bot").press("Enter")
    expect(page.get_by_text("You are Wick, a keeper.", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="The exact prompt").click()
    expect(page.get_by_test_id("stCode")).to_contain_text("You are Wick, a keeper.")
