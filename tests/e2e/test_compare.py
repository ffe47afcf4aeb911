"""Compare in a real browser: two columns, and a blind test with the keyboard."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from chatbot.comparing.taste import drawn
from tests.e2e.conftest import Visitor, wait_until_at_rest
from tests.e2e.lab import Lab
from tests.e2e.scripted_model import write_scripted_model
from tests.e2e.select_box import pick

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

PROMPTS = ("Who are you?", "Tell me a joke.", "Good night!")


@pytest.fixture(scope="module")
def compared(
    tmp_path_factory: pytest.TempPathFactory,
    make_lab: Callable[..., Lab],
    tiny_tokenizer: "PreTrainedTokenizerFast",
) -> Iterator[Lab]:
    """Two more models, each of which says one thing, so that a person can tell them apart; and a
    default that one of them may become."""
    lab = make_lab(tmp_path_factory.mktemp("compared"))
    for name, words in (
        ("tea", [" I", " drink", " tea."]),
        ("rum", [" I", " only", " drink", " rum."]),
    ):
        write_scripted_model(lab.models / name, tiny_tokenizer, words)
    lab.start()
    yield lab
    lab.kill()
    assert lab.faults() == []


def choose(page: Page, letter: str, model: str) -> None:
    pick(page.get_by_role("combobox", name=f"Model {letter}"), model)


def opened(lab: Lab, visitor: Visitor) -> Page:
    page = visitor.page(f"{lab.url}/compare")
    expect(page.get_by_role("heading", name="Compare", exact=True)).to_be_visible()
    choose(page, "A", "tea")
    choose(page, "B", "rum")
    return page


def test_two_columns_with_receipts(compared: Lab, visitor: Visitor) -> None:
    page = opened(compared, visitor)
    page.get_by_label("Prompt", exact=True).fill("Who are you?")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator(".st-key-compare-cell-0-0")).to_contain_text(
        "I drink tea.", timeout=90_000
    )  # a cold server loads torch first
    other = page.locator(".st-key-compare-cell-0-1")
    expect(other).to_contain_text("I only drink rum.")
    expect(other.locator("strong")).to_have_text(["only", "rum"])  # what differs is marked
    receipts = page.locator("summary", has_text="Weights")
    expect(receipts).to_have_count(2)
    assert len(set(receipts.all_inner_texts())) == 2
    choose(page, "B", "nasty")
    page.get_by_role("button", name="Compare").click()
    expect(other).to_contain_text("<script>window.hacked=1</script>")
    expect(other).to_contain_text("evil.example/leak.png)")
    expect(other.locator("img, a")).to_have_count(0)
    assert page.evaluate("window.hacked") is None


def test_a_sweep_measures_what_one_setting_does(compared: Lab, visitor: Visitor) -> None:
    page = visitor.page(f"{compared.url}/compare")
    page.get_by_text("Sweep a setting", exact=True).click()
    choose(page, "A", "tea")
    values = page.get_by_label("Values, up to eight")
    values.fill("0 hot")
    values.press("Enter")
    page.get_by_label("Prompt", exact=True).fill("Who are you?")
    page.get_by_role("button", name="Sweep", exact=True).click()
    expect(page.get_by_text("not a number")).to_be_visible()
    values.fill("0 1")
    values.press("Enter")
    page.get_by_role("button", name="Sweep", exact=True).click()
    rows = page.locator("table tbody tr")
    expect(rows).to_have_count(2)
    for row in (0, 1):
        cells = rows.nth(row).locator("td")
        expect(cells.nth(1)).to_have_text("3")  # words
        expect(cells.last).to_have_text(re.compile(r"^\d"))  # perplexity under the base
        expect(page.locator(f".st-key-compare-value-{row}")).to_contain_text("I drink tea.")


def test_a_blind_test_with_the_keyboard(compared: Lab, visitor: Visitor) -> None:
    """A person who likes tea presses the arrow of its side, three times."""
    page = opened(compared, visitor)
    page.get_by_text("Blind taste test", exact=True).click()
    field = page.get_by_label("Prompts, one a line")
    field.fill("\n".join(PROMPTS))
    field.press("Control+Enter")
    page.get_by_role("button", name="Start the taste test").click()
    for number in range(len(PROMPTS)):
        expect(page.get_by_text(f"Vote {number + 1} of 3")).to_be_visible()
        wait_until_at_rest(page)  # the answers of the vote before are gone
        expect(page.get_by_role("button", name="Left is better")).to_be_enabled(timeout=90_000)
        left = page.locator(".st-key-compare-left")
        expect(left).to_contain_text("drink")
        page.keyboard.press("ArrowLeft" if "tea" in left.inner_text() else "ArrowRight")
    expect(page.get_by_text("tea was preferred 3 of 3 times")).to_be_visible()
    expect(page.get_by_text("may well be chance")).to_be_visible()
    (file,) = (compared.data / "comparisons").glob("*.jsonl")
    about, *votes = map(json.loads, Path(file).read_text(encoding="utf-8").splitlines())
    assert [vote["winner"] for vote in votes] == [0, 0, 0]
    assert [(vote["left"], vote["right"]) for vote in votes] == [
        (meeting.left, meeting.right) for meeting in drawn(3, 2, about["seed"])
    ]
    page.get_by_role("button", name="Make the winner the default").click()
    expect(page.get_by_text("New chats begin with tea.")).to_be_visible()
    chosen = json.loads((compared.models / "default.json").read_text(encoding="utf-8"))
    assert chosen == {"model": "tea"}
    page.reload()  # the result is on disk
    page.get_by_text("Blind taste test", exact=True).click()
    page.get_by_text("Earlier taste tests (1)").click()
    expect(page.get_by_text("tea was preferred 3 of 3 times")).to_be_visible()
