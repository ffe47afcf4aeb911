"""Answers that outlive the page: made in the background, saved as they grow, read by anyone.

A question is on disk before `ask()` returns. From then on a thread of its own brings the answer,
whether or not a browser watches: a refresh, another page or a second tab finds it where it is.
A chat answers one question after the other; different chats don't wait for each other.
"""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from chatbot import chat_tree
from chatbot.asking import Request, receipt_of
from chatbot.chat_tree import Tree
from chatbot.engine_room import Choice, EngineRoom
from chatbot.errors import BadInput, ChatbotError, Conflict
from chatbot.persona_text import PersonaText
from chatbot.questions import LONGEST_QUESTION, usable
from chatbot.transcripts import UNFINISHED, Transcript, TranscriptStore

if TYPE_CHECKING:
    from chatbot.chat_bot import Reply
    from chatbot.engine.generation import Engine
    from chatbot.providers import ProviderAnswer
    from chatbot.services import Service

__all__ = ["LONGEST_QUESTION", "Answering", "Request"]

SAVE_EVERY = 1.0
"""Seconds between two saves of a growing answer: what a crash of the server can cost."""


@dataclass(eq=False)
class _LiveChat:
    """A chat with questions to answer; `lock` guards its fields."""

    transcript: Transcript
    queue: list[tuple[int, Request]] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    forgotten: bool = False
    reply: "tuple[Choice, Reply | ProviderAnswer] | None" = None


