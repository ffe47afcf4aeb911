"""One conversation: what was said, who answers, and what is kept when an answer is cut short."""

import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatbot.engine import catalog
from chatbot.engine.sampling import SamplingParams
from chatbot.errors import BadInput
from chatbot.memory import MemoryService, Told, bare, room_of
from chatbot.messages import Message, assistant, user
from chatbot.services import Service, Situation, Writer, route
from chatbot.standard_services import standard_services

if TYPE_CHECKING:
    from chatbot.engine.beginnings import Beginning
    from chatbot.engine.generation import Chunk, Engine, Generation
    from chatbot.engine.receipts import Receipt
    from chatbot.services import ServiceAnswer, ServiceReceipt


class Reply(Iterator["Chunk"]):
    """An answer on its way. The conversation holds, at any moment, what has been taken from it."""

    def __init__(
        self,
        bot: "ChatBot",
        generation: "Generation | ServiceAnswer",
        told: Told | None = None,
    ) -> None:
        self.told = told
        """What the model was given; None where a service answers."""
        self._bot = bot
        self._generation = generation
        self._place = len(bot.messages)
        self._before = bot.messages

    @property
    def text(self) -> str:
        """What has come so far."""
        return self._generation.text

    @property
    def begun(self) -> tuple[int, ...]:
        """Ids of the tokens that the answer began with."""
        return self._generation.begun

    @property
    def receipt(self) -> "Receipt | ServiceReceipt | None":
        """How the answer was made; None until it has ended."""
        return self._generation.receipt

    def __next__(self) -> "Chunk":
        """The next chunk.

        Raises:
            ChatbotError: the answer can't be completed; what came of it stays.
        """
        try:
            chunk = next(self._generation)
        except StopIteration:
            self._bot.last_receipt = self.receipt
            self._keep_receipt()
            raise
        self._record()
        return chunk

    def adjust(self, params: SamplingParams) -> None:
        """Answer by other settings from the next token on; the seed stays."""
        self._generation.adjust(params)

    def stop(self) -> None:
        """End the answer as soon as possible; what was shown stays in the conversation."""
        self._generation.stop()

    close = stop

    def _record(self) -> None:
        """Put what was shown into the conversation, unless that has been reset meanwhile."""
        messages = self._bot.messages
        if messages is not self._before or not self.text:
            return
        if len(messages) == self._place:
            messages.append(assistant(self.text))
        elif messages[self._place].role == "assistant":
            messages[self._place] = assistant(self.text)

    def _keep_receipt(self) -> None:
        """What services need to go on is in it."""
        if self._bot.messages is self._before and self.text and self.receipt is not None:
            self._bot.receipts.append(asdict(self.receipt))


