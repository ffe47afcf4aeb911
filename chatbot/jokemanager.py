"""Jokes with timing: the punchline waits for a "why", a knock for "who's there"."""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from chatbot.engine.sampling import SamplingParams
from chatbot.errors import ChatbotError
from chatbot.heard import Heard
from chatbot.jokes import book as books
from chatbot.jokes import intents, invented
from chatbot.jokes.book import Joke, JokeBook
from chatbot.jokes.choosing import next_of
from chatbot.jokes.intents import Wish
from chatbot.jokes.subjects import fitting
from chatbot.messages import Message, assistant, user
from chatbot.plain_words import plainly
from chatbot.services import ServiceAnswer, ServiceReceipt, Situation, said

if TYPE_CHECKING:
    from chatbot.engine.receipts import Finish

SOURCE = "A joke from data/jokes.json"
KNOCK = "Knock knock!"
_WHY, _THERE, _WHO, _TOLD = "why", "who is there", "who", "told"
"""What a joke waits for; the last one is over."""


class JokeManager:
    """The service "jokes". Where a joke stands is in its answer's receipt, or, in a conversation
    without receipts, in the last thing that was said.

    Args:
        heard: who was told what; by default on disk.
        chance: from 0 to below 1, which joke it is to be.
        seconds: how long a larger model may take for a new one.
    """

    name = "jokes"

    def __init__(
        self,
        *,
        heard: Heard | None = None,
        chance: Callable[[], float] = random.random,
        seconds: float = invented.TIME_LIMIT,
    ) -> None:
        self._heard = heard or Heard(self.name)
        self._chance = chance
        self._seconds = seconds
        self._messages: list[Message] = []
        self._receipts: list[Mapping[str, Any] | None] = []

    def answer(self, situation: Situation) -> ServiceAnswer | None:
        """The next line of a joke; None where none is wanted, which drops one that waits."""
        state = self._state(situation)
        text = situation.text
        line = self._next_line(situation, state, text)
        if line is not None:
            return line
        wish = intents.wish(text)
        if wish is None and state and state.get("at") == _TOLD and intents.wants_another(text):
            wish = Wish(str(state.get("topic", "")), bool(state.get("knock")))
        return None if wish is None else self._tell(situation, wish)

    def respond(self, text: str) -> str | None:
        """The simple way, for scripts: what the jokes have to say, None where it is not theirs.
        This one object remembers where it is."""
        situation = Situation(
            text,
            tuple(self._messages),
            tuple(self._receipts),
            SamplingParams(),
            write=_nobody,
        )
        found = self.answer(situation)
        self._messages.append(user(text))
        if found is None:
            self._messages.append(assistant(""))
            self._receipts.append(None)
            return None
        reply = "".join(chunk.text for chunk in found)
        self._messages.append(assistant(reply))
        self._receipts.append(None if found.receipt is None else asdict(found.receipt))
        return reply

    def _state(self, situation: Situation) -> Mapping[str, Any] | None:
        """Where the joke of the last answer stands; None where that was none."""
        if situation.receipts and situation.receipts[-1] is not None:
            return situation.last(self.name)
        spoken = next((m.text for m in reversed(situation.messages) if m.role == "assistant"), "")
        last = plainly(spoken)
        if not last:
            return None
        if last == plainly(KNOCK):
            return {"at": _THERE}  # nobody knows yet who it is
        for joke in books.load().jokes:
            if joke.setup and last.endswith(plainly(joke.setup)):
                return _state_of(joke, _WHY)
            if joke.knock and last == plainly(joke.knock):
                return _state_of(joke, _WHO)
        return None

    def _next_line(
        self, situation: Situation, state: Mapping[str, Any] | None, text: str
    ) -> ServiceAnswer | None:
        if state is None:
            return None
        joke, at = _joke_of(state), state.get("at")
        if joke is None and at == _THERE and intents.asks_who_is_there(text):
            joke, _ = self._choose(books.load(), Wish(knock_knock=True), situation)
            state = _state_of(joke, at) if joke is not None and joke.is_knock_knock else state
        if joke is None or "punchline" not in state:
            return None
        source = str(state.get("source") or SOURCE)
        repeated = plainly(text) == plainly(joke.setup)
        if (at == _WHY and (intents.asks_why(text) or repeated)) or (
            at == _WHO and intents.asks_who(text, joke.knock)
        ):
            after = {**state, "at": _TOLD}
            return said(self.name, joke.punchline, source, situation, state=after)
        if at == _THERE and (intents.asks_who_is_there(text) or intents.asks_why(text)):
            after = {**state, "at": _WHO}
            return said(self.name, f"{joke.knock}.", source, situation, state=after)
        return None

    def _tell(self, situation: Situation, wish: Wish) -> ServiceAnswer:
        """The opening: of a new joke where a larger model makes one up in time, else of ours."""
        receipts: list[ServiceReceipt] = []

        def pieces() -> Iterator[str]:
            jokes = books.load()
            note, made_by, joke, source = "", None, None, SOURCE
            if situation.provider is not None:
                try:
                    new = invented.invent(
                        situation.provider,
                        wish,
                        jokes.jokes,
                        situation.params,
                        situation.stop,
                        self._seconds,
                    )
                    joke, source = new.joke, "A joke that a larger model made up"
                    made_by = new.made_by
                except ChatbotError as error:
                    note = f"No new joke came: {error.message} Here is one of ours."
            if joke is None:
                joke, missing = self._choose(jokes, wish, situation)
                note = " ".join(part for part in (note, missing, jokes.problem) if part)
            if joke is None:
                receipts.append(ServiceReceipt(self.name, SOURCE, note))
                yield "I know no joke at all just now."
                return
            at = _THERE if joke.is_knock_knock else _WHY
            state = _state_of(joke, at, wish=wish, source=source)
            receipts.append(ServiceReceipt(self.name, source, note, state, made_by))
            self._heard.add(situation.owner, joke.id)
            yield joke.opening

        def receipt(seconds: float, finish: "Finish") -> ServiceReceipt:
            made = receipts[0] if receipts else ServiceReceipt(self.name, SOURCE)
            return replace(made, seconds=seconds, finish=finish)

        return ServiceAnswer(pieces(), receipt, situation.stop)

    def _choose(self, jokes: JokeBook, wish: Wish, situation: Situation) -> tuple[Joke | None, str]:
        """One of ours, and what to say where it is not what was wished for."""
        kind = [joke for joke in jokes.jokes if joke.is_knock_knock or not wish.knock_knock]
        about = fitting(kind, wish.topic) if wish.topic else kind
        note = ""
        if wish.topic and not about:
            note = f"There is no joke about {wish.topic} here; this is another one."
        choice = about or kind or jokes.jokes
        if not choice:
            return None, note
        heard = [*self._heard.of(situation.owner), *_told_here(situation, self.name)]
        return next_of(choice, heard, self._chance()), note


def _state_of(
    joke: Joke, at: str, *, wish: Wish | None = None, source: str = SOURCE
) -> dict[str, Any]:
    """All that the next line needs: the joke itself, which may be changed or gone by then."""
    return {
        "at": at,
        "joke": joke.id,
        "setup": joke.setup,
        "word": joke.knock,
        "punchline": joke.punchline,
        "topic": wish.topic if wish else "",
        "knock": bool(wish and wish.knock_knock),
        "source": source,
    }


def _joke_of(state: Mapping[str, Any] | None) -> Joke | None:
    if not state:
        return None
    try:
        return Joke(
            str(state["joke"]),
            (),
            str(state["punchline"]),
            setup=str(state["setup"]),
            knock=str(state["word"]),
        )
    except (KeyError, ChatbotError):
        return None


def _told_here(situation: Situation, service: str) -> list[str]:
    """The jokes that this conversation has heard, by its receipts."""
    states = (
        receipt.get("state")
        for receipt in situation.receipts
        if receipt is not None and receipt.get("service") == service
    )
    return [
        str(state["joke"]) for state in states if isinstance(state, Mapping) and "joke" in state
    ]


def _nobody(*args: object, **kwargs: object) -> Iterator[Any]:
    return iter(())
