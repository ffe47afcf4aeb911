"""The chat page as a person uses it: what the browser tests of the chat have in common."""

from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import wait_until_at_rest
from tests.e2e.select_box import pick
from tests.e2e.slider import slider

SLIDER_PAUSE = "() => new Promise(done => setTimeout(done, 300))"
"""A slider tells its value after 200 ms. Waited for by the page's own clock, which a busy machine
stops as well."""


class ChatPage:
    def __init__(self, page: Page) -> None:
        self.page = page
        self.box = page.get_by_test_id("stChatInputTextArea")
        self.model = page.get_by_role("combobox", name="Model")
        self.stop = page.get_by_role("button", name="Stop").first
        self.regenerate = page.get_by_role("button", name="Regenerate").first
        expect(self.box).to_be_enabled()

    def choose(self, model: str) -> None:
        pick(self.model, model)
        self.wait_until_loaded()

    def ask(self, question: str) -> None:
        self.box.fill(question)
        self.box.press("Enter")
        expect(self.page.get_by_text(question, exact=True).first).to_be_visible()

    def answer(self, index: int = 0) -> Locator:
        return self.page.locator(f".st-key-answer-{index}")

    def words(self, index: int = 0) -> str:
        """The answer's text alone, without the line on what made it."""
        return self.answer(index).get_by_test_id("stText").first.inner_text()

    def set_seed(self, seed: int) -> None:
        field = self.page.get_by_label("Seed", exact=True)
        field.fill(str(seed))
        field.press("Enter")

    def at_most(self, presses_from_the_end: int = 0) -> None:
        """Set Max new tokens to its largest value, or so many steps below."""
        self._slide("Max new tokens", "End", "ArrowLeft", presses_from_the_end, 1024)

    def few_tokens(self) -> None:
        self._slide("Max new tokens", "Home", "ArrowRight", 1, 8)

    def _slide(self, label: str, end: str, key: str, presses: int, limit: int) -> None:
        """To a number of steps from one end, whose value is `limit`; a step is 8.

        Streamlit's slider may jump back when the page is drawn before it has told its value;
        then it is moved again, as a person would.
        """
        thumb = slider(self.page, label)
        wanted = str(limit + 8 * presses * (1 if end == "Home" else -1))
        for attempt in range(5):
            self.page.wait_for_timeout(500 * attempt)  # a page that has just come is drawn often
            self.wait_until_at_rest()
            thumb.press(end)
            for _ in range(presses):
                thumb.press(key)
            self.page.evaluate(SLIDER_PAUSE)
            self.wait_until_at_rest()
            if thumb.input_value() == wanted:
                return
        expect(thumb).to_have_value(wanted)

    def wait_until_loaded(self) -> None:
        self.wait_until_at_rest()
        expect(self.page.get_by_text("Loading the model")).to_have_count(0)  # it draws once more
        self.wait_until_at_rest()

    def wait_until_at_rest(self) -> None:
        wait_until_at_rest(self.page)
