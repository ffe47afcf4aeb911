"""“Why this word?” in a real browser: by mouse and keys, and the answer goes on with another."""

from playwright.sync_api import expect

from tests.e2e.chat_page import ChatPage
from tests.e2e.conftest import NASTY, Visitor
from tests.e2e.lab import Lab


def test_a_word_tells_why_and_another_one_goes_on(running: Lab, visitor: Visitor) -> None:
    page = visitor.page(running.url)
    chat = ChatPage(page)
    chat.choose("nasty")
    chat.ask("Who are you?")
    expect(chat.answer().get_by_role("button", name="Why this word?")).to_be_enabled()
    said = chat.words()
    chat.answer().get_by_role("button", name="Why this word?").click()
    words = page.get_by_label("The answer, word by word").get_by_role("button")
    expect(words).to_have_count(7)
    expect(words.first).to_have_text("<script>window.hacked=1</script>")
    expect(page.get_by_text("once more")).to_have_count(0)  # read to its end
    page.get_by_text("Shade words by surprise").click()
    expect(page.get_by_text("very surprising: below 1 in 64")).to_be_visible()

    words.nth(1).click()
    rows = page.get_by_label("What could have stood here").get_by_role("listitem")
    expect(rows.filter(has_text="it was taken")).to_contain_text("<img·src=x")
    words.nth(1).press("ArrowRight")
    expect(words.nth(2)).to_be_focused()
    expect(words.nth(2)).to_have_attribute("aria-pressed", "true")
    expect(rows.filter(has_text="it was taken")).to_contain_text("![leak]")
    expect(rows.filter(has_text="cut by top-").first).to_be_visible()

    chat.answer().get_by_role("button", name="Plain text").click()
    expect(words).to_have_count(0)
    chat.answer().get_by_role("button", name="Why this word?").click()
    words.nth(2).click()  # once more the same
    expect(rows.filter(has_text="it was taken")).to_contain_text("![leak]")
    chat.wait_until_at_rest()
    rows.get_by_role("button", name="Continue from here with this word").first.click()
    expect(chat.answer()).to_contain_text("2/2")
    expect(chat.answer().get_by_role("button", name="Why this word?")).to_be_enabled()
    begun = "".join(NASTY[:2])
    assert said.startswith(begun + NASTY[2])
    assert chat.words().startswith(begun)
    assert not chat.words().startswith(begun + NASTY[2])
    chat.answer().locator("[class*='st-key-answer-chevron_left-'] button:visible").click()
    expect(chat.answer().get_by_test_id("stText").first).to_have_text(said)
    assert page.evaluate("window.hacked") is None
