"""One answer in the making: everything about it except the model's arithmetic."""

import queue
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import torch

from chatbot.engine.choosing import Choice, Chooser, Sight
from chatbot.engine.loading import LoadedModel
from chatbot.engine.memory import split
from chatbot.engine.prompts import Prompt
from chatbot.engine.receipts import Change, Finish, Receipt
from chatbot.engine.sampling import LARGEST_SEED, SamplingParams
from chatbot.engine.text_stream import Alternative, Chunk, TextStream, Token
from chatbot.messages import Message

Watch = Callable[[Sight, Callable[[int], str]], object]
"""Called with each choice and with the way from an id to its text, in the engine's own thread:
it must be quick."""


class Request:
    """A question, its settings, its own generator, its stop event, and where the answer goes.

    Holds no model: only what it needs of the loaded one, so that a reader who keeps a finished
    answer does not keep the weights.
    """

    def __init__(
        self,
        loaded: LoadedModel,
        messages: list[Message],
        params: SamplingParams,
        *,
        conversation: str,
        prompt: Prompt,
        outside_stop: threading.Event | None,
        asked: float,
        begun: str = "",
        begun_tokens: tuple[int, ...] = (),
        watch: Watch | None = None,
    ) -> None:
        self.messages = messages
        self.conversation = conversation
        self.prompt = prompt
        self.pieces = split(prompt.pieces)
        self.stop = threading.Event()
        self.outbox: queue.SimpleQueue[Chunk | Receipt | BaseException] = queue.SimpleQueue()
        self.cached_tokens = 0
        self.text = begun
        self.begun = begun_tokens
        self._params = params
        self._seed = secrets.randbelow(LARGEST_SEED + 1) if params.seed is None else params.seed
        self._window = loaded.window - len(prompt.ids)
        self._limit = min(params.max_new_tokens, self._window)
        self._chooser = Chooser(params, self._seed, prompt.ids, self._window, len(begun_tokens))
        self._texts = _TokenTexts(loaded)
        self._stream = TextStream(self._texts.decode, (*prompt.stop_strings, *params.stop))
        self._wanted: SamplingParams | None = None
        self._changes: list[Change] = []
        if begun_tokens:
            self._stream.go_on_after(begun_tokens, begun)
        self._outside_stop = outside_stop
        self._watch = watch
        self._names = (loaded.entry.name, loaded.hash)
        self._placement = loaded.placement
        self._new_tokens = 0
        self._steps = 0
        self._asked = asked
        self._first_at = self._last_at = 0.0

    @property
    def stopped(self) -> bool:
        outside = self._outside_stop
        return self.stop.is_set() or (outside is not None and outside.is_set())

    def add(self, choice: Choice) -> Finish | None:
        """Take the chosen token into the answer; returns how the answer ended, if it did."""
        self._last_at = time.perf_counter()
        self._first_at = self._first_at or self._last_at
        self._steps += 1
        if choice.id in self.prompt.stop_ids:
            return "end"
        self._new_tokens += 1
        self._send(self._stream.push(self._token(choice)))
        if self._stream.ended:
            return "end" if self._stream.ended_by in self.prompt.stop_strings else "stop word"
        return "length" if self._new_tokens >= self._limit else None

    def adjust(self, params: SamplingParams) -> None:
        """Answer by other settings from the next token on, from any thread. The seed stays the
        one that the answer began with."""
        self._wanted = params

    def choose(self, scores: torch.Tensor) -> Choice:
        if self._wanted is not None:
            self._take(self._wanted)
        said = self._chooser.said
        choice = self._chooser.choose(scores)
        if self._watch is not None:
            own = scores.to(device="cpu", dtype=torch.float32)
            self._watch(Sight(said, own, choice), self._texts.of)
        return choice

    def _take(self, params: SamplingParams) -> None:
        self._wanted = None
        now = self._changes[-1].params if self._changes else self._params
        if replace(params, seed=now.seed) == now:
            return
        self._chooser.change(params)
        self._stream.stop_at((*self.prompt.stop_strings, *params.stop))
        self._limit = min(params.max_new_tokens, self._window)
        self._changes.append(Change(self._new_tokens, params))

    def finish(self, finish: Finish) -> None:
        """Send what was held back, then the receipt."""
        self._send(self._stream.finish())
        self.outbox.put(self._receipt(finish))

    def fail(self, error: BaseException) -> None:
        self.outbox.put(error)

    def _send(self, chunk: Chunk | None) -> None:
        if chunk is not None:
            self.text += chunk.text
            self.outbox.put(chunk)

    def _token(self, choice: Choice) -> Token:
        best = tuple(Alternative(i, self._texts.of(i), p) for i, p in choice.best)
        return Token(choice.id, self._texts.of(choice.id), choice.probability, best)

    def _receipt(self, finish: Finish) -> Receipt:
        seconds = self._last_at - self._first_at
        return Receipt(
            model=self._names[0],
            hash=self._names[1],
            params=self._params,
            seed=self._seed,
            prompt_tokens=len(self.prompt.ids),
            cached_tokens=self.cached_tokens,
            new_tokens=self._new_tokens,
            left_out=self.prompt.left_out,
            seconds_to_first=self._first_at - self._asked if self._first_at else 0.0,
            tokens_per_second=(self._steps - 1) / seconds if seconds > 0 else 0.0,
            finish=finish,
            device=self._placement.device,
            dtype=self._placement.dtype,
            changes=tuple(self._changes),
        )


class _TokenTexts:
    """Decoding without the library's wrapper, which costs more than the decoding."""

    def __init__(self, loaded: LoadedModel) -> None:
        self._backend = loaded.tokenizer.backend_tokenizer
        self._known: dict[int, str] = {}

    def decode(self, ids: list[int]) -> str:
        return self._backend.decode(ids, skip_special_tokens=True)

    def of(self, token_id: int) -> str:
        text = self._known.get(token_id)
        if text is None:
            text = self._backend.decode([token_id], skip_special_tokens=False)
            self._known[token_id] = text
        return text
