"""The sampling lab in a real browser: found from the chat, moved, and compared."""

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict

from playwright.sync_api import Locator, Page, expect

from chatbot.training.config import TrainingConfig
from tests.e2e.chat_page import SLIDER_PAUSE, ChatPage
from tests.e2e.conftest import Visitor, wait_until_at_rest
from tests.e2e.lab import Lab
from tests.e2e.select_box import pick
from tests.e2e.slider import slider


def rows(page: Page) -> Locator:
    return page.locator(".st-key-lab_bars .list .row:not(.rest)")


def slide(page: Page, label: str, wanted: str, *keys: str) -> None:
    """Streamlit's slider may jump back when the page is drawn before it has told its value; then
    it is moved again, as a person would."""
    thumb = slider(page, label)
    for _ in range(5):
        for key in keys:
            thumb.press(key)
        page.evaluate(SLIDER_PAUSE)
        wait_until_at_rest(page)
        if thumb.input_value() == wanted:
            return
    expect(thumb).to_have_value(wanted)


def test_found_from_the_chat_and_temperature_moves_the_bars(running: Lab, visitor: Visitor) -> None:
    page = visitor.page(running.url)
    chat = ChatPage(page)
    chat.choose("tiny")
    chat.few_tokens()
    chat.ask("Hello! Who are you?")
    chat.answer().get_by_role("button", name="In the lab").click()
    expect(page.get_by_role("heading", name="Sampling lab", exact=True)).to_be_visible()
    expect(page.get_by_role("textbox", name="Prompt")).to_have_value("Hello! Who are you?")
    expect(rows(page)).to_have_count(40)

    slide(page, "Top-p", "1", "End")
    slide(page, "Temperature", "0", "Home")
    expect(page.get_by_text("1 token is left")).to_be_visible()
    expect(rows(page).first.locator(".percent")).to_have_text("100 %")
    expect(rows(page).nth(1)).to_have_class("row gone")
    # The very same nodes take the new figures: that is what keeps a move from flickering.
    rows(page).first.evaluate("row => { row.mark = 1 }")
    slide(page, "Temperature", "2", "End")
    expect(page.get_by_text("to choose from")).to_be_visible()
    expect(rows(page).first.locator(".percent")).not_to_have_text("100 %")
    expect(rows(page).nth(1)).to_have_class("row")
    assert rows(page).first.evaluate("row => row.mark") == 1
    expect(page.locator(".st-key-lab_bars .cut")).to_contain_text("Top-k 50 cuts further down")
    slide(page, "Top-k", "3", "Home", "ArrowRight", "ArrowRight", "ArrowRight")
    expect(page.locator(".st-key-lab_bars .cut")).to_contain_text("Top-k 3 cuts here")
    assert (
        rows(page).evaluate_all("all => all.filter(r => !r.classList.contains('gone')).length") == 3
    )

    page.get_by_role("link", name="Chat").click()
    expect(chat.answer()).to_be_visible()


def test_base_against_tuned_on_a_phone(lab: Lab, visitors: Callable[..., Visitor]) -> None:
    run = lab.models / "runs" / "mine"
    shutil.copytree(lab.models / "nasty", run / "checkpoint-8")
    config = asdict(TrainingConfig(method="full", base_model="tiny"))
    (run / "config.json").write_text(json.dumps(config), encoding="utf-8")
    lab.start()
    page = visitors(width=390).page(f"{lab.url}/sampling_lab")
    pick(page.get_by_role("combobox", name="Model"), "mine · step 8")
    expect(rows(page)).to_have_count(40)
    first = rows(page).first
    expect(first.locator(".steps")).to_be_hidden()
    first.get_by_role("button").click()
    expect(first.locator(".steps")).to_contain_text("Logit")
    page.get_by_text("Compare with tiny, the model it was tuned from").click()
    expect(page.get_by_text("Fine-tuning moved")).to_be_visible()
    changes = page.locator(".st-key-lab_changes")
    expect(changes.get_by_text("Raised by fine-tuning")).to_be_visible()
    expect(changes.get_by_text("Sunk by fine-tuning")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
