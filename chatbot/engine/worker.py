"""The single thread that runs the model: every active request in turn, a piece or a token each.

While nobody asks, it reads the answers just given, so that the next turn finds them read.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import torch

from chatbot.engine.loading import LoadedModel
from chatbot.engine.memory import Reading, Readings, split
from chatbot.engine.prompts import kept, render_finished
from chatbot.engine.receipts import Finish
from chatbot.engine.requests import Request
from chatbot.engine.threads import Threads, threads_for
from chatbot.errors import OutOfResources
from chatbot.messages import Message, assistant

_LONGEST_GOODBYE = 30.0
"""Seconds that closing waits for the step under way."""


@dataclass
class _Turn:
    """An active request with its reading. `last`: the token that the model has not seen yet."""

    request: Request
    reading: Reading
    last: int = -1


@dataclass(frozen=True)
class _Afterwork:
    """A finished turn whose answer is to be read in its final form."""

    conversation: str
    messages: list[Message]


class Worker:
    """Owns the model's arithmetic and the readings; all public methods may be called anywhere."""

    def __init__(self, loaded: LoadedModel, gone: Callable[[], Exception]) -> None:
        self._loaded: LoadedModel | None = loaded
        self._gone = gone
        self._readings = Readings(int(loaded.model.config.num_hidden_layers))
        self._turns: list[_Turn] = []
        self._new: list[Request] = []
        self._afterwork: list[_Afterwork] = []
        self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    @property
    def active(self) -> int:
        with self._changed:
            return len(self._turns) + len(self._new)

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def submit(self, request: Request) -> None:
        with self._changed:
            if self._closing:
                raise self._gone()
            self._new.append(request)
            self._changed.notify_all()

    def close(self) -> None:
        """End everything and let go of the model."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if threading.current_thread() is not self._thread:
            self._thread.join(_LONGEST_GOODBYE)

    def wait_until_idle(self, seconds: float) -> bool:
        """Wait until no answer and no afterwork is left; False if that takes longer."""

        def idle() -> bool:
            return self._closing or not (self._turns or self._new or self._afterwork)

        with self._changed:
            return self._changed.wait_for(idle, seconds)

    def _run(self) -> None:
        try:
            with torch.inference_mode():
                self._thread_choice = self._find_thread_choice()
                while self._wait_for_work():
                    if not self._turns:
                        self._do_afterwork()
                    for turn in list(self._turns):
                        if self._closing:
                            break
                        self._step(turn)
        finally:
            self._let_go()

    def _find_thread_choice(self) -> Threads:
        assert self._loaded is not None
        model = self._loaded.model
        layers = int(model.config.num_hidden_layers)

        def scores() -> torch.Tensor:
            any_token = 1 if model.config.pad_token_id == 0 else 0
            return self._forward((any_token,), Reading(layers))

        try:
            return threads_for(scores, model.device)
        except Exception:  # whoever asks will be told what is wrong with this model
            return Threads((torch.get_num_threads(),))

    def _wait_for_work(self) -> bool:
        """Take in new requests; sleep while there is nothing to do. False: the end."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closing or self._turns or self._new or self._afterwork
            )
            if self._closing:
                return False
            arrived, self._new = self._new, []
            self._turns += [self._begin(request) for request in arrived]
            return True

    def _begin(self, request: Request) -> _Turn:
        key = request.conversation
        self._afterwork = [work for work in self._afterwork if work.conversation != key]
        reading = self._readings.take(key)
        # The scores after the last piece are needed, so that one is always read.
        common = reading.keep_common(request.pieces[:-1])
        request.cached_tokens = reading.tokens
        del request.pieces[:common]
        return _Turn(request, reading)

    def _step(self, turn: _Turn) -> None:
        """Read one piece of the prompt, or compute one token."""
        request = turn.request
        try:
            if request.stopped:
                self._end(turn, "stopped")
                return
            if request.pieces:
                piece = request.pieces.pop(0)
                scores = self._forward(piece, turn.reading)
                turn.reading.pieces.append(piece)
                if request.pieces:
                    return
            else:
                with self._thread_choice.token():
                    scores = self._forward((turn.last,), turn.reading)
            choice = request.choose(scores)
            turn.last = choice.id
            finish = request.add(choice)
            if finish is not None:
                self._end(turn, finish)
        except (MemoryError, torch.OutOfMemoryError) as error:
            self._readings.clear()
            problem = OutOfResources(
                "There was not enough memory for the answer.",
                remedy="Start a new conversation, or choose a smaller model.",
            )
            problem.__cause__ = error
            self._drop(turn, problem)
        except Exception as error:  # reaches the reader's next(); the other requests go on
            self._drop(turn, error)

    def _forward(self, ids: tuple[int, ...], reading: Reading) -> torch.Tensor:
        """Read `ids`; returns the scores for what follows, (vocabulary,)."""
        assert self._loaded is not None
        output = self._loaded.model(
            input_ids=torch.tensor([ids], device=self._loaded.model.device),
            past_key_values=reading.cache,
            use_cache=True,
            logits_to_keep=1,
        )
        scores: torch.Tensor = output.logits[0, -1]
        return scores

    def _end(self, turn: _Turn, finish: Finish) -> None:
        request = turn.request
        turn.reading.forget_unfinished()
        self._readings.give_back(request.conversation, turn.reading)
        with self._changed:
            self._turns.remove(turn)
            request.finish(finish)
            if request.conversation and request.text:
                messages = kept(request.messages, request.prompt.left_out)
                whole = [*messages, assistant(request.text)]
                self._afterwork.append(_Afterwork(request.conversation, whole))
            self._changed.notify_all()

    def _drop(self, turn: _Turn, error: Exception) -> None:
        with self._changed:
            if turn in self._turns:
                self._turns.remove(turn)
            self._changed.notify_all()
        turn.request.fail(error)

    def _do_afterwork(self) -> None:
        """Read the newest answer as the next turn will have it; give way to any new request."""
        with self._changed:
            if not self._afterwork:
                return
            work = self._afterwork[-1]
        finished = True
        # It only saves time: where it fails (no memory, say), the next turn reads for itself.
        with suppress(Exception):
            finished = self._read_answer(work)
        with self._changed:
            if finished and work in self._afterwork:
                self._afterwork.remove(work)
            self._changed.notify_all()

    def _read_answer(self, work: _Afterwork) -> bool:
        """Whether it is done; False where a new request came first."""
        assert self._loaded is not None
        if work.conversation not in self._readings:
            return True
        prompt = render_finished(self._loaded.tokenizer, work.messages)
        if len(prompt.ids) > self._loaded.window:
            return True
        reading = self._readings.take(work.conversation)
        pieces = split(prompt.pieces)
        missing = pieces[reading.keep_common(pieces) :]
        while missing and not self._interrupted():
            self._forward(missing[0], reading)
            reading.pieces.append(missing.pop(0))
        self._readings.give_back(work.conversation, reading)
        return not missing

    def _interrupted(self) -> bool:
        with self._changed:
            return bool(self._new) or self._closing

    def _let_go(self) -> None:
        """The end of the thread: tell the readers, free the model."""
        with self._changed:
            self._closing = True
            waiting = [turn.request for turn in self._turns] + self._new
            self._turns, self._new, self._afterwork = [], [], []
            self._changed.notify_all()
        for request in waiting:
            request.fail(self._gone())
        self._readings.clear()
        self._loaded = None
