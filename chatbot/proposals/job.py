"""A making of proposals in the background: looked at, stopped, left and come back to."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal

from chatbot.engine import catalog
from chatbot.engine.catalog import ModelEntry
from chatbot.engine.sampling import SamplingParams
from chatbot.engine_room import Choice, EngineRoom
from chatbot.errors import ChatbotError, NotAvailable
from chatbot.messages import Conversation, Message
from chatbot.proposals.elsewhere import Elsewhere, Writing
from chatbot.proposals.makers import (
    Proposal,
    Watch,
    answer_as_bot,
    answered,
    other_ways_to_ask,
    questions_about,
)
from chatbot.proposals.nearest import Exchange, nearest

if TYPE_CHECKING:
    from chatbot.providers import Provider

Kind = Literal["answer", "questions", "drafts"]
COUNTS: dict[Kind, int] = {"answer": 3, "questions": 10, "drafts": 5}
"""How many proposals are asked for."""
EXAMPLES = 5
"""Conversations of the persona that a model is shown which was not taught them."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted.

    Attributes:
        answering: the model that the chat uses.
        params: the chat's settings.
        conversations: of the persona; read, never changed.
        before: for "answer", the turns before it; for "questions", the question as last turn.
        topic: for "drafts".
        provider: a bigger model elsewhere that writes instead, shown the persona's conversations.
    """

    kind: Kind
    answering: Choice
    params: SamplingParams
    conversations: Sequence[Conversation]
    before: tuple[Message, ...] = ()
    topic: str = ""
    provider: "Provider | None" = None

    @property
    def count(self) -> int:
        return COUNTS[self.kind]


class ProposalJob:
    """One order on its way; begins at once, in a thread of its own.

    Attributes:
        problem: why it ended early; None while all is well.
        done: nothing of it runs any more.
    """

    def __init__(
        self,
        room: EngineRoom,
        order: Order,
        on_unexpected: Callable[[BaseException], object] | None = None,
    ) -> None:
        self.order = order
        self.problem: ChatbotError | None = None
        self.done = False
        self._room = room
        self._on_unexpected = on_unexpected or (lambda error: None)
        self._watch = Watch()
        self._lock = threading.Lock()
        self._open: dict[int, Proposal] = {}
        self._found = 0
        self._phase = "Loading the model"
        threading.Thread(target=self._run, name="proposals", daemon=True).start()

    @property
    def proposals(self) -> dict[int, Proposal]:
        """Those neither accepted nor dropped, by a number that stays with each."""
        with self._lock:
            return dict(self._open)

    @property
    def found(self) -> int:
        """How many were made, whatever became of them."""
        return self._found

    @property
    def phase(self) -> str:
        """What it does, in words."""
        return "Stopping" if self.stopping and not self.done else self._phase

    @property
    def growing(self) -> str:
        return self._watch.growing

    @property
    def tried(self) -> int:
        return self._watch.tried

    @property
    def stopping(self) -> bool:
        """Whether it was told to end."""
        return self._watch.stop.is_set()

    def stop(self) -> None:
        """End it as soon as possible; what was found stays."""
        self._watch.stop.set()

    def take(self, number: int) -> Proposal | None:
        """Take a proposal out, to accept or to drop it; None where that was done already."""
        with self._lock:
            return self._open.pop(number, None)

    def _run(self) -> None:
        try:
            for proposal in self._make():
                with self._lock:
                    self._open[self._found] = proposal
                    self._found += 1
        except ChatbotError as error:
            self.problem = error
        except Exception as error:  # the page must not wait for ever
            self._on_unexpected(error)
            self.problem = ChatbotError(
                "Something went wrong on our side.", remedy="Ask again; the log has the details."
            )
        finally:
            self.order = replace(self.order, conversations=())  # an old state of the whole set
            self.done = True

    def _make(self) -> Iterator[Proposal]:
        match self.order.kind:
            case "answer":
                return self._answers()
            case "questions":
                return self._questions()
            case "drafts":
                return self._drafts()

    def _answers(self) -> Iterator[Proposal]:
        order = self.order
        choice, examples_for = self._bot()
        question = order.before[-1].text if order.before else ""
        with self._writing(choice) as engine:
            self._phase = "Writing answers"
            yield from answer_as_bot(
                engine,
                order.before,
                order.params,
                order.count,
                examples=examples_for(question),
                watch=self._watch,
            )

    def _questions(self) -> Iterator[Proposal]:
        question = self.order.before[-1].text if self.order.before else ""
        with self._writing() as engine:
            self._phase = "Looking for other words"
            yield from other_ways_to_ask(engine, question, self.order.count, watch=self._watch)

    def _drafts(self) -> Iterator[Proposal]:
        """All questions first: two models are not loaded at the same time."""
        order, watch = self.order, self._watch
        choice, examples_for = self._bot()
        near = nearest(order.conversations, order.topic, 3)
        asked: list[Proposal] = []
        with self._writing() as engine:
            self._phase = "Thinking of questions"
            for question in questions_about(engine, order.topic, near, order.count, watch=watch):
                asked.append(question)
                self._phase = f"Thinking of questions: {len(asked)} of {order.count}"
        if watch.stop.is_set():
            return
        self._phase = "Loading the model"
        with self._writing(choice) as engine:
            self._phase = "Answering as your bot would"
            for question in asked:
                yield from answered(engine, question, order.params, examples_for, watch=watch)

    def _bot(self) -> tuple[Choice, Callable[[str], list[Exchange]]]:
        """The model that answers, and what it is shown of the persona."""
        if self.order.provider is not None:
            return self.order.answering, partial(self._near, count=EXAMPLES)
        entry = catalog.resolve(self.order.answering.model)
        count = 0 if was_taught(entry) else EXAMPLES
        return self.order.answering, partial(self._near, count=count)

    def _near(self, question: str, *, count: int) -> list[Exchange]:
        if not count:
            return []
        return nearest(self.order.conversations, question, count, leave_out=question)

    @contextmanager
    def _writing(self, choice: Choice | None = None) -> "Iterator[Writing]":
        """Whoever writes: the bigger model, or that of this machine (by default the one that
        follows instructions) while it is held."""
        if self.order.provider is not None:
            yield Elsewhere(self.order.provider)
            return
        with self._room.lease(choice or self._writer()) as engine:
            yield engine

    def _writer(self) -> Choice:
        """The model that writes questions: one that follows instructions, where there is one.

        Raises:
            NotAvailable: there is none; says how to get it.
        """
        own = self.order.answering
        entry = catalog.resolve(own.model)
        if not was_taught(entry):
            return own
        try:
            catalog.resolve(catalog.DEFAULT_MODEL)
        except NotAvailable as error:
            raise NotAvailable(
                "Writing questions needs a model that follows instructions, and your bot's model "
                "only knows its own conversations.",
                value=entry.title,
                remedy=error.remedy,
            ) from error
        return Choice(catalog.DEFAULT_MODEL, own.device, own.dtype)


def was_taught(entry: ModelEntry) -> bool:
    """Whether the model learned a persona: the shipped one, an adapter, or a run's checkpoint."""
    return entry.kind in ("shipped", "adapter") or entry.name.startswith(f"{catalog.RUNS}/")
