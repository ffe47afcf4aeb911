"""Every page: opened cold, on a phone, safely, and with what was saved still there."""

import http.client
import urllib.request
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visitor
from tests.e2e.lab import Lab

PAGES = {
    "/": "Chat",
    "/chat": "Chat",
    "/dataset": "Dataset",
    "/fine_tune": "Fine-tune",
    "/sampling_lab": "Sampling lab",
    "/compare": "Compare",
    "/models": "Models",
    "/services": "Jokes and poems",
}
PAGE_NAMES = list(dict.fromkeys(PAGES.values()))


def expect_page(page: Page, name: str) -> None:
    """The page is there, and all pages are in the navigation."""
    if name == "Chat":
        expect(page.get_by_test_id("stChatInputTextArea")).to_be_visible()
    else:
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    links = page.get_by_test_id("stSidebarNavLink")
    expect(links).to_have_count(len(PAGE_NAMES))
    shown = [link.strip().split("\n")[-1] for link in links.all_inner_texts()]
    assert shown == PAGE_NAMES


@pytest.mark.parametrize("address", PAGES)
def test_a_cold_server_opened_at_any_address(lab: Lab, visitor: Visitor, address: str) -> None:
    lab.start(cold=True)
    page = visitor.page(lab.url + address)
    expect_page(page, PAGES[address])
    page.wait_for_timeout(500)
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_text("Page not found")).to_have_count(0)


def test_walking_through_all_pages_keeps_the_chat_in_the_address(
    running: Lab, visitor: Visitor
) -> None:
    page = visitor.page(running.url)
    expect_page(page, "Chat")
    page.wait_for_url("**/?chat=*")
    chat = page.url.partition("chat=")[2]
    for address, name in (
        ("dataset", "Dataset"),
        ("fine_tune", "Fine-tune"),
        ("sampling_lab", "Sampling lab"),
        ("compare", "Compare"),
        ("models", "Models"),
        ("", "Chat"),
    ):
        page.get_by_role("link", name=name).click()
        expect_page(page, name)
        page.wait_for_url(f"**/{address}?*chat={chat}*")


@pytest.mark.parametrize(
    "address", ["/", "/dataset", "/fine_tune", "/sampling_lab", "/compare", "/models"]
)
def test_nothing_sticks_out_on_a_phone(
    running: Lab, visitors: Callable[..., Visitor], address: str
) -> None:
    page = visitors(width=390).page(running.url + address)
    main = page.get_by_role("main")
    expect(main.locator("h1, h2, textarea").first).to_be_visible()
    page.wait_for_timeout(1000)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert main.evaluate("main => main.scrollWidth <= main.clientWidth")
    # The sidebar is folded away, and opens on a tap.
    expect(page.get_by_test_id("stSidebarNavLink").first).not_to_be_in_viewport()
    page.get_by_test_id("stExpandSidebarButton").click()
    expect(page.get_by_role("link", name="Dataset")).to_be_in_viewport()


def test_every_answer_carries_the_security_headers(running: Lab) -> None:
    for address in ("/", "/dataset", "/lab/plotly.min.js", "/_stcore/health"):
        with urllib.request.urlopen(running.url + address) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'self'" in policy
            assert "img-src 'self' data: blob:" in policy
            assert "connect-src 'self'" in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_a_foreign_host_is_not_served(running: Lab) -> None:
    """DNS rebinding: the browser believes to talk to evil.example, which points to 127.0.0.1."""
    statuses = {}
    for host in ("evil.example", f"127.0.0.1:{running.port}"):
        connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=10)
        connection.request(
            "GET",
            "/_stcore/stream",
            headers={
                "Host": host,
                "Origin": f"http://{host}",
                "Connection": "Upgrade",
                "Upgrade": "websocket",
                "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
            },
        )
        statuses[host] = connection.getresponse().status
        connection.close()
    assert statuses["evil.example"] == 403
    assert statuses[f"127.0.0.1:{running.port}"] == 101
