"""Versions, undo and the list of conversations in a real browser, by mouse and by keys."""

import json
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from chatbot.transcripts import Transcript, TranscriptStore, Turn, new_id
from tests.e2e.chat_page import ChatPage
from tests.e2e.conftest import NASTY, Visitor
from tests.e2e.lab import Lab


def at_rest(chat: ChatPage) -> None:
    """The last answer has ended, and the page was drawn since."""
    expect(chat.stop).to_have_count(0)
    expect(chat.regenerate).to_be_enabled()


def rows(page: Page) -> Locator:
    return page.get_by_role("option")


def open_list(page: Page) -> None:
    page.get_by_role("button", name="Chats").click()
    expect(page.get_by_placeholder("Search titles and messages")).to_be_visible()


def test_versions_by_keys_then_the_list_after_a_restart(
    lab: Lab, visitors: Callable[..., Visitor]
) -> None:
    lab.start()
    visitor = visitors()
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = visitor.page(lab.url)
    chat = ChatPage(page)
    chat.choose("tiny")
    chat.few_tokens()
    chat.ask("Who are you?")
    at_rest(chat)
    chat.ask("What do you like?")
    expect(chat.answer(1).get_by_role("button", name="Regenerate")).to_be_enabled()
    first = chat.words(1)

    page.keyboard.press("Alt+r")
    expect(chat.answer(1)).to_contain_text("2/2")
    second = chat.words(1)
    assert second != first
    page.keyboard.press("Alt+PageUp")
    expect(chat.answer(1)).to_contain_text("1/2")
    assert chat.words(1) == first
    page.keyboard.press("Alt+c")  # the answer goes on
    expect(chat.answer(1)).to_contain_text("this is how it went on")
    assert chat.words(1).startswith(first)
    chat.answer(1).locator("[class*='st-key-copy-answer-'] button:visible").click()
    expect(chat.answer(1).get_by_text("check", exact=True)).to_be_visible()
    # As it was answered: the page shows a text without the white space around it.
    kept = TranscriptStore(lab.data / ".chats").load(page.url.partition("chat=")[2][:32])
    assert kept is not None
    assert page.evaluate("navigator.clipboard.readText()") == kept.turns[1].answer

    told_by_keys(chat)
    chat.box.focus()
    page.keyboard.press("Alt+ArrowUp")
    field = page.get_by_label("Edit the question")
    expect(field).to_have_value("What do you like?")
    expect(field).to_be_focused()
    field.fill("And at night?")
    field.press("Control+Enter")
    expect(page.get_by_text("And at night?", exact=True)).to_be_visible()
    at_rest(chat)
    expect(page.locator(".st-key-question-1")).to_contain_text("2/2")
    page.locator(
        ".st-key-question-1 [class*='st-key-question-chevron_left-'] button:visible"
    ).click()
    expect(page.get_by_text("What do you like?", exact=True)).to_be_visible()
    page.locator(".st-key-answer-0 [class*='st-key-delete-'] button:visible").click()
    expect(page.get_by_text("Who are you?", exact=True)).to_have_count(0)
    address = page.url

    lab.kill()
    page.close()
    visitor.complaints.clear()  # the lost connection is the test's doing
    lab.start()
    page = visitor.page(lab.url)
    expect(page.get_by_text("Ask something")).to_be_visible()
    open_list(page)
    page.get_by_text("Keys", exact=True).click()
    expect(page.get_by_text("Alt+G the last answer is good")).to_be_visible()
    expect(rows(page)).to_have_count(1)
    rows(page).click()
    page.wait_for_url(address)
    expect(page.locator(".st-key-question-0")).to_contain_text("What do you like?")
    ChatPage(page).wait_until_at_rest()  # the keys are heard
    page.keyboard.press("Alt+z")  # what undo knows outlived the server
    expect(page.get_by_text("Who are you?", exact=True)).to_be_visible()
    other = visitors().page(lab.url)
    open_list(other)
    expect(other.get_by_text("Your conversations will stand here.")).to_be_visible()


