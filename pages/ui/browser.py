"""Whose browser it is: a secret in a cookie of ours, so that it finds its conversations again.

There is no login here. The cookie holds 128 random bits, no script of a page can read it, and what
is on disk knows only its fingerprint.
"""

import re
import secrets
from http.cookies import CookieError, SimpleCookie

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot.chat_list import fingerprint

COOKIE = "chatbot_lab_browser"
_SECONDS = 400 * 24 * 3600
"""The longest that browsers keep a cookie; counted anew at every visit."""
_SECRET = re.compile(r"[0-9a-f]{32}")


def owner() -> str:
    """The fingerprint of this browser; "" where it keeps no cookies."""
    secret = st.context.cookies.get(COOKIE)
    return fingerprint(secret) if isinstance(secret, str) and _SECRET.fullmatch(secret) else ""


class BrowserCookie:
    """ASGI middleware: every page that is served gives the browser its cookie, or keeps it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html"):
                    headers.append("Set-Cookie", _cookie(scope))
                    headers["Cache-Control"] = "no-store"  # nobody else's copy of the page
            await send(message)

        await self.app(scope, receive, send_with_cookie)


def _cookie(scope: Scope) -> str:
    secret = _known(Headers(scope=scope).get("cookie", "")) or secrets.token_hex(16)
    secure = "; Secure" if scope.get("scheme") == "https" else ""
    return f"{COOKIE}={secret}; Max-Age={_SECONDS}; Path=/; HttpOnly; SameSite=Lax{secure}"


def _known(header: str) -> str:
    try:
        morsel = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel is not None and _SECRET.fullmatch(morsel.value) else ""
