"""What the web server does besides Streamlit: security headers, `/chat`, the chart library.

Text of a model is shown as text. Should some of it ever slip through as Markdown, the browser is
still told to fetch nothing from elsewhere, so that no address can carry a conversation away.
"""

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

import streamlit
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot.exporting.downloads import file_at

PLOTLY_ADDRESS = "/lab/plotly.min.js"
EXPORTS_ADDRESS = "/lab/exports"


class SecurityHeaders:
    """ASGI middleware: a content security policy and its companions on every HTTP answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.headers = {
            "Content-Security-Policy": content_security_policy(),
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "SAMEORIGIN",
            "Referrer-Policy": "no-referrer",
            "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers[name] = value
            await send(message)

        await self.app(scope, receive, send_with_headers)


def content_security_policy() -> str:
    """What Streamlit's page needs from this server, and nothing from any other.

    `blob:` scripts are how components of ours are started; inline styles are Streamlit's own way
    of styling. Its one inline script is named by its hash.
    """
    scripts = " ".join(["'self'", "blob:", *_inline_script_hashes()])
    return "; ".join(
        [
            "default-src 'self'",
            f"script-src {scripts}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "media-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "frame-src 'self'",
            "frame-ancestors 'self'",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
        ]
    )


@cache
def _inline_script_hashes() -> tuple[str, ...]:
    page = Path(streamlit.__file__).parent / "static" / "index.html"
    scripts = re.findall(r"<script>(.*?)</script>", page.read_text(encoding="utf-8"), re.DOTALL)
    digests = (hashlib.sha256(script.encode("utf-8")).digest() for script in scripts)
    return tuple(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)


async def _chat(request: Request) -> Response:
    """`/chat` is the chat, which Streamlit serves at `/` because it is the default page."""
    return RedirectResponse(f"./?{request.url.query}" if request.url.query else "./")


async def _plotly(_request: Request) -> Response:
    """The chart library, as the plotly package on this machine carries it."""
    import plotly

    bundle = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    return FileResponse(
        bundle,
        media_type="text/javascript",
        headers={"Cache-Control": "public, max-age=86400"},
    )


async def _export(request: Request) -> Response:
    """A file of an export, from the disk piece by piece: Streamlit's own button would hold all of
    it in memory."""
    file = file_at(request.path_params["ticket"], request.path_params["inside"])
    if file is None:
        return PlainTextResponse("This export is not there (any more).", status_code=404)
    return FileResponse(file, filename=file.name, headers={"Cache-Control": "no-store"})


ROUTES = (
    Route("/chat", _chat, methods=["GET", "HEAD"]),
    Route(PLOTLY_ADDRESS, _plotly, methods=["GET", "HEAD"]),
    Route(EXPORTS_ADDRESS + "/{ticket}/{inside:path}", _export, methods=["GET", "HEAD"]),
)
