"""Answers of several models to the same prompts, made in the background and read by a page.

All models that fit are leased together and answer at once; those that don't take turns. They are
kept while the page is looked at, and given back when it has been left.
"""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from chatbot.comparing import capacity, measures
from chatbot.comparing.capacity import Plan
from chatbot.comparing.columns import Column
from chatbot.comparing.prompts import checked
from chatbot.engine_room import Choice, EngineRoom
from chatbot.errors import BadInput, ChatbotError

if TYPE_CHECKING:
    from chatbot.engine.generation import Engine
    from chatbot.engine.receipts import Receipt
    from chatbot.providers import Provider, ProviderReceipt

KEPT = 30.0
"""Seconds that the models stay after the page looked the last time."""
OUR_FAULT = "Something went wrong on our side. Compare again; the log has the details."
CellState = Literal["waiting", "answering", "done", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One answer. `receipt` where it was made, `perplexity` under the judge where one was asked."""

    state: CellState = "waiting"
    text: str = ""
    receipt: "Receipt | ProviderReceipt | None" = None
    problem: str = ""
    perplexity: float | None = None

    @property
    def over(self) -> bool:
        return self.state in ("done", "stopped", "failed")


class Bench:
    """One comparison; starts at once. `cell`, `busy` and `look` never wait.

    Args:
        columns: at least one; the same model twice is loaded once.
        prompts: each is a conversation of its own.
        judge: the model under which the answers' perplexity is measured; None measures none.
        kept: seconds that the models stay after the last `look`.
        free: bytes of memory left for a choice; None measures.

    Raises:
        BadInput: there is no prompt, or one can't be asked.
    """

    def __init__(
        self,
        room: EngineRoom,
        columns: Sequence[Column],
        prompts: Sequence[str],
        *,
        judge: Choice | None = None,
        kept: float = KEPT,
        free: Callable[[Choice], int] | None = None,
        on_unexpected: Callable[[BaseException], object] = lambda error: None,
    ) -> None:
        if not columns or not prompts:
            raise BadInput("There is nothing to compare.", remedy="Choose models and a prompt.")
        self.columns = tuple(columns)
        self.prompts = tuple(checked(prompt) for prompt in prompts)
        self.judge = judge
        self.plan: Plan | None = None
        self.problem = ""
        self._room = room
        self._kept = kept
        self._free = free
        self._on_unexpected = on_unexpected
        self._cells = [[Cell() for _ in self.columns] for _ in self.prompts]
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._leave = threading.Event()
        self._answered = threading.Event()
        self._looked = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="comparing", daemon=True)
        self._thread.start()

    def cell(self, prompt: int, column: int) -> Cell:
        """An answer as it stands this moment."""
        with self._lock:
            return self._cells[prompt][column]

    @property
    def busy(self) -> bool:
        """Whether answers are still to come."""
        return not self._answered.is_set()

    @property
    def holding(self) -> bool:
        """Whether models are still kept."""
        return self._thread.is_alive()

    def look(self) -> None:
        """The page is still there: keep the models."""
        self._looked = time.monotonic()

    def stop(self) -> None:
        """End the answers under way; what has come of them stays."""
        self._stop.set()

    def close(self) -> None:
        """Stop, and give the models back."""
        self._stop.set()
        self._leave.set()

    def wait(self, seconds: float) -> bool:
        """Whether all answers were there within so many seconds."""
        return self._answered.wait(seconds)

    def _run(self) -> None:
        with ExitStack() as last:
            try:
                self._answer_all(last)
                self._judge()
            except ChatbotError as error:
                self._fail_rest(str(error))
            except Exception as error:
                self._on_unexpected(error)
                self._fail_rest(OUR_FAULT)
            finally:
                self._answered.set()
            while not self._leave.wait(min(0.5, self._kept)):
                if time.monotonic() - self._looked > self._kept:
                    break

    def _answer_all(self, last: ExitStack) -> None:
        """One group of models after the other; those of the last one go to `last`. Providers
        answer all the while."""
        elsewhere = [
            self._begin(index, column.provider)
            for index, column in enumerate(self.columns)
            if column.provider is not None
        ]
        choices = [column.choice for column in self.columns if column.provider is None]
        if self.judge is not None:  # its turn comes last, as it judges what the others said
            choices = [choice for choice in choices if choice != self.judge] + [self.judge]
        self.plan = capacity.plan(
            choices,
            free=self._free,
            here=lambda choice: self._room.status(choice).state == "ready",
        )
        for number, group in enumerate(self.plan.groups, start=1):
            with ExitStack() as leases:
                engines = {choice: self._lease(leases, choice) for choice in group}
                threads = [
                    self._begin(index, engine)
                    for index, column in enumerate(self.columns)
                    if column.provider is None
                    and (engine := engines.get(column.choice)) is not None
                ]
                for thread in threads:
                    thread.join()
                if number == len(self.plan.groups):
                    last.push(leases.pop_all())
        for thread in elsewhere:
            thread.join()

    def _begin(self, index: int, writer: "Engine | Provider") -> threading.Thread:
        thread = threading.Thread(
            target=self._column, args=(index, writer), name="comparing a column", daemon=True
        )
        thread.start()
        return thread

    def _lease(self, leases: ExitStack, choice: Choice) -> "Engine | None":
        """The model; None, and the reason in its cells, where it can't be loaded."""
        try:
            return leases.enter_context(self._room.lease(choice))
        except ChatbotError as error:
            for index, column in enumerate(self.columns):
                if column.provider is None and column.choice == choice:
                    self._fail_rest(str(error), index)
            return None

    def _column(self, index: int, writer: "Engine | Provider") -> None:
        for prompt in range(len(self.prompts)):
            try:
                self._answer(prompt, index, writer)
            except ChatbotError as error:
                self._update(prompt, index, state="failed", problem=str(error))
            except Exception as error:
                self._on_unexpected(error)
                self._update(prompt, index, state="failed", problem=OUR_FAULT)

    def _answer(self, prompt: int, index: int, writer: "Engine | Provider") -> None:
        from chatbot.messages import user

        if self._stop.is_set():
            self._update(prompt, index, state="stopped")
            return
        self._update(prompt, index, state="answering")
        messages = [user(self.prompts[prompt])]
        stream = writer.stream(messages, self.columns[index].params, stop=self._stop)
        for _ in stream:
            self._update(prompt, index, text=stream.text)
        made = stream.receipt
        stopped = made is not None and made.finish == "stopped"
        self._update(prompt, index, state="stopped" if stopped else "done", receipt=made)

    def _judge(self) -> None:
        if self.judge is None or self._stop.is_set():
            return
        with self._room.lease(self.judge) as engine:
            for prompt, question in enumerate(self.prompts):
                for index in range(len(self.columns)):
                    cell = self.cell(prompt, index)
                    if cell.state != "done" or self._stop.is_set():
                        continue
                    found = measures.perplexity(engine.loaded, question, cell.text)
                    self._update(prompt, index, perplexity=found)

    def _fail_rest(self, problem: str, column: int | None = None) -> None:
        """Where no answer will come any more, the reason; a judge that fails spoils no answer."""
        self.problem = problem
        for prompt in range(len(self.prompts)):
            for index in range(len(self.columns)):
                if column in (None, index) and not self.cell(prompt, index).over:
                    self._update(prompt, index, state="failed", problem=problem)

    def _update(self, prompt: int, column: int, **changes: object) -> None:
        with self._lock:
            cell = self._cells[prompt][column]
            self._cells[prompt][column] = replace(cell, **changes)  # type: ignore[arg-type]
