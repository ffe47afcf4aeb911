"""Answers from a loaded model: one worker steps every active request, one token each in turn.

Requests are not batched: in a batch the sums of a matrix product, and with them the answer to a
seed, would depend on who else is asking. A request is computed in pieces that depend on its own
messages alone (see `Prompt`), so the same seed gives the same answer to the letter whatever else
runs, and whether the conversation was remembered or read anew.
"""

import queue
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import replace

from chatbot.engine.beginnings import Beginning, begun, token_ids
from chatbot.engine.loading import LoadedModel
from chatbot.engine.prompts import Prompt, render
from chatbot.engine.receipts import Receipt
from chatbot.engine.requests import Request, Watch
from chatbot.engine.sampling import SamplingParams
from chatbot.engine.text_stream import Alternative, Chunk, Token
from chatbot.engine.worker import Worker
from chatbot.errors import BadInput, NotAvailable
from chatbot.messages import Message

__all__ = ["Alternative", "Chunk", "Engine", "Generation", "Receipt", "Token"]

LARGEST_RESERVE = 4
"""At most a quarter of the window is kept free for the answer, whatever Max new tokens says."""
_SECONDS_BETWEEN_LOOKS = 1.0


class Generation(Iterator[Chunk]):
    """An answer on its way: iterate over its chunks. Dropping it stops it.

    Attributes:
        prompt: what the model was given.
        text: what has come so far, with what it began with.
        begun: ids of the tokens that it began with.
        receipt: how it was made; None until the last chunk has been taken.
    """

    def __init__(self, request: Request, worker: Worker) -> None:
        self.prompt: Prompt = request.prompt
        self.text = request.text
        self.begun = request.begun
        self.receipt: Receipt | None = None
        self._request = request
        self._worker = worker
        self._finished = False

    def __next__(self) -> Chunk:
        """The next chunk.

        Raises:
            NotAvailable: the engine was closed, such as for another model.
            ChatbotError: the model can't go on; the text so far is right.
        """
        if self._finished:
            raise StopIteration
        item = self._next_item()
        if isinstance(item, Chunk):
            self.text += item.text
            return item
        self._finished = True
        if isinstance(item, Receipt):
            self.receipt = item
            raise StopIteration
        raise item

    def adjust(self, params: SamplingParams) -> None:
        """Answer by other settings from the next token on; the seed stays. The receipt tells it."""
        self._request.adjust(params)

    def stop(self) -> None:
        """End the answer as soon as possible. What has come stays, and the receipt follows."""
        self._request.stop.set()

    close = stop

    def __del__(self) -> None:
        if hasattr(self, "_request"):
            self._request.stop.set()

    def _next_item(self) -> Chunk | Receipt | BaseException:
        while True:
            try:
                return self._request.outbox.get(timeout=_SECONDS_BETWEEN_LOOKS)
            except queue.Empty:
                if not self._worker.alive and self._request.outbox.empty():
                    return model_gone()


class Engine:
    """A loaded model that answers any number of callers at once, from any thread."""

    def __init__(self, loaded: LoadedModel) -> None:
        self._loaded: LoadedModel | None = loaded
        self._worker = Worker(loaded, model_gone)
        self._stop_worker = weakref.finalize(self, self._worker.close)

    @property
    def loaded(self) -> LoadedModel:
        """The model.

        Raises:
            NotAvailable: the engine was closed.
        """
        loaded = self._loaded
        if loaded is None:
            raise model_gone()
        return loaded

    @property
    def active(self) -> int:
        """How many answers are under way."""
        return self._worker.active

    def render(self, messages: Sequence[Message], params: SamplingParams, begun: int = 0) -> Prompt:
        """What the model would be given: the newest turns that fit beside the answer, of which
        `begun` tokens are there already.

        Raises:
            BadInput: there is no message, or even the last one doesn't fit.
            NotAvailable: the engine was closed.
        """
        loaded = self.loaded
        reserve = min(params.max_new_tokens, loaded.window // LARGEST_RESERVE)
        if begun and begun + reserve >= loaded.window:
            raise BadInput(
                "The answer is as long as this model's window, so it can't go on.",
                remedy="Ask a question about it instead, or choose a model with a larger window.",
            )
        prompt = render(loaded.tokenizer, messages, window=loaded.window, reserve=reserve + begun)
        return replace(prompt, stop_ids=prompt.stop_ids | _end_ids(loaded))

    def stream(
        self,
        messages: Sequence[Message],
        params: SamplingParams,
        *,
        conversation: str = "",
        stop: threading.Event | None = None,
        beginning: Beginning | None = None,
        watch: Watch | None = None,
        left_out: int = 0,
    ) -> Generation:
        """Begin to answer; returns at once.

        Args:
            messages: the conversation, oldest first.
            params: without a seed a fresh one is drawn; the receipt tells it.
            conversation: a key under which the reading is remembered between turns; "" forgets.
            stop: set it to end the answer.
            beginning: what the answer has already; it goes on from its last token.
            watch: is shown what each token is chosen from.
            left_out: messages before these that the caller left out; the receipt counts them.

        Raises:
            BadInput: there is no message, or even the last one doesn't fit.
            NotAvailable: the engine was closed.
        """
        asked = time.perf_counter()
        first = beginning or Beginning("")
        tokens = token_ids(self.loaded.tokenizer, messages, first) if first.text else ()
        prompt = begun(self.render(messages, params, len(tokens)), tokens)
        request = Request(
            self.loaded,
            list(messages),
            params,
            conversation=conversation,
            prompt=replace(prompt, left_out=prompt.left_out + left_out),
            outside_stop=stop,
            asked=asked,
            begun=first.text,
            begun_tokens=tokens,
            watch=watch,
        )
        self._worker.submit(request)
        return Generation(request, self._worker)

    def wait_until_idle(self, seconds: float) -> bool:
        """Wait until no answer is under way and all are read for their next turn.

        Returns:
            False if that takes longer than `seconds`.
        """
        return self._worker.wait_until_idle(seconds)

    def close(self) -> None:
        """End all answers and free the model. May be called more than once."""
        self._loaded = None
        self._stop_worker()


def model_gone() -> NotAvailable:
    return NotAvailable(
        "The model was unloaded before the answer was complete.",
        remedy="Ask again: the model that is chosen now will answer.",
    )


def _end_ids(loaded: LoadedModel) -> frozenset[int]:
    """End tokens that only the checkpoint's generation_config.json knows."""
    config = getattr(loaded.model, "generation_config", None)
    ends = getattr(config, "eos_token_id", None)
    if ends is None:
        return frozenset()
    return frozenset(ends) if isinstance(ends, list) else frozenset({int(ends)})
