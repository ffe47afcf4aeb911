"""Poems on request: the one of ours that fits, or four lines that a model writes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from chatbot.errors import ChatbotError
from chatbot.heard import Heard
from chatbot.plain_words import plainly
from chatbot.poems import book as books
from chatbot.poems import intents, written
from chatbot.poems.book import Poem
from chatbot.poems.choosing import fitting
from chatbot.poems.classifier import Reading, classifier
from chatbot.poems.intents import Wish
from chatbot.services import ServiceAnswer, ServiceReceipt, Situation

if TYPE_CHECKING:
    from chatbot.engine.receipts import Finish

SOURCE = "A poem from data/poems.json"


@dataclass(frozen=True)
class _Given:
    """A poem as it is said, and what its receipt tells."""

    text: str
    receipt: ServiceReceipt
    poem_id: str = ""


class PoemDatabase:
    """The service "poems". What was asked for stands in the answer's receipt, for *another one*.

    Args:
        heard: who was given what; by default on disk.
        seconds: how long a model may take for a new one, both tries together.
    """

    name = "poems"

    def __init__(self, *, heard: Heard | None = None, seconds: float = written.TIME_LIMIT) -> None:
        self._heard = heard or Heard(self.name)
        self._seconds = seconds
        self._given: list[str] = []

    def answer(self, situation: Situation) -> ServiceAnswer | None:
        """The poem that is asked for; None where none is."""
        wish = intents.wish(situation.text)
        before = situation.last(self.name)
        if wish is None and before is not None and intents.wants_another(situation.text):
            wish = Wish(str(before.get("topic", "")), str(before.get("wished", "")))
        if wish is None:
            return None
        asked = wish
        given: list[_Given] = []

        def pieces() -> Iterator[str]:
            poem = self._choose(asked, situation)
            given.append(poem)
            if poem.poem_id:
                self._heard.add(situation.owner, poem.poem_id)
            yield poem.text

        def receipt(seconds: float, finish: "Finish") -> ServiceReceipt:
            made = given[0].receipt if given else ServiceReceipt(self.name, SOURCE)
            return replace(made, seconds=seconds, finish=finish)

        return ServiceAnswer(pieces(), receipt, situation.stop)

    def respond(self, text: str) -> str | None:
        """The simple way, for scripts: the poem that is asked for, None where none is. This one
        object remembers what it gave; no model is asked."""
        wish = intents.wish(text)
        if wish is None:
            return None
        found = self._own(wish, self._given)
        if found.poem_id:
            self._given.append(found.poem_id)
        return found.text

    def classify(self, text: str) -> tuple[str, str]:
        """Theme and mood of a sentence, the likeliest ones of ours."""
        reading = self.read(text)
        return reading.theme, reading.mood

    def read(self, text: str) -> Reading:
        """The same, with how sure that is."""
        return classifier().read(text)

    def find(self, theme: str, mood: str = "") -> Poem | None:
        """The poem of a theme, if possible in this mood; None where there is none."""
        return fitting(books.load().poems, theme, mood)

    def _choose(self, wish: Wish, situation: Situation) -> _Given:
        """One of ours where one fits; else a model's; else the nearest of ours, and says so."""
        given = [*self._heard.of(situation.owner), *_given_here(situation, self.name)]
        theme = _theme_of(wish)
        if not wish.new and (theme is not None or not wish.topic):
            return self._own(wish, given)
        writer, who = situation.write, "the local model"
        if situation.provider is not None:
            writer, who = situation.provider, "a larger model"
        topic = wish.topic or situation.text
        try:
            poem = written.write(writer, topic, situation.params, situation.stop, self._seconds)
        except ChatbotError as error:
            note = f"No new poem came from {who}: {error} This is the nearest one of ours."
            return self._own(wish, given, note)
        note = "It was right at the second try." if poem.tries == 2 else ""
        source, state = f"A poem that {who} wrote", _state(wish, "", "")
        receipt = ServiceReceipt(self.name, source, note, state, poem.made_by)
        return _Given("\n".join(poem.lines), receipt)

    def _own(self, wish: Wish, given: list[str], note: str = "") -> _Given:
        book = books.load()
        reading = classifier().read(wish.topic) if wish.topic else None
        mood = wish.mood or (reading.mood if reading and len(wish.topic.split()) > 3 else "")
        theme = _theme_of(wish, book.themes) or (reading.theme if reading else "")
        poem = fitting(book.poems, theme, mood, given) or fitting(book.poems, "", mood, given)
        note = " ".join(part for part in (note, book.problem) if part)
        if poem is None:
            text = "I know no poem at all just now."
            return _Given(text, ServiceReceipt(self.name, SOURCE, note, _state(wish, "", "")))
        state = _state(wish, poem.id, theme)
        return _Given(poem.text, ServiceReceipt(self.name, SOURCE, note, state), poem.id)


def _theme_of(wish: Wish, known: tuple[str, ...] | None = None) -> str | None:
    """The theme of ours that a wish names or speaks of; None where it is about something else."""
    if not wish.topic:
        return None
    words = plainly(wish.topic).split()
    for theme in known if known is not None else books.load().themes:
        if theme in words:
            return theme
    reading = classifier().read(wish.topic)
    return reading.theme if reading.sure else None


def _state(wish: Wish, poem_id: str, theme: str) -> dict[str, Any]:
    return {"poem": poem_id, "topic": wish.topic, "wished": wish.mood, "theme": theme}


def _given_here(situation: Situation, service: str) -> list[str]:
    """The poems that this conversation was given, by its receipts."""
    states = (
        receipt.get("state")
        for receipt in situation.receipts
        if receipt is not None and receipt.get("service") == service
    )
    found = (state.get("poem") for state in states if isinstance(state, Mapping))
    return [str(poem) for poem in found if poem]
