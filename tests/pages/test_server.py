"""What the web server does besides Streamlit, and how it is set up."""

import asyncio
import tomllib
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.types import Message, Scope

from chatbot.exporting.downloads import address_of
from pages.ui.server import EXPORTS_ADDRESS, ROUTES, SecurityHeaders, content_security_policy

PROJECT = Path(__file__).parents[2]


async def answer(path: str, query: bytes = b"") -> tuple[int, dict[str, str], int]:
    """Status, headers and length of what our routes say to a GET."""
    app = Starlette(routes=list(ROUTES), middleware=[Middleware(SecurityHeaders)])
    scope: Scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "headers": [],
        "scheme": "http",
        "server": ("127.0.0.1", 80),
        "client": None,
        "root_path": "",
        "http_version": "1.1",
    }
    sent: list[Message] = []

    async def receive() -> Message:  # a browser that has asked and now only listens
        await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, sum(len(m.get("body", b"")) for m in sent)


def fetched(path: str, query: bytes = b"") -> tuple[int, dict[str, str], int]:
    return asyncio.run(answer(path, query))


def test_chat_is_at_the_root_and_keeps_its_address() -> None:
    status, headers, _ = fetched("/chat", b"chat=" + b"a" * 32)
    assert status == 307
    assert headers["location"] == "./?chat=" + "a" * 32
    assert fetched("/chat")[1]["location"] == "./"


def test_the_chart_library_comes_from_this_machine() -> None:
    status, headers, length = fetched("/lab/plotly.min.js")
    assert status == 200
    assert headers["content-type"].startswith("text/javascript")
    assert length > 1_000_000


def test_the_policy_allows_this_server_and_no_other() -> None:
    policy = dict(part.split(" ", 1) for part in content_security_policy().split("; "))
    assert policy["default-src"] == "'self'"
    assert policy["object-src"] == "'none'"
    assert "'unsafe-inline'" not in policy["script-src"]
    assert "'unsafe-eval'" not in policy["script-src"]
    for sources in policy.values():
        assert "http" not in sources
        assert "*" not in sources


def test_an_exported_file_is_served_to_whoever_has_its_address(home: Path) -> None:
    file = home / "exports" / "tiny" / "mine.gguf"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"x" * 1000)
    address = f"{EXPORTS_ADDRESS}/{address_of(file)}"
    status, headers, length = fetched(address)
    assert (status, length) == (200, 1000)
    assert headers["content-disposition"] == 'attachment; filename="mine.gguf"'
    assert headers["x-content-type-options"] == "nosniff"
    for wrong in (f"{EXPORTS_ADDRESS}/{'0' * 40}/tiny/mine.gguf", address + "x"):
        assert fetched(wrong)[0] == 404


def test_headers_are_on_errors_too() -> None:
    status, headers, _ = fetched("/nowhere")
    assert status == 404
    assert headers["content-security-policy"] == content_security_policy()
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("section", "option", "value"),
    [
        ("server", "address", "127.0.0.1"),
        ("server", "allowedHosts", ["localhost", "127.0.0.1"]),
        ("server", "fileWatcherType", "none"),
        ("server", "maxUploadSize", 50),
        ("browser", "gatherUsageStats", False),
        ("client", "showErrorDetails", "none"),
        ("runner", "postScriptGC", False),
    ],
)
def test_safe_and_quick_by_default(section: str, option: str, value: object) -> None:
    config = tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config[section][option] == value
