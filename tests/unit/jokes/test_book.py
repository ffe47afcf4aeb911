"""The file of jokes: what ships, what is refused, and a second writer."""

import json
from collections import Counter
from pathlib import Path

import pytest

from chatbot import paths
from chatbot.errors import BadInput, Conflict
from chatbot.heard import Heard
from chatbot.jokes import book as books
from chatbot.jokes.book import Joke
from chatbot.jokes.choosing import next_of
from chatbot.jokes.subjects import fitting

ONE = Joke("a", ("Tea ", "tea"), "It was steeped.", setup="Why was the tea late?")
DOOR = Joke("b", (), "Olive you too.", knock="Olive")


def test_what_ships_is_enough_and_varied(home: Path) -> None:
    book = books.load()
    assert not book.problem
    assert len(book.jokes) >= 60
    assert sum(joke.is_knock_knock for joke in book.jokes) >= 15
    assert sum(count >= 4 for count in book.topics.values()) >= 12
    openings = Counter(joke.opening + joke.knock for joke in book.jokes)
    assert openings.most_common(1)[0][1] == 1
    assert len({joke.punchline for joke in book.jokes}) == len(book.jokes)
    text = (paths.PROJECT / "data" / "jokes.json").read_text(encoding="utf-8")
    assert books.dump(books.parse(text)) == text


def test_own_jokes_are_kept_in_the_home_and_come_back(home: Path) -> None:
    book = books.load()
    changed = books.save(book.with_joke(ONE).without(book.jokes[0].id))
    assert books.load() == changed
    assert books.path() == home / "data" / "jokes.json"
    assert ONE in changed.jokes
    assert ONE.topics == ("tea",)
    assert book.jokes[0] not in changed.jokes


def test_a_second_writer_is_noticed(home: Path) -> None:
    mine, theirs = books.load(), books.load()
    books.save(theirs.with_joke(ONE))
    with pytest.raises(Conflict, match="changed elsewhere"):
        books.save(mine.with_joke(DOOR))
    assert ONE in books.load().jokes


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ('{"a": 1}', "not a list"),
        ("[1]", "joke 1 is not a joke"),
        ('[{"id": "a", "punchline": "x"}]', "joke 1: What is said first is missing"),
        ('[{"id": "a", "setup": "x"}]', "joke 1: The joke has no punchline"),
        ('[{"id": "a", "setup": "x", "knock": "y", "punchline": "z"}]', "not both"),
        ('[{"id": "a", "setup": 1, "punchline": "x"}]', "its setup is no text"),
        ('[{"id": "a", "setup": "y", "punchline": "x", "topics": "z"}]', "topics are no list"),
        ('[{"id": "", "setup": "y", "punchline": "x"}]', "has no id"),
        (json.dumps([{"id": "a", "setup": "y" * 301, "punchline": "x"}]), "setup is too long"),
        (json.dumps([{"id": "a", "setup": "y", "punchline": "x"}] * 2), "joke 2: its id is taken"),
    ],
)
def test_a_damaged_file_is_named_and_the_shipped_jokes_stand_in(
    home: Path, text: str, sentence: str
) -> None:
    with pytest.raises(BadInput, match=sentence):
        books.parse(text)
    books.path().write_text(text, encoding="utf-8")
    book = books.load()
    assert sentence in book.problem
    assert len(book.jokes) >= 60
    with pytest.raises(Conflict, match="nothing is written over"):
        books.save(book.with_joke(ONE))
    assert books.path().read_text(encoding="utf-8") == text


def test_the_same_words_come_in_once(home: Path) -> None:
    book = books.load().with_joke(ONE)
    with pytest.raises(BadInput, match="there already"):
        book.with_joke(Joke("other", (), ONE.punchline.upper(), setup=ONE.setup))
    changed = book.with_joke(Joke("a", (), "Another end.", setup=ONE.setup))
    assert len(changed.jokes) == len(book.jokes)
    assert book.new_id() == "own-1"


@pytest.mark.parametrize(
    "topic", ["cats", "my cat", "a Kitten", "the ocean", "COMPUTERS", "umbrella"]
)
def test_a_topic_finds_its_jokes(home: Path, topic: str) -> None:
    found = fitting(books.load().jokes, topic)
    assert 0 < len(found) < len(books.load().jokes) / 2


def test_nothing_fits_a_topic_that_nobody_wrote_about(home: Path) -> None:
    assert fitting(books.load().jokes, "quantum accountancy") == []
    assert fitting(books.load().jokes, "the") == []


def test_the_very_word_comes_before_its_topic(home: Path) -> None:
    found = fitting(books.load().jokes, "gulls")
    assert found
    assert all("gull" in joke.setup.lower() for joke in found)


def test_none_comes_twice_before_all_came_once(tmp_path: Path) -> None:
    jokes = [Joke(str(n), (), "x", setup="y") for n in range(7)]
    told = Heard("jokes", tmp_path / "told.json")
    for chance in (0.0, 0.5, 0.99) * 7:
        joke = next_of(jokes, told.of("me"), chance)
        told.add("me", joke.id)
        told.add("you", "0")
    heard = Heard("jokes", tmp_path / "told.json").of("me")
    assert sorted(heard) == [str(n) for n in range(7)]
    assert told.of("you") == ["0"]
    assert told.of("") == []


def test_rounds_are_whole() -> None:
    jokes = [Joke(str(n), (), "x", setup="y") for n in range(5)]
    heard: list[str] = []
    for step in range(5):
        heard.append(next_of(jokes, heard, step / 5).id)
    assert sorted(heard) == list("01234")
    assert next_of(jokes, heard, 0.99).id in heard[:2]  # of those that are longest ago


def test_a_damaged_memory_forgets(tmp_path: Path) -> None:
    file = tmp_path / "told.json"
    for text in ("{", "[]", '{"me": 7}', '{"me": ["1", 2]}'):
        file.write_text(text, encoding="utf-8")
        Heard("jokes", file).of("me")
    Heard("jokes", file).add("me", "3")
    assert Heard("jokes", file).of("me") == ["1", "2", "3"]
