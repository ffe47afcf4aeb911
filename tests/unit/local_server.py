"""A server of a test on this machine: what the stand-ins for hubs and providers share."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

Request = BaseHTTPRequestHandler


class LocalServer(ABC):
    """Serves until the block ends.

    Attributes:
        closing: set when it ends, so that answers which hang let go.
    """

    def __init__(self, port: int = 0) -> None:
        self.closing = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server.answer(self)

            def do_HEAD(self) -> None:
                server.answer(self)

            def do_POST(self) -> None:
                server.answer(self)

            def do_PUT(self) -> None:
                server.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.port = self._server.server_port
        self.address = f"http://127.0.0.1:{self.port}"

    @abstractmethod
    def answer(self, request: Request) -> None:
        """Called for every request, in a thread of its own."""

    def kill(self) -> None:
        """Gone at once, in the middle of whatever it says."""
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


def body_of(request: Request) -> bytes:
    """What came with a request, in one piece or in chunks."""
    if request.headers.get("Transfer-Encoding") != "chunked":
        return request.rfile.read(int(request.headers.get("Content-Length") or 0))
    parts = []
    while size := int(request.rfile.readline(), 16):
        parts.append(request.rfile.read(size))
        request.rfile.readline()
    request.rfile.readline()
    return b"".join(parts)


def begin(request: Request, status: int, headers: Mapping[str, str]) -> None:
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name, value)
    request.end_headers()


def send(
    request: Request, status: int, data: bytes, headers: Mapping[str, str] | None = None
) -> None:
    """A whole answer; of one to HEAD only the headers."""
    begin(request, status, {"Content-Length": str(len(data)), **(headers or {})})
    if request.command != "HEAD":
        request.wfile.write(data)


def send_torn(
    request: Request, status: int, data: bytes, headers: Mapping[str, str], after: int
) -> None:
    """So many bytes of an answer; then the connection breaks off."""
    begin(request, status, {**headers, "Content-Length": str(len(data))})
    request.wfile.write(data[:after])
    request.wfile.flush()
    request.close_connection = True