def told_by_keys(chat: ChatPage) -> None:
    """The second and last answer is good, is not, is bad, and is put right; no mouse."""
    page, examples = chat.page, chat.page.get_by_text("1 new example from your chats")
    page.keyboard.press("Alt+g")
    expect(examples).to_be_visible()
    at_rest(chat)
    page.keyboard.press("Alt+g")
    expect(examples).to_have_count(0)
    at_rest(chat)
    page.keyboard.press("Alt+b")
    field = page.get_by_label("Edit the answer")
    expect(field).to_be_focused()
    page.keyboard.press("Alt+g")  # the one before it is not meant
    field.press("Escape")
    expect(field).to_have_count(0)
    at_rest(chat)
    page.keyboard.press("Alt+ArrowDown")
    expect(field).to_be_focused()
    field.fill("Tea and rain.")
    field.press("Control+Enter")
    expect(chat.answer(1)).to_contain_text("Tea and rain.")
    expect(chat.answer(1)).to_contain_text("In your own words.")
    expect(examples).to_have_count(0)
    at_rest(chat)


def test_name_delete_and_bring_back_and_take_along(
    running: Lab, visitor: Visitor, tmp_path: Path
) -> None:
    page = visitor.page(running.url)
    chat = ChatPage(page)
    chat.choose("nasty")
    chat.ask(question := "".join(NASTY))
    at_rest(chat)
    open_list(page)
    expect(rows(page)).to_contain_text("<script>window.hacked=1</script>")
    name = page.get_by_label("Name of this conversation")
    name.fill("**My** <b>gull</b>")
    name.press("Enter")
    expect(rows(page)).to_contain_text("**My** <b>gull</b>")
    chat.wait_until_at_rest()  # a press while the list is drawn anew would be lost
    page.get_by_role("button", name="Pin", exact=True).click()
    expect(rows(page)).to_contain_text("📌 **My** <b>gull</b>")
    search = page.get_by_placeholder("Search titles and messages")
    for words, count in (("no such words", 0), ("evil.example", 1)):
        search.fill(words)
        search.press("Enter")
        expect(rows(page)).to_have_count(count)
    chat.wait_until_at_rest()
    with page.expect_download() as download:
        page.get_by_role("button", name="Markdown").click()
    download.value.save_as(tmp_path / "chat.md")
    assert "gull" in (tmp_path / "chat.md").read_text("utf-8")
    with page.expect_download() as download:
        page.get_by_role("button", name="JSON").click()
    download.value.save_as(tmp_path / "chat.json")
    (row,) = json.loads((tmp_path / "chat.json").read_text("utf-8"))
    assert [turn["value"] for turn in row["conversations"]] == [question, question]

    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("Ask something")).to_be_visible()
    page.reload()
    open_list(page)
    expect(rows(page)).to_have_count(0)
    page.get_by_role("button", name="Bring back").click()
    expect(chat.answer()).to_contain_text("window.hacked")
    open_list(page)
    page.locator("input[type=file]").set_input_files(tmp_path / "chat.json")
    expect(page.get_by_text("One conversation was imported.")).to_be_visible()
    assert chat.words() == question
    open_list(page)
    expect(rows(page)).to_have_count(2)
    assert page.evaluate("window.hacked") is None


def test_a_long_chat_opens_at_its_end_and_a_huge_paste_stays(
    running: Lab, visitor: Visitor
) -> None:
    long = Transcript(
        new_id(), tuple(Turn(f"question {n}", f"answer {n}", "done") for n in range(500)), "tiny"
    )
    TranscriptStore(running.data / ".chats").save(long)
    page = visitor.page(f"{running.url}/?chat={long.id}")
    chat = ChatPage(page)
    expect(page.get_by_text("answer 499", exact=True)).to_be_in_viewport()
    expect(page.get_by_text("answer 400", exact=True)).to_have_count(0)
    page.get_by_role("button", name="Show earlier").click()
    expect(page.get_by_text("answer 460", exact=True)).to_be_attached()
    chat.box.fill("word " * 200_000)
    chat.box.press("Enter")
    expect(page.get_by_text("no model here can read it")).to_be_visible()
    expect(chat.box).to_have_value("word " * 200_000)


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
