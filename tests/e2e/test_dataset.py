"""The Dataset page in a real browser: every change on disk at once, and there after a crash."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import NASTY, Visitor
from tests.e2e.lab import Lab

Turns = list[tuple[str, str]]
FIRST: Turns = [("human", "What about 0?"), ("gpt", "I had 0 cups of tea, sailor.")]


@pytest.fixture
def file(lab: Lab) -> Path:
    return lab.data / "custom_chat_data.json"


@pytest.fixture
def page(lab: Lab, visitor: Visitor) -> Page:
    lab.start()
    return opened(lab, visitor)


def opened(lab: Lab, visitor: Visitor) -> Page:
    page = visitor.page(f"{lab.url}/dataset")
    expect(areas(page).first).to_be_visible()
    return page


def areas(page: Page) -> Locator:
    """The text areas of the conversation that is open, in the order of its turns."""
    return page.locator("[class*='st-key-turn-'] textarea")


def on_disk(file: Path, row: int = 0) -> Turns:
    turns = json.loads(file.read_text(encoding="utf-8"))[row]["conversations"]
    return [(turn["from"], turn["value"]) for turn in turns]


def saved(page: Page, file: Path, wanted: Turns, row: int = 0) -> None:
    """The page shows these turns, and they are on disk as soon as it says so."""
    expect(areas(page)).to_have_count(len(wanted))
    for index, (_, text) in enumerate(wanted):
        expect(areas(page).nth(index)).to_have_value(text)
    expect(page.get_by_text("Saved ").first).to_be_visible()
    for _ in range(1200):  # the page shows what one types before it is sent
        if on_disk(file, row) == wanted:
            return
        page.wait_for_timeout(50)
    assert on_disk(file, row) == wanted


def tool(page: Page, icon: str, turn: int) -> Locator:
    """The small button of a turn, named by its icon."""
    bubble = page.locator("[class*='st-key-bubble-']").nth(turn)
    return bubble.locator(f"[class*='st-key-{icon}-'] button:visible")


def test_add_edit_reorder_delete_and_undo_survive_refresh_and_crash(
    lab: Lab, file: Path, page: Page, visitor: Visitor
) -> None:
    areas(page).nth(1).fill("None today.")  # saved while one pauses, without leaving the field
    saved(page, file, edited := [FIRST[0], ("gpt", "None today.")])
    page.get_by_role("button", name="Add the next question").click()
    saved(page, file, [*edited, ("human", "")])
    areas(page).nth(2).fill("And why not?")
    areas(page).nth(2).blur()
    saved(page, file, added := [*edited, ("human", "And why not?")])
    tool(page, "arrow_upward", 2).click()
    saved(page, file, [added[0], added[2], added[1]])
    tool(page, "close", 0).click()
    saved(page, file, after := [added[2], added[1]])

    undo = page.get_by_role("button", name="Undo", exact=True)
    undo.click()
    saved(page, file, [added[0], added[2], added[1]])
    page.reload()
    expect(areas(page)).to_have_count(3)
    page.get_by_role("button", name="Redo", exact=True).click()
    saved(page, file, after)

    lab.kill()
    page.close()
    visitor.complaints.clear()  # the lost connection is the test's doing
    assert on_disk(file) == after
    lab.start()
    page = opened(lab, visitor)
    expect(areas(page).nth(0)).to_have_value("And why not?")
    undo = page.get_by_role("button", name="Undo", exact=True)
    undo.click()  # what undo knows survives as well
    saved(page, file, [added[0], added[2], added[1]])
    assert len(json.loads(file.read_text("utf-8"))) == 40


def test_a_whole_conversation_is_written_deleted_and_brought_back(file: Path, page: Page) -> None:
    page.get_by_role("button", name="New conversation").click()
    expect(page.get_by_role("heading", name="Conversation 41")).to_be_visible()
    expect(areas(page).first).to_be_focused()
    page.keyboard.type("Do you like gulls?")
    areas(page).nth(1).fill("From afar.")
    areas(page).nth(1).blur()
    wanted = [("human", "Do you like gulls?"), ("gpt", "From afar.")]
    saved(page, file, wanted, 40)
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("40 conversations", exact=True)).to_be_visible()
    assert len(json.loads(file.read_text("utf-8"))) == 40
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_text("41 conversations", exact=True)).to_be_visible()
    assert on_disk(file, 40) == wanted


def test_five_turns_are_written_with_the_keyboard_alone_undone_and_after_a_crash_redone(
    lab: Lab, file: Path, page: Page, visitor: Visitor
) -> None:
    said = ["Do you knit?", "Nets.", "And socks?", "A pair.", "Only one?"]
    page.keyboard.press("Alt+n")
    expect(areas(page).first).to_be_focused()
    for place, text in enumerate(said):
        if place:
            page.keyboard.press("Alt+Enter")
            if place == 1:  # what is said of it meanwhile takes nobody the cursor
                expect(page.get_by_role("button", name="Delete empty turns")).to_be_visible()
            expect(areas(page).nth(place)).to_be_focused()
        page.keyboard.type(text)
    speakers = ["human", "gpt", "human", "gpt", "human"]
    saved(page, file, written := list(zip(speakers, said, strict=True)), 40)

    page.keyboard.press("Alt+Shift+ArrowDown")
    saved(page, file, [*written, written[-1]], 40)
    page.keyboard.press("Alt+Shift+Delete")
    saved(page, file, written, 40)
    page.keyboard.press("Home")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Alt+Shift+Enter")
    saved(page, file, [*written[:4], ("human", "Only"), ("gpt", "one?")], 40)
    for _ in range(3):  # faster than the page answers: each counts
        page.keyboard.press("Alt+z")
    saved(page, file, written, 40)

    lab.kill()
    page.close()
    visitor.complaints.clear()  # the lost connection is the test's doing
    lab.start()
    page = opened(lab, visitor)
    redo = page.get_by_role("button", name="Redo", exact=True)
    redo.click()
    saved(page, file, [*written, written[-1]], 40)


def test_search_finds_a_conversation_and_opens_it(page: Page) -> None:
    page.get_by_role("searchbox", name="Search").fill("37 cups")
    expect(page.get_by_text("1 of 40", exact=True)).to_be_visible()
    page.get_by_role("option", name="What about 37?").click()
    expect(areas(page).nth(1)).to_have_value("I had 37 cups of tea, sailor.")


def test_a_broken_upload_is_named_by_row_and_the_file_stays(file: Path, page: Page) -> None:
    before = file.read_bytes()
    rows = [
        {"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Ahoy."}]},
        {"conversations": [{"from": "robot", "value": "Beep"}]},
    ]
    page.get_by_role("button", name="Import", exact=True).click()
    offer(page, "rows.json", json.dumps(rows).encode())
    expect(page.get_by_text("Turn 1 does not say who speaks ('robot').")).to_be_visible()
    expect(page.get_by_text('Row 2: {"conversations": [{"from": "robot"')).to_be_visible()
    expect(page.get_by_text("1 row left out")).to_be_visible()
    assert file.read_bytes() == before
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.get_by_role("heading", name="Import conversations")).to_have_count(0)

    page.get_by_role("button", name="Import", exact=True).click()
    offer(page, "cut.json", json.dumps(rows)[:-20].encode())
    expect(page.get_by_text("Your conversations are as they were.")).to_be_visible()
    expect(page.get_by_role("button", name="Replace all")).to_have_count(0)
    assert file.read_bytes() == before


def offer(page: Page, name: str, content: bytes) -> None:
    field = page.locator("input[type=file]")
    field.set_input_files({"name": name, "mimeType": "application/json", "buffer": content})
    expect(page.get_by_text(name).first).to_be_visible()


def test_the_download_is_the_file_and_can_be_taken_back(file: Path, page: Page) -> None:
    page.get_by_role("button", name="Download", exact=True).click()
    with page.expect_download() as started:
        page.get_by_test_id("stDownloadButton").get_by_role("button").click()
    assert started.value.suggested_filename == file.name
    content = Path(started.value.path()).read_bytes()
    assert content == file.read_bytes()
    page.get_by_role("button", name="Import", exact=True).click()
    offer(page, "mine.json", content)
    page.get_by_role("button", name="Replace all 40").click()
    expect(page.get_by_text("All are replaced by 40 conversations.")).to_be_visible()
    assert file.read_bytes() == content


def test_markup_in_the_data_is_shown_and_does_nothing(
    lab: Lab, file: Path, visitor: Visitor
) -> None:
    nasty = "".join(NASTY)
    turns = [{"from": "human", "value": nasty}, {"from": "gpt", "value": nasty}]
    file.write_text(json.dumps([{"conversations": turns}] * 2), encoding="utf-8")
    lab.start()
    page = opened(lab, visitor)
    expect(areas(page).first).to_have_value(nasty)
    expect(page.get_by_role("option").first).to_contain_text("<script>window.hacked=1</script>")
    main = page.get_by_test_id("stMain")
    page.get_by_role("button", name="Import", exact=True).click()
    offer(page, "nasty.json", file.read_bytes())
    expect(page.get_by_test_id("stChatMessage").first).to_contain_text("![leak](https://evil")
    page.get_by_role("button", name="Delete", exact=True).click()  # its title comes up in a notice
    expect(page.get_by_test_id("stToast").first).to_be_visible()
    expect(main.locator("a[href*=evil], img, script, .katex")).to_have_count(0)
    expect(page.get_by_test_id("stToast").locator("a, img, script, .katex")).to_have_count(0)
    assert page.evaluate("window.hacked") is None
    # The visitor's fixture sees that nothing was fetched from elsewhere.


def test_two_tabs_don_t_overwrite_each_other(
    lab: Lab, file: Path, visitors: Callable[..., Visitor]
) -> None:
    lab.start()
    mine, other = (opened(lab, visitors()) for _ in range(2))
    other.get_by_role("option", name="What about 1?").click()
    expect(areas(other).first).to_have_value("What about 1?")
    areas(other).first.fill("Theirs?")
    areas(other).first.blur()
    saved(other, file, [("human", "Theirs?"), ("gpt", "I had 1 cups of tea, sailor.")], 1)
    areas(mine).first.fill("Mine?")
    areas(mine).first.blur()
    saved(mine, file, [("human", "Mine?"), FIRST[1]])
    assert on_disk(file, 1)[0] == ("human", "Theirs?")
