"""What answers a message instead of the model: the seam between a conversation and its services.

A service looks at a message and at what came before it; it answers, or leaves the message to the
next one and at last to the model. Services keep no conversation. What one needs in order to go on
(a joke that waits for its why) stands in the receipt of its answer and comes back with it, so that
a restart, another version or an undo never confuses it.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from chatbot.engine.sampling import SamplingParams
from chatbot.engine.text_stream import Chunk
from chatbot.messages import Message

if TYPE_CHECKING:
    from chatbot.engine.receipts import Finish

SERVICE = "service"
"""The field that tells a service's receipt from a model's."""


@dataclass(frozen=True)
class ServiceReceipt:
    """What made an answer that no model was asked for, or not for all of it.

    Args:
        service: the service's name.
        source: where the answer is from, for people: "a joke from data/jokes.json".
        note: what else a person should know, such as why another source was not used.
        state: what the service needs to go on in the next turn; JSON values.
        made_by: the receipt of the model or provider that wrote it, as a dict; None: nobody.
        seconds: from the question to the last word.
        finish: "end", or "stopped" by the reader.
    """

    service: str
    source: str
    note: str = ""
    state: Mapping[str, Any] = field(default_factory=dict)
    made_by: Mapping[str, Any] | None = None
    seconds: float = 0.0
    finish: "Finish" = "end"


class Writer(Protocol):
    """A model that can be asked: `Engine.stream`, or a provider's."""

    def __call__(
        self,
        messages: Sequence[Message],
        params: SamplingParams,
        *,
        stop: threading.Event | None = None,
    ) -> Iterator[Chunk]:
        """The answer, piece by piece; it has a `receipt` once it has ended."""
        ...


@dataclass(frozen=True)
class Situation:
    """A message and all that a service may know about it.

    Args:
        text: the message.
        messages: the conversation before it, oldest first, without persona texts.
        receipts: for each answer in `messages`, what made it; None where nobody knows.
        params: settings of the chat.
        write: asks the local model, which is loaded for it if it was not yet.
        provider: asks a larger model elsewhere; None where the user has not switched one on.
        conversation: names this conversation.
        owner: names whom it belongs to, beyond this conversation; "": nobody knows.
        stop: set once nobody wants the answer any more.
    """

    text: str
    messages: tuple[Message, ...]
    receipts: tuple[Mapping[str, Any] | None, ...]
    params: SamplingParams
    write: Writer
    provider: Writer | None = None
    conversation: str = ""
    owner: str = ""
    stop: threading.Event = field(default_factory=threading.Event)

    def last(self, service: str) -> Mapping[str, Any] | None:
        """The `state` of the last answer, if this service gave it."""
        receipt = self.receipts[-1] if self.receipts else None
        if receipt is None or receipt.get(SERVICE) != service:
            return None
        state = receipt.get("state")
        return state if isinstance(state, Mapping) else {}


class ServiceAnswer(Iterator[Chunk]):
    """An answer of a service, with the interface of `generation.Generation`.

    Args:
        pieces: its words; asked for one after the other, from the reader's own thread.
        receipt: called after the last piece, with the seconds it took; the answer's receipt but
            for its end.
        stop: set to end it; what has come stays.
    """

    begun: tuple[int, ...] = ()

    def __init__(
        self,
        pieces: Iterable[str],
        receipt: Callable[[float, "Finish"], ServiceReceipt],
        stop: threading.Event,
    ) -> None:
        self.text = ""
        self.receipt: ServiceReceipt | None = None
        self._pieces = iter(pieces)
        self._make_receipt = receipt
        self._stop = stop
        self._asked = time.perf_counter()

    def __next__(self) -> Chunk:
        """The next piece.

        Raises:
            ChatbotError: the service can't go on; what has come stays.
        """
        if self.receipt is not None:
            raise StopIteration
        piece = None if self._stop.is_set() else next(self._pieces, None)
        if piece is None:
            finish: Finish = "stopped" if self._stop.is_set() else "end"
            self.receipt = self._make_receipt(time.perf_counter() - self._asked, finish)
            raise StopIteration
        self.text += piece
        return Chunk(piece, ())

    def adjust(self, params: SamplingParams) -> None:
        """A service knows no settings."""

    def stop(self) -> None:
        self._stop.set()

    close = stop


class Service(Protocol):
    """Jokes, poems, memory: whoever may answer instead of the model."""

    name: str

    def answer(self, situation: Situation) -> ServiceAnswer | None:
        """Its answer; None where the message is none of its business. Must be quick: what takes
        long belongs into the answer's pieces.

        Raises:
            ChatbotError: it can't answer.
        """
        ...


def said(
    service: str,
    text: str,
    source: str,
    situation: Situation,
    *,
    note: str = "",
    state: Mapping[str, Any] | None = None,
) -> ServiceAnswer:
    """An answer whose words are known already."""

    def receipt(seconds: float, finish: "Finish") -> ServiceReceipt:
        return ServiceReceipt(
            service, source, note, dict(state or {}), seconds=seconds, finish=finish
        )

    return ServiceAnswer([text], receipt, situation.stop)


def route(services: Iterable[Service], situation: Situation) -> ServiceAnswer | None:
    """The answer of the first service that has one; None: the model's turn.

    Raises:
        ChatbotError: a service can't answer what is its business.
    """
    for service in services:
        answer = service.answer(situation)
        if answer is not None:
            return answer
    return None
