"""Fixtures for browser tests: a Chromium, laboratories with tiny models, watched pages."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from chatbot.dataset.importers import dump
from chatbot.messages import Conversation, assistant, user
from tests.e2e.lab import Lab
from tests.e2e.scripted_model import write_scripted_model

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

STORY = [f" word{number:03d}" for number in range(1, 401)]
NASTY = [
    "<script>window.hacked=1</script>",
    "<img src=x onerror=window.hacked=1>",
    " ![leak](https://evil.example/leak.png)",
    " [link](https://evil.example/link)",
    " $x^2$",
    " :red[red]",
    " **bold**",
]

expect.set_options(timeout=60_000)  # how long a busy machine may take; no figure of ours


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    chosen = os.environ.get("CHATBOT_TEST_CHROMIUM") or shutil.which("chromium")
    if not chosen:
        pytest.fail("No Chromium found: install one, or name one in CHATBOT_TEST_CHROMIUM.")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chosen)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def write_models(
    tiny_tokenizer: "PreTrainedTokenizerFast",
    tiny_gpt2: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[Path], None]:
    """Fill a models folder: `tiny` babbles, `story` counts words slowly, `nasty` speaks markup."""
    made = tmp_path_factory.mktemp("scripted")
    write_scripted_model(made / "story", tiny_tokenizer, STORY, blocks=24)
    write_scripted_model(made / "nasty", tiny_tokenizer, NASTY)

    def write(folder: Path) -> None:
        shutil.copytree(tiny_gpt2, folder / "tiny")
        shutil.copytree(made, folder, dirs_exist_ok=True)

    return write


def write_data(lab: Lab, conversations: int = 40, *, cups: int = 1) -> None:
    """Conversations about tea; more `cups` make longer answers."""
    rows = [
        Conversation(
            (
                user(f"What about {n}?"),
                assistant(" ".join([f"I had {n} cups of tea, sailor."] * cups)),
            )
        )
        for n in range(conversations)
    ]
    (lab.data / "custom_chat_data.json").write_bytes(dump(rows))


@pytest.fixture
def lab(tmp_path: Path, write_models: Callable[[Path], None]) -> Iterator[Lab]:
    """A laboratory of one's own, not started yet."""
    lab = Lab(tmp_path)
    write_models(lab.models)
    write_data(lab)
    yield lab
    lab.kill()
    assert lab.faults() == []


@pytest.fixture(scope="module")
def shared_lab(
    tmp_path_factory: pytest.TempPathFactory, write_models: Callable[[Path], None]
) -> Iterator[Lab]:
    lab = Lab(tmp_path_factory.mktemp("lab"))
    write_models(lab.models)
    write_data(lab)
    lab.start()
    yield lab
    lab.kill()


@pytest.fixture
def running(shared_lab: Lab) -> Iterator[Lab]:
    """A started laboratory that the tests of a module share."""
    yield shared_lab
    assert shared_lab.faults() == []


class Visitor:
    """One person's browser. Notes what must not happen: errors, foreign requests."""

    def __init__(self, browser: Browser, width: int = 1280) -> None:
        phone = width < 500
        self.context: BrowserContext = browser.new_context(
            viewport={"width": width, "height": 900}, is_mobile=phone, has_touch=phone
        )
        self.complaints: list[str] = []
        self.foreign: list[str] = []

    def page(self, url: str) -> Page:
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda message: self._note(message.type, message.text))
        page.on("request", lambda request: self._request(request.url))
        page.goto(url)
        return page

    def _note(self, kind: str, text: str) -> None:
        # Streamlit looks for its server below the page's address first, and is told 404.
        if kind == "error" and "404 (Not Found)" not in text:
            self.complaints.append(text)

    def _request(self, url: str) -> None:
        if not url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:")):
            self.foreign.append(url)


@pytest.fixture
def visitors(browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """Makes visitors, and sees at the end that nothing went wrong in any of their browsers."""
    made: list[Visitor] = []

    def visit(width: int = 1280) -> Visitor:
        made.append(Visitor(browser, width))
        return made[-1]

    yield visit
    for visitor in made:
        visitor.context.close()
    assert [visitor.complaints for visitor in made] == [[] for _ in made]
    assert [visitor.foreign for visitor in made] == [[] for _ in made]


@pytest.fixture
def visitor(visitors: Callable[..., Visitor]) -> Visitor:
    return visitors()
