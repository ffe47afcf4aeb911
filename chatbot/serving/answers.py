"""One answer for a client: made in a thread of its own, handed over piece by piece."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from chatbot.engine_room import Choice, EngineRoom
from chatbot.services import Service
from chatbot.serving.wire import Asked

if TYPE_CHECKING:
    from chatbot.chat_bot import Reply
    from chatbot.engine.generation import Engine
    from chatbot.engine.receipts import Receipt
    from chatbot.services import ServiceReceipt

_T = TypeVar("_T")


class Answer:
    """An answer on its way. The model is leased as soon as it is needed, until `close`.

    Args:
        model: a name of the catalog that has been looked up.
        services: who may answer before the model does; None: all.
    """

    def __init__(
        self,
        room: EngineRoom,
        threads: ThreadPoolExecutor,
        asked: Asked,
        model: str,
        services: Sequence[Service] | None,
    ) -> None:
        self.number = f"chatcmpl-{uuid.uuid4().hex}"
        self.model = model
        self._room = room
        self._threads = threads
        self._asked = asked
        self._services = services
        self._leases = ExitStack()
        self._reply: Reply | None = None

    @property
    def text(self) -> str:
        return self._reply.text if self._reply is not None else ""

    @property
    def receipt(self) -> "Receipt | ServiceReceipt | None":
        """How it was made; None until it has ended."""
        return self._reply.receipt if self._reply is not None else None

    async def begin(self) -> None:
        """See that it can be given at all.

        Raises:
            ChatbotError: it can't; says why.
        """
        await self._in_thread(self._begin)

    async def pieces(self) -> AsyncIterator[str]:
        """Its words as they come.

        Raises:
            ChatbotError: it can't go on.
        """
        while (piece := await self._in_thread(self._next)) is not None:
            if piece:
                yield piece

    def close(self) -> None:
        """Stop it, where it has not ended, and let go of the model."""
        if self._reply is not None:
            self._reply.stop()
        self._leases.close()

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _begin(self) -> None:
        from chatbot.chat_bot import ChatBot

        bot = ChatBot(
            self.model,
            engine=partial(self._leased, Choice(self.model)),
            params=self._asked.params,
            persona=self._asked.persona,
            messages=self._asked.before,
            services=() if self._asked.bare else self._services,
        )
        self._reply = bot.stream(self._asked.question)

    def _next(self) -> str | None:
        assert self._reply is not None
        chunk = next(self._reply, None)
        return None if chunk is None else chunk.text

    def _leased(self, choice: Choice) -> "Engine":
        return self._leases.enter_context(self._room.lease(choice))