class ChatBot:
    """A conversation with one model, and with the services that answer some messages for it.

    Args:
        model_path: a checkpoint folder (from here, else from the project), or a catalog name.
        engine: a loaded model to share, or a function that brings it where it is needed; without
            one, the model is loaded for the first answer that needs it.
        params: settings of the answers; may be changed at any time.
        persona: who the bot is, told to the model before everything else.
        conversation: a key that names this conversation to the engine; by default a fresh one.
        messages: what was said before.
        receipts: for each answer in `messages`, what made it, where that is known.
        services: who may answer before the model does; by default jokes, poems and the like.
        provider: a larger model that services may ask; None: nobody is asked.
        owner: whom the conversation belongs to, for what services keep beyond it.
        memory: tells the model what it can't see any more; by default the one among the services,
            and none where there is none.

    Raises:
        NotAvailable: there is no such model.
        BadInput: its folder can't be loaded.
    """

    def __init__(
        self,
        model_path: str | Path = "models/checkpoint-420",
        *,
        engine: "Engine | Callable[[], Engine] | None" = None,
        params: SamplingParams | None = None,
        persona: str = "",
        conversation: str | None = None,
        messages: Sequence[Message] = (),
        receipts: Sequence[Mapping[str, Any] | None] = (),
        services: Sequence[Service] | None = None,
        provider: Writer | None = None,
        owner: str = "",
        memory: MemoryService | None = None,
    ) -> None:
        brings = engine if callable(engine) else None
        loaded = None if callable(engine) else engine
        self.entry = loaded.loaded.entry if loaded else catalog.resolve(model_path)
        self.params = params or SamplingParams()
        self.persona = persona
        self.conversation = conversation or uuid.uuid4().hex
        self.messages = list(messages)
        self.receipts = list(receipts)
        self.services = tuple(standard_services() if services is None else services)
        self.provider = provider
        self.owner = owner
        remembering = (s for s in self.services if isinstance(s, MemoryService))
        self.memory = memory or next(remembering, None)
        self.last_receipt: Receipt | ServiceReceipt | None = None
        self._engine = loaded
        self._bring_engine = brings
        self._owns_engine = engine is None
        self._reply: Reply | None = None

    @property
    def engine(self) -> "Engine":
        """The model that answers, loaded now if it was not yet.

        Raises:
            ChatbotError: it can't be loaded; says why.
        """
        if self._engine is None and self._bring_engine is not None:
            self._engine = self._bring_engine()
        if self._engine is None:
            from chatbot.engine.generation import Engine
            from chatbot.engine.loading import load

            self._engine = Engine(load(self.entry.path))
        return self._engine

    def stream(
        self,
        text: str,
        stop: threading.Event | None = None,
        beginning: "Beginning | None" = None,
    ) -> Reply:
        """Say something; iterate over the answer. An answer still under way is stopped.

        Args:
            text: recorded in `messages` at once.
            stop: set it to end the answer.
            beginning: what the answer has already; only what follows comes out of the iteration.

        Raises:
            BadInput: there is no text, or too much for the model's window; it is not recorded.
            ChatbotError: the model can't be loaded.
        """
        if not text.strip():
            raise BadInput("There is nothing to answer.", remedy="Write a message first.")
        return self._answer([*self.messages, user(text)], stop, beginning)

    def regenerate(self, stop: threading.Event | None = None) -> Reply:
        """Answer the last question again; its answer so far is dropped.

        Raises:
            BadInput: there is no question yet.
            ChatbotError: the model can't be loaded.
        """
        questions = [i for i, message in enumerate(self.messages) if message.role == "user"]
        if not questions:
            raise BadInput("There is no question to answer again.", remedy="Ask one first.")
        return self._answer(self.messages[: questions[-1] + 1], stop)

    def get_response(self, text: str) -> str:
        """Say something and wait for the whole answer.

        Raises: as `stream`.
        """
        return "".join(chunk.text for chunk in self.stream(text))

    def reset(self) -> None:
        """Begin a new conversation."""
        self._stop_reply()
        self.messages, self.receipts = [], []
        self.conversation = uuid.uuid4().hex
        self.last_receipt = None

    def close(self) -> None:
        """Stop the answer under way and free the model, if it was loaded for this bot alone."""
        self._stop_reply()
        if self._owns_engine and self._engine is not None:
            self._engine.close()
            self._engine = None

    def _answer(
        self,
        messages: list[Message],
        stop: threading.Event | None,
        beginning: "Beginning | None" = None,
    ) -> Reply:
        self._stop_reply()
        receipts = self._receipts_of(messages)
        # What a service said is not for the model to go on with.
        answer = (
            None if beginning else route(self.services, self._situation(messages, receipts, stop))
        )
        told = None if answer else self._told(messages, beginning.text if beginning else "")
        generation = answer or self._generation(told or bare("", messages), stop, beginning)
        self.messages, self.receipts = messages, receipts
        if self.memory is not None:
            self.memory.keep_up(self.conversation, self.owner, messages)
        self._reply = Reply(self, generation, told)
        return self._reply

    def _told(self, messages: list[Message], begun: str) -> Told:
        room = room_of(self.engine, self.params, begun) if self.memory is not None else None
        if self.memory is None or room is None:
            return bare(self.persona, messages)
        return self.memory.remind(self.conversation, self.owner, self.persona, messages, room)

    def _generation(
        self, told: Told, stop: threading.Event | None, beginning: "Beginning | None"
    ) -> "Generation":
        return self.engine.stream(
            told.messages,
            self.params,
            conversation=self.conversation,
            stop=stop,
            beginning=beginning,
            left_out=told.left_out,
        )

    def _receipts_of(self, messages: list[Message]) -> list[Mapping[str, Any] | None]:
        """One for each answer that is part of these messages."""
        answers = sum(message.role == "assistant" for message in messages)
        known = self.receipts[:answers]
        return [*known, *[None] * (answers - len(known))]

    def _situation(
        self,
        messages: list[Message],
        receipts: list[Mapping[str, Any] | None],
        stop: threading.Event | None,
    ) -> Situation:
        def write(
            messages: Sequence[Message],
            params: SamplingParams,
            *,
            stop: threading.Event | None = None,
        ) -> "Generation":
            return self.engine.stream(messages, params, stop=stop)

        return Situation(
            text=messages[-1].text,
            messages=tuple(messages[:-1]),
            receipts=tuple(receipts),
            params=self.params,
            write=write,
            provider=self.provider,
            conversation=self.conversation,
            owner=self.owner,
            stop=stop or threading.Event(),
        )

    def _stop_reply(self) -> None:
        if self._reply is not None:
            self._reply.stop()
            self._reply = None
