"""A server that speaks the chat-completions protocol over real HTTP, and misbehaves on request.

The model's name is the request: `kind` answers well; every other name in `TEMPERS` is a way to
fail. What was asked is kept, so that a test sees every byte that left us.
"""

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from tests.unit.local_server import LocalServer, Request, begin, body_of, send

WORDS = ("The ", "sea ", "is ", "wide ", "and ", "grey.")
ANSWER = "".join(WORDS)
KEY = "sk-test-0123456789-secret"
USAGE = {"prompt_tokens": 11, "completion_tokens": 6, "total_tokens": 17}


@dataclass
class Asked:
    """A request as it came; names of headers in small letters."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any] = field(default_factory=dict)


class ProviderServer(LocalServer):
    """Serves until the block ends.

    Attributes:
        asked: every request.
        go_on: answers of `waiting` and `story` wait for it after their first words.
    """

    def __init__(self, key: str = KEY) -> None:
        super().__init__()
        self.key = key
        self.asked: list[Asked] = []
        self.go_on = threading.Event()
        self.host = f"127.0.0.1:{self.port}"
        self.address = f"http://{self.host}/v1"

    def answer(self, request: Request) -> None:
        body = json.loads(body_of(request))
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.asked.append(Asked(request.path, headers, body))
        with suppress(OSError):  # the reader has left
            Answer(request, self, body).give()
        request.close_connection = True

    def kill(self) -> None:
        self.go_on.set()
        super().kill()


class Answer:
    """One answer, by the temper that the model's name asks for."""

    def __init__(self, handler: Request, server: ProviderServer, body: dict[str, Any]) -> None:
        self.handler = handler
        self.server = server
        self.body = body

    def give(self) -> None:
        if self.handler.headers.get("Authorization") != f"Bearer {self.server.key}":
            given = self.handler.headers.get("Authorization", "").removeprefix("Bearer ")
            return self.error(401, f"Incorrect API key provided: {given}.", "invalid_api_key")
        return TEMPERS.get(self.body["model"], Answer.unknown)(self)

    # --- tempers ------------------------------------------------------------------------------

    def kind(self) -> None:
        self.stream([*map(event, WORDS), event(finish="stop"), usage()])

    def short(self) -> None:
        self.stream([event("The "), event(finish="length"), usage()])

    def picky(self) -> None:
        """As models that reason: no temperature, and the new name for the length."""
        for name in ("temperature", "max_tokens"):
            if name in self.body:
                return self.error(400, f"Unsupported parameter: '{name}'.", "unsupported", name)
        return self.kind()

    def busy_once(self) -> None:
        self._fail_first(1, 429, {"Retry-After": "0"})

    def broken_twice(self) -> None:
        self._fail_first(2, 503)

    def always_busy(self) -> None:
        self.error(429, "Slow down.", headers={"Retry-After": "0"})

    def long_wait(self) -> None:
        self.error(429, "Come back tomorrow.", headers={"Retry-After": "86400"})

    def poor(self) -> None:
        self.error(429, "You exceeded your quota.", "insufficient_quota")

    def down(self) -> None:
        self.error(500, f"Oops, the key was {self.server.key}.")

    def bad(self) -> None:
        self.error(400, "The context is too long.")

    def unknown(self) -> None:
        self.error(404, "No such model.")

    def elsewhere(self) -> None:
        self.send(307, {"Location": "http://127.0.0.1:9/v1/chat/completions"}, b"")

    def forbidden(self) -> None:
        self.error(400, "Flagged.", "content_filter")

    def filtered(self) -> None:
        self.stream([event(finish="content_filter")])

    def filtered_later(self) -> None:
        self.stream([event("The sea "), event(finish="content_filter")])

    def refusing(self) -> None:
        self.stream([event(refusal="I can't help with that."), event(finish="stop"), usage()])

    def torn(self) -> None:
        """The connection breaks in the middle."""
        self.head({"Content-Length": "100000"})
        for word in WORDS[:2]:
            self.write(event(word))

    def unfinished(self) -> None:
        self.stream(map(event, WORDS[:2]), done=False)

    def failing_later(self) -> None:
        said = {"error": {"message": f"CUDA out of memory, {self.server.key}", "code": 500}}
        self.stream([event("The sea "), data(said)])

    def html(self) -> None:
        self.send(200, {"Content-Type": "text/html"}, b"<html>Welcome to the router</html>")

    def whole(self) -> None:
        """Does not stream."""
        said = {"choices": [{"message": {"role": "assistant", "content": "Hi"}}]}
        self.send(200, {"Content-Type": "application/json"}, json.dumps(said).encode())

    def gibberish(self) -> None:
        self.stream([b"data: {not json\n\n"])

    def nested(self) -> None:
        self.stream([b"data: " + b"[" * 100_000 + b"\n\n"])

    def odd_shapes(self) -> None:
        """JSON of every wrong kind, and then an answer."""
        odd: list[object] = [
            {"choices": "all"},
            {"choices": [7]},
            {"choices": [{"delta": None}]},
            {"choices": [{"delta": {"content": {"a": 1}}}]},
            {"choices": [{"delta": {"content": ["x"]}, "finish_reason": 5}]},
            {"usage": "much", "choices": []},
            {"usage": {"prompt_tokens": -5, "completion_tokens": 1e300}, "choices": []},
        ]
        self.stream([*map(data, odd), event("fine \ud83d!"), event(finish="stop")])

    def endless(self) -> None:
        def forever() -> Iterator[bytes]:
            while not self.server.closing.is_set():
                yield event("blah " * 200)

        self.stream(forever())

    def gigabyte(self) -> None:
        """One line without an end."""
        self.head({})
        self.write(b"data: ")
        for _ in range(1024):
            if self.server.closing.is_set():
                break
            self.write(b"x" * 2**20)

    def zipped(self) -> None:
        self.send(200, {"Content-Encoding": "gzip"}, b"\x1f\x8b")

    def silent(self) -> None:
        self.server.go_on.wait(30)

    def silent_later(self) -> None:
        self.head({})
        self.write(event("The sea "))
        self.server.go_on.wait(30)

    def chatty_silence(self) -> None:
        """Signs of life, and no word."""
        self.head({})
        while not self.server.closing.wait(0.02):
            self.write(b": still here\n\n")

    def open_end(self) -> None:
        """Says its last word and does not hang up."""
        self.head({})
        for each in (*map(event, WORDS), event(finish="stop")):
            self.write(each)
        self.server.go_on.wait(30)

    def waiting(self) -> None:
        """Its first words, then the rest when the test says so."""
        self.head({})
        for word in WORDS[:2]:
            self.write(event(word))
        self.server.go_on.wait(30)
        if not self.server.closing.is_set():
            for each in (*map(event, WORDS[2:]), event(finish="stop"), usage(), DONE):
                self.write(each)

    # --- the protocol -------------------------------------------------------------------------

    def stream(self, events: Iterable[bytes], *, done: bool = True) -> None:
        self.head({})
        for each in events:
            self.write(each)
        if done:
            self.write(DONE)

    def head(self, headers: dict[str, str]) -> None:
        usual = {"Content-Type": "text/event-stream", "Connection": "close"}
        begin(self.handler, 200, usual | headers)

    def write(self, each: bytes) -> None:
        self.handler.wfile.write(each)
        self.handler.wfile.flush()

    def send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        send(self.handler, status, body, headers | {"Connection": "close"})

    def error(
        self,
        status: int,
        message: str,
        code: str = "",
        param: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        said = {"error": {"message": message, "code": code, "type": "x", "param": param}}
        self.send(
            status,
            {"Content-Type": "application/json"} | (headers or {}),
            json.dumps(said).encode(),
        )

    def _fail_first(self, times: int, status: int, headers: dict[str, str] | None = None) -> None:
        if len(self.server.asked) <= times:
            self.error(status, "Not now.", headers=headers)
        else:
            self.kind()


def event(text: str = "", finish: str | None = None, refusal: str | None = None) -> bytes:
    delta = {"content": text} if text else {"refusal": refusal} if refusal else {}
    return data({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})


def usage() -> bytes:
    return data({"choices": [], "usage": USAGE})


def data(said: object) -> bytes:
    return f"data: {json.dumps(said)}\n\n".encode()


DONE = b"data: [DONE]\n\n"
TEMPERS: dict[str, Callable[[Answer], None]] = {
    name.replace("_", "-"): temper
    for name, temper in vars(Answer).items()
    if callable(temper)
    and not name.startswith("_")
    and temper.__code__.co_argcount == 1
    and name not in ("give",)
}


def texts(messages: Sequence[dict[str, str]]) -> list[str]:
    return [message["content"] for message in messages]


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "this never happened"
        time.sleep(0.005)
