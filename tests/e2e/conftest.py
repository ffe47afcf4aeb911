"""Fixtures for browser tests: a Chromium, laboratories with tiny models, watched pages."""

import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import BrowserContext, BrowserType, Page, expect, sync_playwright

from chatbot.dataset.importers import dump
from chatbot.messages import Conversation, assistant, user
from tests.e2e.lab import Lab, free_port
from tests.e2e.scripted_model import write_scripted_model
from tests.known_speeds import know_speeds

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


class Browsers:
    """Chromium without a window, for one person each.

    A profile on disk is lent from test to test: what its browser compiled of the pages' code stays
    in it, a third of what a page costs. What a person leaves in it is deleted.
    """

    def __init__(self, chromium: BrowserType, program: str, folder: Path) -> None:
        self._chromium, self._program, self._folder = chromium, program, folder
        self._free: defaultdict[int, list[BrowserContext]] = defaultdict(list)
        self._made = 0

    def lend(self, width: int) -> BrowserContext:
        """A browser of this width that knows nobody; of a phone where that is narrow."""
        if self._free[width]:
            return self._free[width].pop()
        phone = width < 500
        self._made += 1
        return self._chromium.launch_persistent_context(
            self._folder / str(self._made),
            executable_path=self._program,
            viewport={"width": width, "height": 900},
            is_mobile=phone,
            has_touch=phone,
        )

    def take_back(self, width: int, lent: BrowserContext, origins: set[str]) -> None:
        blank = lent.new_page()
        for page in lent.pages:
            if page != blank:
                page.close()
        lent.clear_cookies()
        lent.clear_permissions()
        session = lent.new_cdp_session(blank)
        for origin in origins:
            session.send(
                "Storage.clearDataForOrigin",
                {"origin": origin, "storageTypes": "local_storage,indexeddb,cache_storage"},
            )
        session.detach()
        self._free[width].append(lent)


@pytest.fixture(scope="session")
def browsers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browsers]:
    chosen = os.environ.get("CHATBOT_TEST_CHROMIUM") or shutil.which("chromium")
    if not chosen:
        pytest.fail("No Chromium found: install one, or name one in CHATBOT_TEST_CHROMIUM.")
    with sync_playwright() as playwright:
        yield Browsers(playwright.chromium, chosen, tmp_path_factory.mktemp("profiles"))


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


@pytest.fixture(scope="session")
def make_lab(write_models: Callable[[Path], None]) -> Callable[..., Lab]:
    """Makes a laboratory with models, conversations and known speeds, not started yet."""

    ports: dict[str, int] = {}

    def make(folder: Path, address: str = "") -> Lab:
        """One at the same `address` as another, which is gone, has its code compiled already."""
        lab = Lab(folder, ports.setdefault(address, free_port()) if address else free_port())
        write_models(lab.models)
        write_data(lab)
        know_speeds(lab.home)
        return lab

    return make


@pytest.fixture
def lab(tmp_path: Path, make_lab: Callable[..., Lab]) -> Iterator[Lab]:
    """A laboratory of one's own, not started yet."""
    lab = make_lab(tmp_path, "one's own")
    yield lab
    lab.kill()
    assert lab.faults() == []


@pytest.fixture(scope="session")
def shared_lab(
    tmp_path_factory: pytest.TempPathFactory, make_lab: Callable[..., Lab]
) -> Iterator[Lab]:
    lab = make_lab(tmp_path_factory.mktemp("lab"))
    lab.start(cold=True)
    yield lab
    lab.kill()


@pytest.fixture
def running(shared_lab: Lab) -> Iterator[Lab]:
    """A started laboratory that all tests share which leave its data and its models alone."""
    yield shared_lab
    assert shared_lab.faults() == []


def wait_until_at_rest(page: Page) -> None:
    """Until the page has drawn all that its visitor asked for, and shows nothing of before."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


class Visitor:
    """One person's browser. Notes what must not happen: errors, foreign requests."""

    def __init__(self, browsers: Browsers, width: int = 1280) -> None:
        self._browsers, self._width = browsers, width
        self.context = browsers.lend(width)
        self._origins: set[str] = set()
        self.complaints: list[str] = []
        self.foreign: list[str] = []

    def page(self, url: str) -> Page:
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda message: self._note(message.type, message.text))
        page.on("request", lambda request: self._request(request.url))
        page.goto(url)
        self._origins.add(page.evaluate("location.origin"))
        return page

    def leave(self) -> None:
        self._browsers.take_back(self._width, self.context, self._origins)

    def _note(self, kind: str, text: str) -> None:
        # Streamlit looks for its server below the page's address first, and is told 404.
        if kind == "error" and "404 (Not Found)" not in text:
            self.complaints.append(text)

    def _request(self, url: str) -> None:
        if not url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:")):
            self.foreign.append(url)


@pytest.fixture
def visitors(browsers: Browsers) -> Iterator[Callable[..., Visitor]]:
    """Makes visitors, and sees at the end that nothing went wrong in any of their browsers."""
    made: list[Visitor] = []

    def visit(width: int = 1280) -> Visitor:
        made.append(Visitor(browsers, width))
        return made[-1]

    yield visit
    for visitor in made:
        visitor.leave()
    assert [visitor.complaints for visitor in made] == [[] for _ in made]
    assert [visitor.foreign for visitor in made] == [[] for _ in made]


@pytest.fixture
def visitor(visitors: Callable[..., Visitor]) -> Visitor:
    return visitors()
