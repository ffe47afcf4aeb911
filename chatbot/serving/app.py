"""The web application: routes, who may ask, and how much."""

import hmac
import json
import math
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from chatbot.engine import catalog
from chatbot.engine.sampling import SamplingParams
from chatbot.engine_room import EngineRoom
from chatbot.errors import BadInput, ChatbotError
from chatbot.services import Service
from chatbot.serving import wire
from chatbot.serving.answers import Answer
from chatbot.serving.limits import A_MINUTE, LARGEST_BODY, MOST_AT_ONCE, Places, Rate

NEAR = ("127.0.0.1", "localhost")
"""Names under which this machine is asked; a page from elsewhere that points its own name here is
turned away."""


@dataclass(frozen=True)
class Serving:
    """What is served, and to whom.

    Args:
        model: the catalog name of the model for requests that name none.
        key: what clients must show; "" where none is wanted.
        bare: never jokes, poems or memory.
        hosts: names that requests may use for this server; ("*",): any.
        services: who may answer before the model does; None: all.
    """

    model: str
    key: str = field(default="", repr=False)
    bare: bool = False
    hosts: tuple[str, ...] = NEAR
    params: SamplingParams = field(default_factory=SamplingParams)
    services: Sequence[Service] | None = None
    a_minute: int = A_MINUTE
    at_once: int = MOST_AT_ONCE
    on_unexpected: Callable[[BaseException], object] = lambda error: None


def application(serving: Serving, room: EngineRoom) -> Starlette:
    """The server's ASGI app; closes `room` when it ends."""
    server = _Server(serving, room)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        server.close()

    return Starlette(
        routes=[
            Route("/health", server.health),
            Route("/v1/models", server.models),
            Route("/v1/chat/completions", server.complete, methods=["POST"]),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=list(serving.hosts))],
        exception_handlers={HTTPException: _refusal, ChatbotError: _problem},
        lifespan=lifespan,
    )


class _Server:
    def __init__(self, serving: Serving, room: EngineRoom) -> None:
        self._serving = serving
        self._room = room
        self._rate = Rate(serving.a_minute)
        self._places = Places(serving.at_once)
        self._threads = ThreadPoolExecutor(serving.at_once + 1, thread_name_prefix="serve")

    def close(self) -> None:
        self._room.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def health(self, request: Request) -> Response:
        return JSONResponse({"status": "ok", "model": self._serving.model})

    async def models(self, request: Request) -> Response:
        self._admit(request)
        own = self._serving.model
        names = [entry.name for entry in catalog.list_models() if entry.installed]
        names = [own, *(name for name in names if name != own)]
        listed = [name + suffix for name in names for suffix in self._suffixes()]
        rows = [
            {"id": name, "object": "model", "created": 0, "owned_by": "chatbot-lab"}
            for name in listed
        ]
        return JSONResponse({"object": "list", "data": rows})

    async def complete(self, request: Request) -> Response:
        self._admit(request)
        asked = wire.read(await _body(request), self._serving.params)
        # By its name in the catalog, never a path: a client does not choose folders.
        name = asked.model or self._serving.model
        known = {self._serving.model, *(entry.name for entry in catalog.list_models())}
        if name not in known:
            raise _refused(404, "There is no such model.", code="model_not_found", value=name)
        if not self._places.take():
            raise _refused(429, "Too many answers are under way; try again soon.", wait=2)
        services = () if self._serving.bare else self._serving.services
        answer = Answer(self._room, self._threads, asked, name, services)
        try:
            await answer.begin()
        except BaseException:
            self._end(answer)
            raise
        if asked.stream:
            return _Events(self._events(answer, asked.usage), lambda: self._end(answer))
        try:
            return await self._whole(request, answer)
        finally:
            self._end(answer)

    async def _whole(self, request: Request, answer: Answer) -> Response:
        async for _ in answer.pieces():
            if await request.is_disconnected():
                break
        return JSONResponse(
            wire.completion(answer.number, answer.model, answer.text, answer.receipt)
        )

    async def _events(self, answer: Answer, usage: bool) -> AsyncIterator[str]:
        """Server-sent events."""
        try:
            yield _event(wire.piece(answer.number, answer.model, "", first=True))
            async for text in answer.pieces():
                yield _event(wire.piece(answer.number, answer.model, text, first=False))
            yield _event(wire.last_piece(answer.number, answer.model, answer.receipt))
            if usage:
                yield _event(wire.counts(answer.number, answer.model, answer.receipt))
        except ChatbotError as problem:
            yield _event(wire.error(problem))
        except Exception as error:
            self._serving.on_unexpected(error)
            yield _event(wire.error("Something went wrong on our side; the log has the details."))
        yield "data: [DONE]\n\n"

    def _end(self, answer: Answer) -> None:
        self._places.give_back()
        answer.close()

    def _admit(self, request: Request) -> None:
        """Turn away who has no key, or asks too often."""
        shown = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        if self._serving.key and not hmac.compare_digest(
            shown.encode("utf-8", "replace"), self._serving.key.encode()
        ):
            raise _refused(
                401,
                "The key is missing or wrong.",
                code="invalid_api_key",
                kind="authentication_error",
            )
        client = request.client.host if request.client else ""
        if wait := self._rate.wait(client):
            raise _refused(429, "Too many requests; slow down.", wait=wait)

    def _suffixes(self) -> tuple[str, ...]:
        return ("",) if self._serving.bare else ("", wire.BARE)


class _Events(StreamingResponse):
    """Server-sent events; however they end, also by a client that leaves, `ended` is called."""

    def __init__(self, events: AsyncIterator[str], ended: Callable[[], None]) -> None:
        headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        super().__init__(events, media_type="text/event-stream", headers=headers)
        self._ended = ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._ended()


async def _body(request: Request) -> object:
    """The request's JSON, read no further than it may be long."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise _refused(415, "The body must be application/json.")  # what a foreign page can't send
    data = bytearray()
    try:
        async for part in request.stream():
            data += part
            if len(data) > LARGEST_BODY:
                raise _refused(413, f"The body is over {LARGEST_BODY:,} bytes.")
    except ClientDisconnect:
        raise _refused(400, "The body is not complete.") from None
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise BadInput("The body is no JSON.") from None


def _event(body: dict[str, Any]) -> str:
    return f"data: {json.dumps(body, ensure_ascii=False)}\n\n"


def _refused(
    status: int,
    sentence: str,
    *,
    code: str | None = None,
    kind: str = "invalid_request_error",
    value: str = "",
    wait: float = 0,
) -> HTTPException:
    """A refusal with its body; `wait`: seconds after which to try again."""
    problem = ChatbotError(sentence, value=value or None)
    kind = "rate_limit_error" if status == 429 else kind
    headers = {"Retry-After": str(math.ceil(wait))} if wait else None
    refusal = HTTPException(status, detail=sentence, headers=headers)
    refusal.body = wire.error(problem, kind, code)  # type: ignore[attr-defined]
    return refusal


def _refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    body = getattr(error, "body", None) or wire.error(str(error.detail), "invalid_request_error")
    return JSONResponse(body, error.status_code, headers=error.headers)


def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ChatbotError)
    return JSONResponse(wire.error(error), wire.status_of(error))
