"""One question to a provider, asked and read in a thread of its own, so that whoever waits for the
answer can stop waiting at any moment."""

import queue
import random
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chatbot.engine.sampling import SamplingParams
from chatbot.errors import ChatbotError, NotAvailable
from chatbot.messages import Message
from chatbot.providers import failures, reading
from chatbot.providers.connection import client
from chatbot.providers.receipt import ProviderFinish
from chatbot.providers.settings import ProviderSettings
from chatbot.providers.spending import Spending, estimated

if TYPE_CHECKING:
    import openai

RETRIES = 3
FIRST_WAIT = 0.5
"""Seconds before the first retry; each further one doubles it, with up to a quarter of chance, so
that many clients don't come back at once."""
LONGEST_WAIT = 20.0
"""Seconds that a server may ask us to wait; for more, the person is told instead."""
AFTER_THE_END = 5.0
"""Seconds for what a server may add after the last word: its count of the tokens."""
_SLACK = 2.0
"""Seconds that the network's own time limit gets before ours."""
_PER_MESSAGE = 8
"""Tokens around each message, as an estimate."""
_CHARACTERS = 16
"""An answer is cut at this many characters for each token asked for; English has about 4."""


@dataclass(frozen=True)
class End:
    """How an answer ended."""

    finish: ProviderFinish
    note: str = ""


