"""The HTTP below the `openai` client: sends what we say and no more, takes no more than we want."""

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from chatbot.providers.failures import endless, nonsense, too_slow
from chatbot.providers.settings import ProviderSettings, is_near

if TYPE_CHECKING:
    import httpx2
    import openai

MOST_BYTES = 8_000_000
"""Of one response: 2048 tokens in single events, with every field a server may add, are 1 MB."""
MOST_SECONDS = 600.0
"""For one response as a whole."""
SENT_HEADERS = frozenset(
    {"host", "accept", "connection", "content-type", "content-length", "authorization"}
)
_OPENAI_HEADERS = SENT_HEADERS | {"openai-organization", "openai-project"}
_NO_KEY = "none"
"""Stands where the client wants a key, so that it looks for none; never sent."""


def client(settings: ProviderSettings) -> "openai.OpenAI":
    """A client for one request. It follows no redirection and tries once: retries are ours."""
    import httpx2
    import openai

    allowed = _OPENAI_HEADERS if settings.kind == "openai" else SENT_HEADERS

    def before(request: httpx2.Request) -> None:
        """The client adds the platform, its version and what the environment names."""
        for name in set(request.headers) - allowed:
            del request.headers[name]
        if not settings.secret:
            request.headers.pop("authorization", None)
        request.headers["user-agent"] = "chatbot-lab"

    def after(response: httpx2.Response) -> None:
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise nonsense(settings)  # not asked for; a small archive may hold a gigabyte
        if response.is_success and "text/html" in response.headers.get("content-type", ""):
            raise nonsense(settings)
        response.stream = _bounded(response.stream, settings)

    return openai.OpenAI(
        api_key=settings.secret.reveal() or _NO_KEY,
        base_url=settings.address,
        max_retries=0,
        http_client=httpx2.Client(
            timeout=httpx2.Timeout(settings.timeout, connect=min(10.0, settings.timeout)),
            follow_redirects=False,
            # A proxy of the environment is for the world, not for the machine next door.
            trust_env=not is_near(httpx2.URL(settings.address).host),
            event_hooks={"request": [before], "response": [after]},
        ),
    )


def _bounded(
    stream: "httpx2.SyncByteStream | httpx2.AsyncByteStream",
    settings: ProviderSettings,
    clock: Callable[[], float] = time.monotonic,
) -> "httpx2.SyncByteStream":
    import httpx2

    class Bounded(httpx2.SyncByteStream):
        """Counts as it passes on.

        Raises:
            ChatbotError: there are too many bytes, or they take too long.
        """

        def __iter__(self) -> Iterator[bytes]:
            taken, until = 0, clock() + MOST_SECONDS
            for piece in stream:  # type: ignore[union-attr]
                taken += len(piece)
                if taken > MOST_BYTES:
                    raise endless(settings)
                if clock() > until:
                    raise too_slow(settings)
                yield piece

        def close(self) -> None:
            stream.close()  # type: ignore[union-attr]

    return Bounded()
