"""Answers that were given, looked at word by word: read once more in the background, remembered.

A page asks as often as it likes and never waits. What nobody looks at any more is not read to its
end.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from chatbot.engine_room import Choice, EngineRoom
from chatbot.errors import ChatbotError
from chatbot.messages import Message

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

    from chatbot.engine.looking_back import Part, Place

MOST = 4
"""Answers that are remembered; about 5 KB a token."""
PATIENCE = 20.0
"""Seconds after the last look at which reading ends: a page looks twice a second."""

State = Literal["reading", "done", "left", "failed"]


@dataclass(frozen=True)
class Asked:
    """An answer to look back at.

    Attributes:
        choice: the model to read it with.
        hash: 12 hex digits that name its weights.
        messages: the conversation with the question.
        answer: its words.
        tokens: their ids; () where only the words are known.
        parts: the settings behind the tokens; () where nobody knows of any.
    """

    choice: Choice
    hash: str
    messages: tuple[Message, ...]
    answer: str
    tokens: tuple[int, ...] = ()
    parts: "tuple[Part, ...]" = ()


@dataclass(frozen=True)
class Look:
    """How far the reading has come.

    Attributes:
        tokens: of the answer; () until they are known.
        places: what is known of them, from the first on.
        prompt_tokens: what the model reads before the last part of the answer; 0: not known yet.
        ends: ids that end an answer.
        tokenizer: tells what the ids stand for; None until it is known.
        problem: why it has failed, for people.
    """

    state: State = "reading"
    tokens: tuple[int, ...] = ()
    places: "tuple[Place, ...]" = ()
    prompt_tokens: int = 0
    ends: frozenset[int] = frozenset()
    tokenizer: "PreTrainedTokenizerFast | None" = None
    problem: str = ""


class LookingBack:
    """One answer, read by a thread of its own."""

    def __init__(
        self, room: EngineRoom, asked: Asked, on_unexpected: Callable[[BaseException], object]
    ) -> None:
        self.asked = asked
        self._room = room
        self._on_unexpected = on_unexpected
        self._lock = threading.Lock()
        self._looked = time.monotonic()
        self._stop = False
        self._known = Look()
        self._places: list[Place] = []
        threading.Thread(target=self._run, name="looking back", daemon=True).start()

    @property
    def look(self) -> Look:
        """How it stands this moment; never waits."""
        with self._lock:
            self._looked = time.monotonic()
            return replace(self._known, places=tuple(self._places))

    def stop(self) -> None:
        """Nobody wants to know the rest."""
        self._stop = True

    def _run(self) -> None:
        state: State = "failed"
        problem = ""
        try:
            state = self._read()
        except ChatbotError as error:
            problem = str(error)
        except Exception as error:
            self._on_unexpected(error)
            problem = "Something went wrong on our side. Try again; the log has the details."
        with self._lock:
            self._known = replace(self._known, state=state, problem=problem)

    def _read(self) -> State:
        with self._room.glimpse(self.asked.choice) as engine:
            if engine is None:  # it made room for another model
                return "left"
            from chatbot.engine.beginnings import Beginning, token_ids
            from chatbot.engine.looking_back import NEUTRAL, Part, look_back, prepare

            asked = self.asked
            tokenizer = engine.loaded.tokenizer
            tokens = asked.tokens or token_ids(tokenizer, asked.messages, Beginning(asked.answer))
            parts = asked.parts or (Part(0, None, NEUTRAL, len(tokens)),)
            rereads = prepare(engine, asked.messages, tokens, parts)
            with self._lock:
                prompt = rereads[-1].prompt
                self._known = replace(
                    self._known,
                    tokens=tokens,
                    prompt_tokens=len(prompt.ids),
                    ends=prompt.stop_ids,
                    tokenizer=tokenizer,
                )
            for place in look_back(engine, tokens, rereads, self._unwanted):
                with self._lock:
                    self._places.append(place)
            return "done" if len(self._places) == len(tokens) else "left"

    def _unwanted(self) -> bool:
        return self._stop or time.monotonic() - self._looked > PATIENCE


class Hindsight:
    """The last few answers that were looked back at. May be used from any thread."""

    def __init__(
        self,
        room: EngineRoom,
        on_unexpected: Callable[[BaseException], object] | None = None,
        most: int = MOST,
    ) -> None:
        self._room = room
        self._on_unexpected = on_unexpected or (lambda error: None)
        self._most = most
        self._lock = threading.Lock()
        self._known: OrderedDict[Asked, LookingBack] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def ask(self, asked: Asked) -> LookingBack:
        """What is known of an answer, or will be; begun anew where nobody waited for it."""
        with self._lock:
            known = self._known.get(asked)
            if known is None or known.look.state == "left":
                known = self._known[asked] = LookingBack(self._room, asked, self._on_unexpected)
            self._known.move_to_end(asked)
            while len(self._known) > self._most:
                self._known.popitem(last=False)[1].stop()
            return known

    def retry(self, asked: Asked) -> None:
        """Forget that an answer could not be read."""
        with self._lock:
            self._known.pop(asked, None)
