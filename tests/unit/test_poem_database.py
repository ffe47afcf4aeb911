"""Poems: who asks for one, which one comes, and what happens when a model shall write it."""

import json
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from benchmarks.poems import HELD_OUT, Request, by_keywords, given, requests, right, served
from chatbot.chat_bot import ChatBot
from chatbot.engine.sampling import SamplingParams
from chatbot.engine.text_stream import Chunk
from chatbot.errors import BadInput, ChatbotError, Conflict, NotAvailable
from chatbot.messages import Message
from chatbot.poem_database import PoemDatabase
from chatbot.poems import book, intents
from chatbot.poems.book import Poem
from chatbot.poems.classifier import FOREIGN, classifier, read_lines, shipped_lines
from chatbot.poems.written import checked
from chatbot.services import ServiceReceipt, Situation

GOOD = (
    "The stapler bites the page in two,\n"
    "its silver jaw is small,\n"
    "it holds together what we do\n"
    "and asks for nothing at all."
)
ASKS = (
    "poem", "A poem, please!", "write a poem", "Write me something about the sea",
    "can you write a verse for my mum", "I'd like some poetry", "Tell me a poem about winter.",
    "Do you know a poem?", "Could you please recite a short poem about love?",
    "give me a sad poem", "a haiku about frogs", "write a 4-line sonnet about my cat",
    "Read me a poem", "I would love to hear a poem about the rain", "another poem",
)  # fmt: skip
ASKS_NOT = (
    "I hate poems", "what is a poem?", "who wrote this poem?", "I read a poem yesterday",
    "this poem is bad", "Hello", "Poetry is dead", "Write me an email about the meeting",
    "my poem won a prize", "Did you like the poem?", "Tell me about the sea",
    "How many lines does a sonnet have?", "The verse you wrote was long", "tell me a joke",
    "Why are poems so short?",
)  # fmt: skip


