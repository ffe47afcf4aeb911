"""The lab's strip, dice and steps in a real browser: what grows, what stops, what one can touch."""

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.e2e.chat_page import SLIDER_PAUSE
from tests.e2e.conftest import NASTY, STORY, Visitor
from tests.e2e.lab import Lab
from tests.e2e.select_box import pick
from tests.e2e.slider import slider


def opened(visitor: Visitor, lab: Lab, model: str) -> Page:
    page = visitor.page(f"{lab.url}/sampling_lab")
    pick(page.get_by_role("combobox", name="Model"), model)
    expect(page.locator(".st-key-lab_bars")).to_be_visible()
    return page


def column(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def button(page: Page, key: str) -> Locator:
    return page.locator(f".st-key-{key} button")


def test_five_answers_grow_together_and_stop_together(running: Lab, visitor: Visitor) -> None:
    page = opened(visitor, running, "story")
    page.get_by_role("button", name="Answer five times").click()
    names = [f"Temperature {value}" for value in ("0", "0.4", "0.8", "1.2", "1.6")]
    for name in names:
        expect(column(page, name)).to_contain_text("word001")
    button(page, "lab_strip_stop").click()
    expect(page.get_by_role("button", name="Answer five times")).to_be_enabled()
    said = [column(page, name).locator(".words").inner_text() for name in names]
    assert all(STORY[0].strip() in words for words in said)
    counts = [len(words.split()) for words in said[:2]]
    assert abs(counts[0] - counts[1]) < 20  # each has its share of the model's time
    # The story leaves no choice where it is cold, so all cold answers are the same.
    expect(column(page, "Temperature 0").locator("mark")).to_have_count(0)
    expect(page.get_by_text(re.compile(r"story · seed \d+"))).to_be_visible()


def place(page: Page, name: str) -> float:
    """Where a column begins, in pixels from the left; none while the page is drawn again."""
    for _ in range(50):
        box = column(page, name).bounding_box()
        if box is not None:
            return box["x"]
        page.wait_for_timeout(100)
    raise AssertionError(f"{name} is not shown")


def test_differences_are_marked_and_a_phone_has_them_below_each_other(
    running: Lab, visitors: Callable[..., Visitor]
) -> None:
    for width in (1280, 390):
        page = opened(visitors(width), running, "tiny")
        page.get_by_role("button", name="Answer five times").click()
        for temperature in ("0", "0.8", "1.6"):
            ended = column(page, f"Temperature {temperature}").locator(".note")
            expect(ended).to_contain_text(re.compile("ended by itself|reached the limit"))
        expect(column(page, "Temperature 1.6").locator("mark").first).to_be_visible()
        expect(column(page, "Temperature 0.8").locator("mark")).to_have_count(0)
        left, right = (place(page, f"Temperature {t}") for t in ("0", "1.6"))
        beside = right > left
        assert beside == (width == 1280)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_dice_fall_one_after_the_other(running: Lab, visitor: Visitor) -> None:
    page = opened(visitor, running, "tiny")
    slider(page, "Temperature").first.press("End")
    page.evaluate(SLIDER_PAUSE)
    button(page, "lab_dice_roll").click()
    told = page.locator(".st-key-lab_dice").get_by_role("status")
    expect(told).to_contain_text("of 200 rolls …")  # they fall …
    expect(told).to_contain_text("Total variation distance")  # … and have fallen
    figures = page.locator(".st-key-lab_dice .figures").all_inner_texts()
    assert sum(int(text.split(" ")[0]) for text in figures) == 200
    button(page, "lab_dice_more").click()
    expect(told).to_contain_text("of 400 rolls …")
    expect(told).to_contain_text("Total variation distance")
    prompt = page.get_by_label("Prompt", exact=True)
    prompt.fill("Another question")
    prompt.press("Control+Enter")
    expect(page.locator(".st-key-lab_dice")).to_have_count(0)


def test_walk_forward_and_back_by_button_click_and_key(running: Lab, visitor: Visitor) -> None:
    page = opened(visitor, running, "nasty")
    button(page, "lab_steps_go").click()
    answer = page.get_by_role("group", name="The answer, token by token")
    current = answer.locator(".current")
    # What a model says is text, here too.
    expect(current).to_have_text(NASTY[0])
    forward, back = button(page, "lab_steps_forward"), button(page, "lab_steps_back")
    expect(back).to_be_disabled()
    forward.click()
    expect(current).to_have_text(NASTY[1].replace(" ", "·"))
    expect(page.get_by_text("Token 2 of 8")).to_be_visible()
    back.click()
    expect(page.get_by_text("Token 1 of 8")).to_be_visible()
    answer.locator(".token").nth(4).click()
    expect(page.get_by_text("Token 5 of 8")).to_be_visible()
    answer.focus()
    for key, place in (("ArrowLeft", 1), ("ArrowRight", 8)) * 3:
        for _ in range(7):  # quicker than the server tells where it is
            page.keyboard.press(key)
            page.wait_for_timeout(60)
        expect(page.get_by_text(f"Token {place} of 8")).to_be_visible(timeout=10_000)
    expect(current).to_have_text("<|im_end|>")
    expect(forward).to_be_disabled()
    assert page.evaluate("window.hacked") is None
    candidates = page.locator(".st-key-lab_steps_candidates")
    expect(candidates.locator(".chosen .label")).to_have_text("<|im_end|>")


def test_the_tour_notices_and_waits(running: Lab, visitor: Visitor) -> None:
    page = opened(visitor, running, "tiny")
    page.get_by_role("button", name="Take the tour").click()
    expect(page.get_by_text("Step 1: Write a prompt")).to_be_visible()
    prompt = page.get_by_label("Prompt", exact=True)
    prompt.fill("What do you like?")
    prompt.press("Control+Enter")
    expect(page.get_by_text("Step 2: Set Temperature to 0")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Step 2: Set Temperature to 0")).to_be_visible()
    slider(page, "Temperature").first.press("Home")
    expect(page.get_by_text("Step 3: Raise Temperature")).to_be_visible()
    page.get_by_role("button", name="Leave the tour").click()
    expect(page.get_by_role("button", name="Go on with the tour (step 3 of 5)")).to_be_visible()
