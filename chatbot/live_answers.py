"""Answers made in the background to be looked at: alone, several at once, or in single steps.

They belong to no chat and are not kept. A page starts one, looks at it as often as it likes, and
lets go of it.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from chatbot.engine.sampling import SamplingParams
from chatbot.engine_room import Choice, EngineRoom
from chatbot.errors import ChatbotError
from chatbot.messages import Message

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatbot.engine.choosing import Sight
    from chatbot.engine.receipts import Receipt
    from chatbot.engine.steps import Step

State = Literal["waiting", "answering", "done", "stopped", "failed"]
UNFINISHED: frozenset[State] = frozenset({"waiting", "answering"})


@dataclass(frozen=True, slots=True)
class Look:
    """An answer at one moment.

    Args:
        problem: why it has failed, for people.
        steps: where they are recorded, one for each token so far, the one that ended it included.
        sight: where only the first token is wanted: what it was chosen from, and the way from an
            id to its text.
    """

    text: str = ""
    state: State = "waiting"
    problem: str = ""
    receipt: "Receipt | None" = None
    steps: "tuple[Step, ...]" = ()
    sight: "tuple[Sight, Callable[[int], str]] | None" = None

    @property
    def growing(self) -> bool:
        return self.state in UNFINISHED


class LiveAnswer:
    """One answer, from a thread of its own: waits for the model, then for each token.

    Args:
        record: keep each step.
        only_first: end after the first token, and keep what it was chosen from.
        on_unexpected: told of faults that are not a `ChatbotError`.
    """

    def __init__(
        self,
        room: EngineRoom,
        choice: Choice,
        messages: Sequence[Message],
        params: SamplingParams,
        *,
        record: bool = False,
        only_first: bool = False,
        on_unexpected: "Callable[[BaseException], object] | None" = None,
    ) -> None:
        self.choice = choice
        self.messages = tuple(messages)
        self.params = params
        self._room = room
        self._record = record
        self._only_first = only_first
        self._on_unexpected = on_unexpected or (lambda error: None)
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._look = Look()
        self._seen: list[tuple[Sight, Callable[[int], str]]] = []
        threading.Thread(target=self._run, name="live answer", daemon=True).start()

    @property
    def look(self) -> Look:
        """How it stands this moment; never waits."""
        with self._lock:
            return self._look

    def stop(self) -> None:
        """End it as soon as possible; what has come stays."""
        self._stop.set()

    def _run(self) -> None:
        try:
            self._answer()
        except ChatbotError as error:
            self._change(state="failed", problem=str(error))
        except Exception as error:
            self._on_unexpected(error)
            problem = "Something went wrong on our side. Try again; the log has the details."
            self._change(state="failed", problem=problem)

    def _answer(self) -> None:
        with self._room.lease(self.choice) as engine:
            self._change(state="answering")
            generation = engine.stream(
                self.messages, self.params, stop=self._stop, watch=self._watch
            )
            for chunk in generation:
                self._take_steps()
                self._change(text=self.look.text + chunk.text)
            self._take_steps()
        receipt = generation.receipt
        cut = receipt is not None and receipt.finish == "stopped" and not self._only_first
        self._change(state="stopped" if cut else "done", receipt=receipt)

    def _watch(self, sight: "Sight", text_of: "Callable[[int], str]") -> None:
        """In the engine's thread: the arithmetic of a step is left to our own."""
        if self._record:
            self._seen.append((sight, text_of))
        if self._only_first:
            self._change(sight=(sight, text_of))
            self._stop.set()

    def _take_steps(self) -> None:
        from chatbot.engine.steps import step

        while self._seen:
            sight, text_of = self._seen.pop(0)
            self._change(steps=(*self.look.steps, step(sight, self.params, text_of)))

    def _change(self, **changes: object) -> None:
        with self._lock:
            self._look = replace(self._look, **changes)  # type: ignore[arg-type]


def side_by_side(
    room: EngineRoom,
    choice: Choice,
    messages: Sequence[Message],
    variants: Sequence[SamplingParams],
    on_unexpected: "Callable[[BaseException], object] | None" = None,
) -> tuple[LiveAnswer, ...]:
    """One answer for each of the settings, all growing together; the engine is fair to them."""
    return tuple(
        LiveAnswer(room, choice, messages, params, on_unexpected=on_unexpected)
        for params in variants
    )
