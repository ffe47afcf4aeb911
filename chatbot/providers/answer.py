"""An answer from a provider, with the interface of `generation.Generation`."""

import math
import queue
import threading
import time
from collections.abc import Iterator, Sequence

from chatbot.engine.sampling import SamplingParams
from chatbot.engine.text_stream import Chunk
from chatbot.errors import ChatbotError
from chatbot.messages import Message
from chatbot.providers import failures
from chatbot.providers.asking import Asking, End
from chatbot.providers.receipt import ProviderReceipt
from chatbot.providers.settings import ProviderSettings
from chatbot.providers.spending import Spending

_LOOK = 0.05
"""Seconds between two looks whether somebody has stopped it."""


class ProviderAnswer(Iterator[Chunk]):
    """An answer on its way: iterate over its chunks. Dropping it stops it.

    Attributes:
        text: what has come so far.
        receipt: who made it, and how; None until the last chunk has been taken.
    """

    begun: tuple[int, ...] = ()

    def __init__(
        self,
        settings: ProviderSettings,
        spending: Spending,
        messages: Sequence[Message],
        params: SamplingParams,
        *,
        stop: threading.Event | None = None,
        seconds: float | None = None,
    ) -> None:
        self.text = ""
        self.receipt: ProviderReceipt | None = None
        self._settings = settings
        self._params = params
        self._over = False
        self._asked = time.monotonic()
        self._first: float | None = None
        self._until = math.inf if seconds is None else self._asked + seconds
        self._asking = Asking(settings, spending, messages, params, stop)

    def __next__(self) -> Chunk:
        """The next chunk.

        Raises:
            ChatbotError: there is no answer; says why. One that breaks off in the middle is kept,
                and its receipt says so.
        """
        if self._over:
            raise StopIteration
        item = self._next_item()
        if isinstance(item, str):
            self._first = self._first or time.monotonic()
            self.text += item
            return Chunk(item, ())
        self._over = True
        if isinstance(item, End):
            self.receipt = self._made(item)
            raise StopIteration
        raise item

    def adjust(self, params: SamplingParams) -> None:
        """A provider's answer goes on by the settings that it began with."""

    def stop(self) -> None:
        """End the answer as soon as possible. What has come stays, and the receipt follows."""
        self._asking.stop.set()

    close = stop

    def __del__(self) -> None:
        if hasattr(self, "_asking"):
            self._asking.stop.set()

    def _next_item(self) -> str | End | BaseException:
        asking = self._asking
        while True:
            if asking.stopped:
                asking.stop.set()  # for good: one from outside may be used again
                return End("stopped")
            try:
                return asking.outbox.get(timeout=_LOOK)
            except queue.Empty:
                if time.monotonic() > min(asking.patience_until, self._until):
                    asking.stop.set()  # a connection that says nothing is given up
                    return asking.end or self._too_slow()

    def _too_slow(self) -> End | ChatbotError:
        problem = failures.too_slow(self._settings, self._until - self._asked)
        return End("cut off", str(problem)) if self.text else problem

    def _made(self, end: End) -> ProviderReceipt:
        asking, settings = self._asking, self._settings
        return ProviderReceipt(
            provider=settings.name,
            host=settings.host,
            model=settings.model,
            params=self._params,
            sent=asking.sent,
            finish=end.finish,
            seconds_to_first=(self._first or time.monotonic()) - self._asked,
            prompt_tokens=asking.prompt_tokens,
            new_tokens=asking.new_tokens,
            note=end.note,
        )