class Scripted:
    """A model that says what it is told to, one answer after the other; an error is raised."""

    def __init__(self, *answers: str | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(
        self,
        messages: Sequence[Message],
        params: SamplingParams,
        *,
        stop: threading.Event | None = None,
    ) -> Iterator[Chunk]:
        self.asked.append(messages[-1].text)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return iter([Chunk(answer, ())])


class Hanging(Scripted):
    """A model that says nothing until it is stopped."""

    def __call__(self, messages, params, *, stop=None):  # type: ignore[no-untyped-def]
        assert stop is not None
        stop.wait(60)
        return iter(())


def told(
    text: str,
    writer: Scripted | None = None,
    provider: Scripted | None = None,
    owner: str = "",
    seconds: float = 60,
) -> tuple[str, ServiceReceipt]:
    local = writer or Scripted(NotAvailable("There is no model."))
    situation = Situation(text, (), (), SamplingParams(), local, provider, owner=owner)
    answer = PoemDatabase(seconds=seconds).answer(situation)
    assert answer is not None
    words = "".join(chunk.text for chunk in answer)
    assert answer.receipt is not None
    return words, answer.receipt


@pytest.mark.parametrize("text", ASKS)
def test_asks_for_a_poem(text: str) -> None:
    assert intents.wish(text) is not None


@pytest.mark.parametrize("text", ASKS_NOT)
def test_only_speaks_of_poems_or_of_something_else(text: str) -> None:
    assert intents.wish(text) is None


def test_the_shipped_poems_are_all_of_the_right_form(home: Path) -> None:
    poems = book.load()
    assert not poems.problem
    assert len(poems.poems) >= 40
    assert {poem.mood for poem in poems.poems} == set(book.MOODS)
    assert {line.theme for line in shipped_lines()} == {FOREIGN, *poems.themes}


def test_the_classifier_beats_keyword_rules_on_sentences_it_has_not_seen() -> None:
    held_out, lines = read_lines(HELD_OUT), shipped_lines()
    assert len(held_out) >= 150
    assert len(lines) >= 700
    assert not {line.text.lower() for line in held_out} & {line.text.lower() for line in lines}
    for classified, ruled in right(held_out, classifier()).values():
        assert classified > ruled


def test_ordinary_requests_get_a_fitting_poem_and_foreign_ones_are_left_to_the_model(
    home: Path,
) -> None:
    asked = requests()
    assert not {request.topic for request in asked if not names_a_theme(request)} & {
        line.text.lower() for line in shipped_lines()
    }
    ours = [request for request in asked if request.themes]
    found, by_hand = served(asked, given), served(asked, by_keywords)
    assert len(ours) >= 120
    assert found.fitting > max(0.8 * len(ours), by_hand.fitting)
    assert found.wrong < 0.06 * len(ours)
    assert found.handed_on > 0.9 * (len(asked) - len(ours))


def names_a_theme(request: Request) -> bool:
    return bool(request.themes & {*request.topic.split()})


@pytest.mark.parametrize(
    ("text", "theme"),
    [
        ("write me something about the ocean", "sea"),
        ("a poem about waves", "sea"),
        ("a poem about my cat", "animals"),
        ("Poem about kittens!", "animals"),
        ("a poem about snowflakes", "winter"),
        ("a sad poem about autumn", "autumn"),
        ("poem about friendship", "friendship"),
        ("a poem about my dentist", ""),
        ("a poem about quantum physics", ""),
        ("a poem about my tax return", ""),
    ],
)
def test_what_people_ask_for(home: Path, text: str, theme: str) -> None:
    got = given(Request(text, frozenset({theme})))
    assert theme in got if theme else not got


def test_a_theme_is_honoured_and_none_comes_twice_before_the_others(home: Path) -> None:
    sea = {poem.text for poem in book.load().poems if "sea" in poem.themes}
    given = [told("a poem about the sea", owner="me")[0] for _ in sea]
    assert set(given) == sea
    assert told("a poem about the sea", owner="me")[0] == given[0]


def test_a_mood_is_honoured(home: Path) -> None:
    found = PoemDatabase().find("rain", "funny")
    assert found is not None
    assert (found.mood, "rain" in found.themes) == ("funny", True)
    assert told("a funny poem about rain")[0] == found.text


def test_a_script_gets_poems_in_turn_and_none_where_none_is_asked_for(home: Path) -> None:
    database = PoemDatabase()
    first, second = (database.respond("write a poem about winter") for _ in range(2))
    assert first
    assert second
    assert first != second
    assert database.respond("Hello!") is None
    assert database.classify("Snowflakes on a frozen pond") == ("winter", "calm")


def test_an_unusual_theme_is_written_by_the_provider(home: Path) -> None:
    provider = Scripted(GOOD)
    words, receipt = told("a poem about my stapler", provider=provider)
    assert words == GOOD
    assert "larger model" in receipt.source
    assert "Write a 4-line sonnet about the user's input: my stapler" in provider.asked[0]


@pytest.mark.parametrize("bad", ["One line only", GOOD + "\n\nHope you like it!", "a b\n" * 4])
def test_a_poem_of_the_wrong_form_is_asked_for_once_more(home: Path, bad: str) -> None:
    writer = Scripted(bad, GOOD)
    words, receipt = told("a poem about my stapler", writer)
    assert words == GOOD
    assert "second try" in receipt.note
    assert "no good" in writer.asked[1]


def test_twice_the_wrong_form_brings_one_of_ours(home: Path) -> None:
    words, receipt = told("a poem about my stapler", Scripted("no", "no again"))
    assert words in {poem.text for poem in book.load().poems}
    assert "nearest one of ours" in receipt.note
    assert receipt.state["poem"]


@pytest.mark.parametrize(
    "provider", [Scripted(ChatbotError("The key is wrong.")), Scripted(ValueError("boom"))]
)
def test_a_provider_that_fails_brings_one_of_ours(home: Path, provider: Scripted) -> None:
    words, receipt = told("a poem about my stapler", provider=provider)
    assert words in {poem.text for poem in book.load().poems}
    assert "nearest one of ours" in receipt.note


def test_a_model_that_hangs_is_left_behind(home: Path) -> None:
    words, receipt = told("a poem about my stapler", provider=Hanging(), seconds=0.1)
    assert words in {poem.text for poem in book.load().poems}
    assert "Nothing came within" in receipt.note


def test_a_new_one_is_written_though_ours_would_fit(home: Path) -> None:
    assert told("write a new poem about the sea", Scripted(GOOD))[0] == GOOD


def test_a_tiny_model_talks_rubble_and_one_of_ours_comes(home: Path, tiny_gpt2: Path) -> None:
    bot = ChatBot(tiny_gpt2, services=[PoemDatabase()])
    try:
        words = bot.get_response("a poem about my stapler")
        assert words in {poem.text for poem in book.load().poems}
        receipt = bot.receipts[-1]
        assert receipt is not None
        assert "the local model" in str(receipt["note"])
        other = bot.get_response("another one")
        assert other != words
    finally:
        bot.close()


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(["A line of words"] * 4),
        GOOD.replace("small", "<b>small"),
        GOOD.rpartition(" ")[0] + " and",
        "one two three\none two three four\none two three five\none two three six",
    ],
)
def test_rubble_is_no_poem(text: str) -> None:
    assert len(checked(GOOD)) == 4
    with pytest.raises(BadInput):
        checked(text)


def test_own_poems_are_kept_and_a_second_writer_is_noticed(home: Path) -> None:
    poems = book.load()
    mine = Poem(poems.new_id(), "Mine", ("stapler",), "funny", tuple(GOOD.splitlines()))
    book.save(poems.with_poem(mine))
    assert mine in book.load().poems
    assert told("a poem about my stapler")[0] == mine.text
    with pytest.raises(Conflict):
        book.save(poems)


def test_a_damaged_file_is_named_and_ours_are_used(home: Path) -> None:
    row = {"id": "x", "title": "X", "themes": ["sea"], "mood": "calm", "lines": ["one", "two"]}
    book.path().write_text(json.dumps([row]))
    poems = book.load()
    assert "row 1" in poems.problem
    assert "4 to 12 lines" in poems.problem
    assert len(poems.poems) >= 40
    assert "row 1" in told("poem")[1].note
    with pytest.raises(BadInput):
        book.save(poems)
