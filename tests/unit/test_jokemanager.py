"""Jokes with timing: told, waiting, dropped, at the door, made up by a larger model."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chatbot.engine.sampling import SamplingParams
from chatbot.engine.text_stream import Chunk
from chatbot.errors import NotAvailable
from chatbot.jokemanager import JokeManager
from chatbot.jokes import book as books
from chatbot.messages import Message, assistant, user
from chatbot.services import ServiceReceipt, Situation


@pytest.fixture
def manager(home: Path) -> JokeManager:
    return JokeManager(chance=lambda: 0.3)


def punchline_of(setup: str | None) -> str:
    return next(joke.punchline for joke in books.load().jokes if joke.setup == setup)


@pytest.mark.parametrize("why", ["why", "why?", "why not", "tell me", "I don't know"])
def test_the_punchline_waits_for_why(manager: JokeManager, why: str) -> None:
    setup = manager.respond("tell me a joke about cats")
    assert setup is not None
    assert manager.respond(why) == punchline_of(setup)
    assert manager.respond(why) is None  # it is over


def test_anything_else_drops_the_joke(manager: JokeManager) -> None:
    assert manager.respond("joke about cats")
    assert manager.respond("How was your day?") is None
    assert manager.respond("why?") is None


def test_another_joke_may_follow_at_once(manager: JokeManager) -> None:
    first = manager.respond("joke about cats")
    second = manager.respond("a joke about dogs")
    assert first != second
    assert manager.respond("why?") == punchline_of(second)
    third = manager.respond("another one")
    assert third not in (None, first, second)
    assert any("dog" in joke.topics for joke in books.load().jokes if joke.setup == third)


def test_at_the_door(manager: JokeManager) -> None:
    assert manager.respond("tell me a knock-knock joke about food") == "Knock knock!"
    word = manager.respond("Who's there?")
    assert word is not None
    joke = next(joke for joke in books.load().jokes if f"{joke.knock}." == word)
    assert "food" in joke.topics
    assert manager.respond(f"{joke.knock} who?") == joke.punchline


def test_a_knock_that_nobody_answers_is_dropped(manager: JokeManager) -> None:
    assert manager.respond("a knock knock joke") == "Knock knock!"
    assert manager.respond("I am not at home for jokes") is None
    assert manager.respond("Who's there?") is None


def test_all_of_a_topic_come_before_one_comes_again(manager: JokeManager) -> None:
    count = sum("cat" in joke.topics for joke in books.load().jokes)
    told = [manager.respond("tell me a joke about cats") for _ in range(count)]
    assert len(set(told) - {"Knock knock!"}) == len([t for t in told if t != "Knock knock!"])


def situation(text: str, **more: Any) -> Situation:
    return Situation(
        text,
        more.pop("messages", ()),
        more.pop("receipts", ()),
        SamplingParams(),
        write=lambda *_, **__: iter(()),
        **more,
    )


def test_it_is_remembered_for_its_owner_across_conversations(home: Path) -> None:
    count = len(books.load().jokes)
    heard = set()
    for _ in range(count):
        answer = JokeManager().answer(situation("joke", owner="me"))
        assert answer is not None
        list(answer)
        assert isinstance(answer.receipt, ServiceReceipt)
        heard.add(answer.receipt.state["joke"])
    assert len(heard) == count


def test_without_receipts_the_last_words_tell_where_it_is(manager: JokeManager) -> None:
    joke = next(joke for joke in books.load().jokes if joke.setup)
    past = (user("joke"), assistant(f"Here is one. {joke.setup}"))
    answer = manager.answer(situation("why?", messages=past))
    assert answer is not None
    assert next(answer).text == joke.punchline
    door = next(joke for joke in books.load().jokes if joke.knock)
    past = (
        user("joke"),
        assistant("Knock knock!"),
        user("who's there?"),
        assistant(f"{door.knock}."),
    )
    answer = manager.answer(situation(f"{door.knock} who?", messages=past))
    assert answer is not None
    assert next(answer).text == door.punchline


def test_without_receipts_a_whole_knock_knock_joke_is_told(home: Path) -> None:
    manager, past = JokeManager(), list[Message]()
    for line in ("knock-knock joke", "Who's there?", "", "thank you"):
        asked = line or f"{past[-1].text.rstrip('.')} who?"
        answer = manager.answer(situation(asked, messages=tuple(past)))
        if line == "thank you":
            assert answer is None
            return
        assert answer is not None, asked
        past += [user(asked), assistant("".join(chunk.text for chunk in answer))]
    pytest.fail("the exchange has four lines")


def test_a_word_of_a_joke_is_no_joke(manager: JokeManager) -> None:
    word = next(joke.knock for joke in books.load().jokes if joke.knock)
    past = (user("hello"), assistant(f"I really like my {word}."))
    assert manager.answer(situation("why?", messages=past)) is None


def test_the_setup_said_once_more_asks_why(manager: JokeManager) -> None:
    setup = manager.respond("tell me a joke about cats")
    assert setup is not None
    assert manager.respond(setup) == punchline_of(setup)


def test_a_topic_that_nobody_wrote_about_is_said(manager: JokeManager) -> None:
    answer = manager.answer(situation("tell me a joke about quantum accountancy"))
    assert answer is not None
    assert "".join(chunk.text for chunk in answer)
    assert isinstance(answer.receipt, ServiceReceipt)
    assert "no joke about quantum accountancy" in answer.receipt.note


def test_damaged_state_is_no_joke(manager: JokeManager) -> None:
    for state in (
        {},
        {"at": "why"},
        {"at": "why", "joke": 1, "punchline": "", "setup": "", "word": ""},
    ):
        receipt = {"service": "jokes", "state": state}
        past = (user("joke"), assistant("x"))
        assert manager.answer(situation("why?", messages=past, receipts=(receipt,))) is None


@dataclass
class Larger:
    """A larger model that writes one text, or fails; keeps what it was asked."""

    text: str = ""
    error: Exception | None = None
    hangs: bool = False
    asked: str = ""

    def __call__(
        self,
        messages: Sequence[Message],
        params: SamplingParams,
        *,
        stop: threading.Event | None = None,
    ) -> Iterator[Chunk]:
        self.asked = messages[-1].text
        if self.error is not None:
            raise self.error
        if self.hangs:
            assert stop is not None
            stop.wait(60)
        yield Chunk(self.text, ())


GOOD = "Setup: Why did the fog sell its horn?\nPunchline: It could no longer see the point."
DOOR = "Knock knock!\nWho's there?\nFog.\nFog who?\nFog-et it, I am late for tea."


def told_by(larger: Larger, text: str, seconds: float = 20) -> tuple[str, ServiceReceipt]:
    answer = JokeManager(seconds=seconds).answer(situation(text, provider=larger))
    assert answer is not None
    spoken = "".join(chunk.text for chunk in answer)
    assert isinstance(answer.receipt, ServiceReceipt)
    return spoken, answer.receipt


def test_a_larger_model_makes_one_up(home: Path) -> None:
    larger = Larger(GOOD)
    spoken, receipt = told_by(larger, "tell me a joke about fog")
    assert spoken == "Why did the fog sell its horn?"
    assert larger.asked.startswith("Tell a short, funny joke about fog.")
    assert "larger model" in receipt.source
    past = (user("joke"), assistant(spoken))
    why = JokeManager().answer(
        situation("why?", messages=past, receipts=({"service": "jokes", "state": receipt.state},))
    )
    assert why is not None
    assert next(why).text == "It could no longer see the point."


def test_it_makes_up_a_knock_knock_joke(home: Path) -> None:
    larger = Larger(DOOR)
    spoken, receipt = told_by(larger, "knock-knock joke")
    assert spoken == "Knock knock!"
    assert receipt.state["word"] == "Fog"
    assert larger.asked.startswith("Tell a short, funny knock-knock joke.")


@pytest.mark.parametrize(
    "text",
    [
        "**Setup:** Why did the fog sell its horn?\n\n**Punchline:** It saw no point.",
        "Setup: Why did the fog sell its horn? Punchline: It saw no point.",
        "Why did the fog sell its horn?\nIt saw no point.",
    ],
)
def test_other_forms_are_understood_too(home: Path, text: str) -> None:
    spoken, receipt = told_by(Larger(text), "tell me a joke about fog")
    assert spoken == "Why did the fog sell its horn?"
    assert receipt.state["punchline"] == "It saw no point."


@pytest.mark.parametrize(
    "larger",
    [
        Larger(""),
        Larger("I am sorry, I can't."),
        Larger("Setup: Why?\n"),
        Larger("Setup: Why <b>x</b>?\nPunchline: y"),
        Larger("Setup: " + "x" * 400 + "?\nPunchline: y"),
        Larger("Knock knock!\nWho's there?\nFog."),
        Larger(error=NotAvailable("There is no network.")),
        Larger(hangs=True),
    ],
    ids=["empty", "refusal", "half", "markup", "long", "cut", "failure", "hangs"],
)
def test_what_is_no_joke_falls_back_to_ours_and_says_so(home: Path, larger: Larger) -> None:
    spoken, receipt = told_by(larger, "tell me a joke", seconds=0.3 if larger.hangs else 20)
    assert spoken in {joke.opening for joke in books.load().jokes}
    assert "one of ours" in receipt.note
    assert receipt.made_by is None


def test_one_of_ours_is_nothing_new(home: Path) -> None:
    ours = next(joke for joke in books.load().jokes if joke.setup)
    _, receipt = told_by(Larger(f"Setup: Why oh why?\nPunchline: {ours.punchline}"), "joke")
    assert "is one of ours" in receipt.note
