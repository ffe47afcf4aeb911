"""The cookie by which a browser finds its conversations again."""

import asyncio

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message, Scope

from pages.ui.browser import COOKIE, BrowserCookie


async def _page(_: Request) -> Response:
    return HTMLResponse("<p>page</p>")


async def _file(_: Request) -> Response:
    return PlainTextResponse("file")


def cookies(path: str, cookie: str = "", scheme: str = "http") -> list[str]:
    """The Set-Cookie headers of an answer."""
    app = Starlette(
        routes=[Route("/", _page), Route("/file", _file)], middleware=[Middleware(BrowserCookie)]
    )
    scope: Scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"cookie", cookie.encode())] if cookie else [],
        "scheme": scheme,
        "server": ("127.0.0.1", 80),
        "client": None,
        "root_path": "",
        "http_version": "1.1",
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return [value.decode() for name, value in sent[0]["headers"] if name == b"set-cookie"]


def secret(header: str) -> str:
    return header.partition(";")[0].partition("=")[2]


def test_a_new_browser_gets_a_secret_that_no_script_can_read() -> None:
    (first,) = cookies("/")
    assert first.startswith(f"{COOKIE}=")
    assert len(secret(first)) == 32
    for flag in ("HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=34560000"):
        assert flag in first
    assert "Secure" not in first
    assert secret(cookies("/")[0]) != secret(first)
    assert "Secure" in cookies("/", scheme="https")[0]


def test_a_known_browser_keeps_it_for_longer() -> None:
    (again,) = cookies("/", f"other=1; {COOKIE}={'a' * 32}; more=2")
    assert secret(again) == "a" * 32


@pytest.mark.parametrize("value", ["", "short", "A" * 32, "../" * 11, '"' + "a" * 32])
def test_what_we_never_gave_is_replaced(value: str) -> None:
    (fresh,) = cookies("/", f"{COOKIE}={value}")
    assert secret(fresh) != value
    assert len(secret(fresh)) == 32


def test_only_pages_carry_it() -> None:
    assert cookies("/file") == []