class Answering:
    """All chats of this process. Locks are taken in the order: this object's, then a chat's."""

    def __init__(
        self,
        room: EngineRoom,
        transcripts: TranscriptStore,
        on_unexpected: Callable[[BaseException], object] | None = None,
        services: "Sequence[Service] | None" = None,
    ) -> None:
        self.room = room
        self.transcripts = transcripts
        self._services = services
        self._on_unexpected = on_unexpected or (lambda error: None)
        self._lock = threading.Lock()
        self._live: dict[str, _LiveChat] = {}

    def transcript(self, chat_id: str) -> Transcript:
        """The chat as it stands this moment; an empty one where nothing was saved yet.

        Raises:
            BadInput: its file is damaged.
        """
        with self._lock:
            return self._current(chat_id)

    def busy(self, chat_id: str) -> bool:
        with self._lock:
            return chat_id in self._live

    def ask(self, chat_id: str, question: str, request: Request, owner: str = "") -> None:
        """Record the question on disk and see that it is answered, after those before it.

        Args:
            owner: fingerprint of the browser that asks; kept where the chat has none.

        Raises:
            BadInput: the question is empty or far too long.
            ChatbotError: it can't be saved.
        """
        question = usable(question)

        def add(transcript: Transcript) -> tuple[Transcript, int]:
            tree, turn_id = chat_tree.ask(transcript.tree, question)
            changed = transcript.changed("question", tree)
            return replace(changed, owner=transcript.owner or owner), turn_id

        self._enqueue(chat_id, add, request)

    def regenerate(self, chat_id: str, request: Request, turn_id: int | None = None) -> None:
        """Answer a question anew, by default the last one; the answers so far stay as versions.

        Raises:
            Conflict: the chat is still being answered, or the turn is gone.
            BadInput: there is no question.
        """
        self._version(chat_id, "new answer", chat_tree.answer_again, request, turn_id)

    def go_on(
        self,
        chat_id: str,
        request: Request,
        turn_id: int | None = None,
        begun: str | None = None,
        tokens: tuple[int, ...] = (),
    ) -> None:
        """Continue an answer, by default the last one, from its last token.

        Args:
            begun, tokens: other words to go on from; this makes a version of its own.

        Raises: as `regenerate`.
        """
        change = partial(chat_tree.go_on, begun=begun, tokens=tokens)
        self._version(chat_id, "continued answer", change, request, turn_id)

    def ask_otherwise(self, chat_id: str, turn_id: int, question: str, request: Request) -> None:
        """Put a question in other words and answer that; the old version stays.

        Raises: as `ask` and `regenerate`.
        """
        change = partial(chat_tree.ask_otherwise, question=usable(question))
        self._version(chat_id, "other question", change, request, turn_id)

    def change(self, chat_id: str, change: Callable[[Transcript], Transcript]) -> None:
        """Change a chat in which nothing is being answered, and save it.

        Raises:
            Conflict: the chat is still being answered, or what is to be changed is gone.
            ChatbotError: it can't be saved.
        """
        with self._lock:
            live = self._live.get(chat_id) or _LiveChat(self._current(chat_id))
            with live.lock:
                _refuse_unfinished(live.transcript)
                changed = change(live.transcript)
                self.transcripts.save(changed)
                live.transcript = changed

    def _version(
        self,
        chat_id: str,
        what: str,
        change: Callable[[Tree, int], tuple[Tree, int]],
        request: Request,
        turn_id: int | None,
    ) -> None:
        def renew(transcript: Transcript) -> tuple[Transcript, int]:
            if not transcript.turns:
                raise BadInput("There is no question to answer again.")
            _refuse_unfinished(transcript)
            tree, new = change(transcript.tree, turn_id or transcript.turns[-1].id)
            return transcript.changed(what, tree), new

        self._enqueue(chat_id, renew, request)

    def adjust(self, chat_id: str, request: Request) -> None:
        """The answer under way goes on by these settings from its next token, if it comes from
        this model."""
        with self._lock:
            live = self._live.get(chat_id)
        if live is None:
            return
        with live.lock:
            choice, reply = live.reply or (None, None)
            if reply is not None and choice == request.choice:
                reply.adjust(request.params)

    def stop(self, chat_id: str) -> None:
        """End the answer under way; what was shown of it stays."""
        with self._lock:
            live = self._live.get(chat_id)
        if live is not None:
            live.stop.set()

    def forget(self, chat_id: str) -> None:
        """Delete the chat; an answer under way is dropped."""
        with self._lock:
            live = self._live.pop(chat_id, None)
            if live is None:
                self.transcripts.delete(chat_id)
                return
            with live.lock:
                live.forgotten = True
                live.queue.clear()
                live.stop.set()
                self.transcripts.delete(chat_id)

    def remember_settings(self, chat_id: str, model: str, settings: dict[str, Any]) -> None:
        """Save what the chat's page is set to, where that changed."""
        self._keep(chat_id, "", model=model, settings=settings)

    def set_persona(self, chat_id: str, persona: PersonaText, owner: str = "") -> None:
        """Who the bot is in this chat, from its next answer on.

        Raises:
            ChatbotError: it can't be saved.
        """
        self._keep(chat_id, owner, persona=persona)

    def set_without(self, chat_id: str, names: frozenset[str], owner: str = "") -> None:
        """Save which services shall not answer in this chat; counts from the next question.

        Raises:
            ChatbotError: it can't be saved.
        """
        self._keep(chat_id, owner, without=names)

    def _keep(self, chat_id: str, owner: str, **fields: Any) -> None:
        """Change what concerns no turn, also while one is being answered; nothing where it is so
        already."""
        with self._lock:
            live = self._live.get(chat_id) or _LiveChat(self._current(chat_id))
            with live.lock:
                now = live.transcript
                wanted = {"owner": now.owner or owner, **fields}
                if any(getattr(now, name) != value for name, value in wanted.items()):
                    changed = replace(now, **wanted)
                    self.transcripts.save(changed)
                    live.transcript = changed

    def _current(self, chat_id: str) -> Transcript:
        live = self._live.get(chat_id)
        if live is not None:
            return live.transcript
        saved = self.transcripts.load(chat_id)
        return saved.settled() if saved is not None else Transcript(chat_id)

    def _enqueue(
        self,
        chat_id: str,
        change: Callable[[Transcript], tuple[Transcript, int]],
        request: Request,
    ) -> None:
        """Change the chat, save it, and hand the turn of that id to the chat's thread."""
        with self._lock:
            live = self._live.get(chat_id) or _LiveChat(self._current(chat_id))
            with live.lock:
                transcript, turn_id = change(live.transcript)
                transcript = replace(
                    transcript, model=request.choice.model, settings=asdict(request.params)
                )
                self.transcripts.save(transcript)
                live.transcript = transcript
                live.queue.append((turn_id, request))
            if chat_id not in self._live:
                self._live[chat_id] = live
                threading.Thread(
                    target=self._work, args=(live,), name="answering", daemon=True
                ).start()

    def _work(self, live: _LiveChat) -> None:
        """Answer the chat's questions one after the other until none is left."""
        while (work := self._next(live)) is not None:
            turn_id, request = work
            try:
                self._answer(live, turn_id, request)
            except ChatbotError as error:
                self._update(live, turn_id, state="failed", problem=str(error))
            except Exception as error:
                self._on_unexpected(error)
                problem = "Something went wrong on our side. Ask again; the log has the details."
                self._update(live, turn_id, state="failed", problem=problem)
            with suppress(ChatbotError):  # a full disk: the answer is on the page all the same
                self._save(live)

    def _next(self, live: _LiveChat) -> tuple[int, Request] | None:
        with self._lock, live.lock:
            live.stop.clear()
            live.reply = None
            if live.queue:
                return live.queue.pop(0)
            if self._live.get(live.transcript.id) is live:
                del self._live[live.transcript.id]
            return None

    def _answer(self, live: _LiveChat, turn_id: int, request: Request) -> None:
        self._update(live, turn_id, state="answering")
        place = live.transcript.place(turn_id)
        turn = live.transcript.turns[place]
        with ExitStack() as leases:
            engine = partial(self._leased, leases, request.choice)
            services = self._services_of(live.transcript)
            reply = request.begin(live.transcript, place, engine, services, live.stop)
            with live.lock:
                live.reply = (request.choice, reply)
            text, tokens, saved = turn.answer, reply.begun, time.monotonic()
            for chunk in reply:
                text += chunk.text
                tokens += tuple(token.id for token in chunk.tokens)
                self._update(live, turn_id, answer=text, tokens=tokens)
                if time.monotonic() - saved >= SAVE_EVERY:
                    self._save(live)
                    saved = time.monotonic()
        receipt = receipt_of(reply, turn)
        stopped = live.stop.is_set() if receipt is None else receipt["finish"] == "stopped"
        state = "stopped" if stopped else "done"
        self._update(live, turn_id, answer=text, tokens=tokens, state=state, receipt=receipt)

    def _leased(self, leases: ExitStack, choice: Choice) -> "Engine":
        """The model, once it is needed: a joke is told while it is still being loaded."""
        return leases.enter_context(self.room.lease(choice))

    def _services_of(self, transcript: Transcript) -> "list[Service]":
        from chatbot.standard_services import standard_services

        services = standard_services() if self._services is None else self._services
        return [service for service in services if service.name not in transcript.without]

    def _update(self, live: _LiveChat, turn_id: int, **changes: Any) -> None:
        with live.lock:
            index = live.transcript.place(turn_id)
            live.transcript = live.transcript.with_turn(index, **changes)

    def _save(self, live: _LiveChat) -> None:
        with live.lock:
            if not live.forgotten:
                self.transcripts.save(live.transcript)


def _refuse_unfinished(transcript: Transcript) -> None:
    if any(turn.state in UNFINISHED for turn in transcript.turns):
        raise Conflict("The answer is still on its way.", remedy="Stop it first.")