class Asking:
    """A question on its way; begins at once.

    Attributes:
        outbox: pieces of text, then an `End` or what went wrong.
        sent: names of the settings that the provider was told.
        patience_until: when there should be news at the latest, by `time.monotonic`.
        end: how it ended, as soon as the server has said so.

    Raises:
        OutOfResources: the session's spending limit leaves no room for it.
    """

    def __init__(
        self,
        settings: ProviderSettings,
        spending: Spending,
        messages: Sequence[Message],
        params: SamplingParams,
        stop: threading.Event | None,
    ) -> None:
        self.settings = settings
        self.outbox: queue.SimpleQueue[str | End | BaseException] = queue.SimpleQueue()
        self.sent: tuple[str, ...] = ()
        self.end: End | None = None
        self.prompt_tokens: int | None = None
        self.new_tokens: int | None = None
        self.stop = threading.Event()
        self._outside_stop = stop
        self._spending = spending
        self._characters = 0
        self._prompt = sum(estimated(len(each.text)) + _PER_MESSAGE for each in messages)
        most = spending.reserve(self._prompt, params.max_new_tokens)
        self._reserved = self._prompt + most
        self._most_characters = max(2_000, _CHARACTERS * most)
        self._body = reading.request(settings, messages, params, most)
        self.patience_until = 0.0
        self._hope()
        threading.Thread(target=self._run, name="asking a provider", daemon=True).start()

    @property
    def stopped(self) -> bool:
        return self.stop.is_set() or (
            self._outside_stop is not None and self._outside_stop.is_set()
        )

    def _hope(self, seconds: float = 0.0) -> None:
        """There may be no news for the time limit and so many seconds more."""
        self.patience_until = time.monotonic() + self.settings.timeout + _SLACK + seconds

    def _run(self) -> None:
        try:
            self.outbox.put(self._ask())
        except BaseException as error:
            self.outbox.put(error)
        finally:
            used = 0
            if self._characters or self.new_tokens is not None:
                prompt, new = self.prompt_tokens, self.new_tokens
                used = self._prompt if prompt is None else prompt
                used += estimated(self._characters) if new is None else new
            self._spending.settle(self._reserved, used)

    def _ask(self) -> End:
        """
        Raises:
            ChatbotError: there is no word of an answer.
        """
        import httpx2
        import openai

        try:
            with client(self.settings) as opened:
                return self._read(self._opened(opened))
        except ChatbotError as error:
            problem, refusal = error, False
        except openai.OpenAIError as error:
            begun = self._characters > 0
            problem = failures.sentence(error, self.settings, begun=begun)
            refusal = failures.is_refusal(error)
        except (httpx2.HTTPError, httpx2.InvalidURL):
            problem, refusal = failures.nonsense(self.settings), False
        # Outside of the handlers: what a client raises knows the request, and with it the key.
        if self.end is not None:
            return self.end
        if not self._characters:
            raise problem
        return End("refused" if refusal else "cut off", str(problem))

    def _opened(self, opened: "openai.OpenAI") -> Any:
        """The stream, once the server has taken the question."""
        import openai

        tries = 0
        while True:
            self.sent = reading.sent(self._body)
            try:
                return opened.chat.completions.create(**self._body)
            except openai.BadRequestError as error:
                said = failures.quoted(error, self.settings)
                less = reading.without_unwanted(self._body, error.param, said)
                if less is None or tries >= RETRIES:
                    raise
                self._body = less
            except openai.APITimeoutError:
                raise
            except (openai.APIStatusError, openai.APIConnectionError) as error:
                wait = _wait(error, tries)
                if wait is None or tries >= RETRIES:
                    raise
                self._pause(wait)
            tries += 1
            if self.stopped:
                raise NotAvailable("The question was withdrawn.")
            self._hope()

    def _read(self, stream: Any) -> End:
        """Pass the pieces on."""
        events = iter(stream)
        refused = False
        try:
            while not self.stopped:
                try:
                    event = next(events, None)
                except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
                    raise failures.nonsense(self.settings) from None
                if event is None:
                    break
                piece = reading.piece(event)
                if piece.prompt_tokens is not None or piece.new_tokens is not None:
                    self.prompt_tokens, self.new_tokens = piece.prompt_tokens, piece.new_tokens
                refused = refused or piece.refused
                if piece.text and self.end is None:
                    self._pass_on(piece.text)
                if piece.finish and self.end is None:
                    self.end = _end(piece.finish, refused, self.settings)
                    self.patience_until = time.monotonic() + AFTER_THE_END
        finally:
            with suppress(Exception):  # the connection may be broken already
                stream.close()
        return self._over(refused)

    def _over(self, refused: bool) -> End:
        if self.stopped:
            return End("stopped")
        if self.end is not None:
            if self.end.finish == "refused" and not self._characters:
                self.end = None
                raise failures.refused(self.settings)
            return self.end
        if not self._characters:
            raise failures.nonsense(self.settings)
        if refused:
            return End("refused")
        return End(
            "cut off",
            f"{self.settings.host} broke off without saying that its answer was complete.",
        )

    def _pass_on(self, text: str) -> None:
        """
        Raises:
            ChatbotError: the answer is far longer than was asked for.
        """
        left = self._most_characters - self._characters
        if not self._characters:
            text = text.lstrip()
        if not text:
            return
        self._hope()
        self._characters += len(text)
        self.outbox.put(text[:left])
        if len(text) > left:
            raise failures.endless(self.settings)

    def _pause(self, seconds: float) -> None:
        self._hope(seconds)
        until = time.monotonic() + seconds
        while not self.stopped and (left := until - time.monotonic()) > 0:
            self.stop.wait(min(0.1, left))


def _end(finish: str, refused: bool, settings: ProviderSettings) -> End:
    if refused or finish == "content_filter":
        return End("refused", f"{settings.host} did not want to go on: its rules forbid it.")
    return End("length" if finish == "length" else "end")


def _wait(error: "openai.APIError", tries: int) -> float | None:
    """Seconds to wait before the next try; None where another one is no use."""
    import openai

    usual = FIRST_WAIT * 2**tries * random.uniform(1.0, 1.25)
    if not isinstance(error, openai.APIStatusError):
        return usual if tries < 1 else None  # nobody there: once more, for one that just starts
    if error.status_code not in (429, 500, 502, 503, 504) or failures.is_quota(error):
        return None
    try:
        asked = float(error.response.headers.get("retry-after", ""))
    except ValueError:
        return usual
    if not 0 <= asked <= LONGEST_WAIT:
        return None
    return max(asked, usual)
