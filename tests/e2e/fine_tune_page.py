"""The page Fine-tune as a person uses it."""

import re
from collections.abc import Mapping

from playwright.sync_api import Page, expect

from chatbot.training.config import Method
from tests.e2e.conftest import Visitor
from tests.e2e.lab import Lab
from tests.e2e.select_box import pick
from tests.known_speeds import TINY


def opened(visitor: Visitor, lab: Lab) -> Page:
    page = visitor.page(f"{lab.url}/fine_tune")
    expect(page.get_by_role("heading", name="Fine-tune", exact=True)).to_be_visible()
    return page


def train(page: Page, method: Method, settings: Mapping[str, float]) -> None:
    """Choose the way, type every setting, and start."""
    if method != "lora":  # which is chosen already
        label = {"full": "Full", "scratch": "From scratch"}[method]
        page.get_by_text(label, exact=True).click()
    if method == "scratch":
        expect(page.get_by_label("Base model")).to_have_count(0)  # the other form is gone
    expect(page.get_by_text("Advanced", exact=True)).to_have_count(1)
    page.get_by_text("Advanced", exact=True).click()
    for name, value in settings.items():
        field = page.locator(f".st-key-ft_field_{name}_{method}_balanced input")
        field.fill(str(value))
        field.press("Enter")
        expect(field).to_have_value(re.compile(rf"^{value}\.?0*$"))  # 0.4 is shown as 0.40
    expect(page.get_by_text(f"{settings['max_steps']} steps")).to_be_visible()
    # As people do who press everything twice: it begins one run, and no other waits behind it.
    page.get_by_role("button", name="Fine-tune", exact=True).dblclick()


def train_a_tiny_one(page: Page, **settings: int) -> None:
    train(page, "scratch", TINY | settings)
    expect_running(page)


def choose_base(page: Page, name: str) -> None:
    """Among the base models that the form offers."""
    pick(page.get_by_role("combobox", name="Base model"), name)


def expect_running(page: Page) -> None:
    expect(page.get_by_role("button", name="Stop and keep").first).to_be_visible()


def wait_for_step(page: Page, least: int) -> None:
    page.wait_for_function(
        """least => {
             const text = document.querySelector("[data-testid=stProgress]")?.innerText ?? ""
             return Number(/step (\\d+) of/.exec(text)?.[1] ?? 0) >= least
           }""",
        arg=least,
        timeout=150_000,
    )
