"""The jokes that are known: `data/jokes.json`, checked; the user's own copy once they edit it."""

import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatbot import paths
from chatbot.errors import BadInput, Conflict
from chatbot.files import write_atomically

LONGEST = 300
"""Characters of a line: more is a story."""
MOST = 5_000
_writing = threading.Lock()


@dataclass(frozen=True)
class Joke:
    """A joke that waits. Either `setup`, answered by "why?", or `knock`: the word at the door.

    Args:
        id: its name in the file; every joke has its own.
        topics: what it is about, in small letters.
        punchline: what it was told for.

    Raises:
        BadInput: a part is missing or too long; says which.
    """

    id: str
    topics: tuple[str, ...]
    punchline: str
    setup: str = ""
    knock: str = ""

    def __post_init__(self) -> None:
        for name in _LINES:
            object.__setattr__(self, name, " ".join(getattr(self, name).split()))
        if not self.id.strip():
            raise BadInput("The joke has no id.")
        for problem in problems(self.setup, self.punchline, self.knock).values():
            raise problem
        topics = dict.fromkeys(" ".join(topic.lower().split()) for topic in self.topics)
        object.__setattr__(self, "topics", tuple(topic for topic in topics if topic))

    @property
    def is_knock_knock(self) -> bool:
        return bool(self.knock)

    @property
    def opening(self) -> str:
        """What is said first."""
        return "Knock knock!" if self.is_knock_knock else self.setup


_LINES: Mapping[str, str] = {"setup": "setup", "punchline": "punchline", "knock": "word"}


def problems(setup: str, punchline: str, knock: str = "") -> dict[str, BadInput]:
    """What is wrong with the words of a joke, by the part: "setup" (or the word at
    the door) or "punchline"."""
    found = {}
    if setup.strip() and knock.strip():
        found["setup"] = BadInput("A joke has either a setup or a word at the door, not both.")
    if not setup.strip() and not knock.strip():
        found["setup"] = BadInput(
            "What is said first is missing.",
            remedy="Write a question that makes one ask why, or the word of a knock-knock joke.",
        )
    if not punchline.strip():
        found["punchline"] = BadInput(
            "The joke has no punchline.", remedy="Write what it is told for."
        )
    for name, text in (("setup", setup), ("knock", knock), ("punchline", punchline)):
        if len(text) > LONGEST:
            found["punchline" if name == "punchline" else "setup"] = BadInput(
                f"The {_LINES[name]} is too long.",
                value=f"{len(text)} characters",
                remedy=f"Shorten it to at most {LONGEST}.",
            )
    return found


@dataclass(frozen=True)
class JokeBook:
    """All jokes as they stand in a file, and the file's state, so that a second writer is noticed.

    Args:
        problem: why the user's own file can't be read, where the shipped jokes stand in for it.
    """

    jokes: tuple[Joke, ...]
    stamp: tuple[int, int] = (0, 0)
    problem: str = ""

    @property
    def topics(self) -> dict[str, int]:
        """How many jokes there are on each topic, the most frequent first."""
        found: dict[str, int] = {}
        for joke in self.jokes:
            for topic in joke.topics:
                found[topic] = found.get(topic, 0) + 1
        return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))

    def with_joke(self, joke: Joke) -> "JokeBook":
        """The same book with a joke added, or in the place of the one with its id.

        Raises:
            BadInput: the same words are there already.
        """
        for other in self.jokes:
            if other.id != joke.id and _words(other) == _words(joke):
                raise BadInput("This joke is there already.", value=joke.opening)
        if joke.id in {other.id for other in self.jokes}:
            jokes = tuple(joke if other.id == joke.id else other for other in self.jokes)
        else:
            jokes = (*self.jokes, joke)
        return JokeBook(jokes, self.stamp, self.problem)

    def without(self, joke_id: str) -> "JokeBook":
        jokes = tuple(joke for joke in self.jokes if joke.id != joke_id)
        return JokeBook(jokes, self.stamp, self.problem)

    def new_id(self) -> str:
        taken = {joke.id for joke in self.jokes}
        return next(name for n in range(1, MOST + 2) if (name := f"own-{n}") not in taken)


def path() -> Path:
    """Where the user's own jokes are, once there are any."""
    return paths.data_dir() / "jokes.json"


def load() -> JokeBook:
    """The user's jokes; the shipped ones where there are none, or where they can't be read."""
    own, shipped = path(), paths.PROJECT / "data" / "jokes.json"
    stamp = _stamp(own)
    problem = ""
    for file in (own, shipped):
        try:
            if file.is_file():
                return JokeBook(_read(file), stamp, problem)
        except BadInput as error:
            problem = problem or str(error)
    return JokeBook((), stamp, problem)


def save(book: JokeBook) -> JokeBook:
    """Write the jokes; returns the book as it stands in the file now.

    Raises:
        Conflict: somebody else has changed the file since `book` was read, or it is damaged and
            would be overwritten.
        BadInput: there are too many.
        ChatbotError: it can't be written.
    """
    if len(book.jokes) > MOST:
        raise BadInput("There are too many jokes.", value=len(book.jokes))
    with _writing:
        if book.problem:
            raise Conflict(
                "Your file of jokes can't be read, so nothing is written over it.",
                value=book.problem,
                remedy=f"Mend {path().name} or move it away.",
            )
        if _stamp(path()) != book.stamp:
            raise Conflict(
                "The jokes were changed elsewhere meanwhile.",
                remedy="Here is how they stand now; make your change again.",
            )
        write_atomically(path(), dump(book.jokes))
        return JokeBook(book.jokes, _stamp(path()))


def dump(jokes: Iterable[Joke]) -> str:
    """The file's text: one joke a line, so that a change is one line too."""
    rows = []
    for joke in jokes:
        row = {
            name: getattr(joke, name) for name in ("id", "topics", "setup", "knock", "punchline")
        }
        row = {name: value for name, value in row.items() if value or name == "topics"}
        rows.append("  " + json.dumps(row, ensure_ascii=False))
    return "[\n" + ",\n".join(rows) + "\n]\n"


def parse(text: str, name: str = "jokes.json") -> tuple[Joke, ...]:
    """Read the text of such a file.

    Raises:
        BadInput: names the row and what is wrong with it.
    """
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{name} is no JSON.", value=str(error)) from error
    if not isinstance(rows, list):
        raise BadInput(f"{name} is not a list of jokes.")
    jokes: dict[str, Joke] = {}
    for number, row in enumerate(rows, start=1):
        joke = _joke(row, f"{name}, joke {number}")
        if joke.id in jokes:
            raise BadInput(f"{name}, joke {number}: its id is taken.", value=joke.id)
        jokes[joke.id] = joke
    return tuple(jokes.values())


def _joke(row: object, place: str) -> Joke:
    if not isinstance(row, dict):
        raise BadInput(f"{place} is not a joke.", value=row)
    topics = row.get("topics", [])
    texts: dict[str, Any] = {name: row.get(name, "") for name in ("id", *_LINES)}
    if not isinstance(topics, list) or not all(isinstance(topic, str) for topic in topics):
        raise BadInput(f"{place}: its topics are no list of words.", value=topics)
    for name, text in texts.items():
        if not isinstance(text, str):
            raise BadInput(f"{place}: its {name} is no text.", value=text)
    try:
        return Joke(topics=tuple(topics), **texts)
    except BadInput as error:
        raise BadInput(f"{place}: {error.message}", value=error.value) from error


def _read(file: Path) -> tuple[Joke, ...]:
    try:
        return parse(file.read_text(encoding="utf-8"), file.name)
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file.name} can't be read.", value=str(error)) from error


def _stamp(file: Path) -> tuple[int, int]:
    try:
        stat = file.stat()
    except OSError:
        return (0, 0)
    return (stat.st_mtime_ns, stat.st_size)


def _words(joke: Joke) -> tuple[str, str]:
    return (joke.opening.casefold() + joke.knock.casefold(), joke.punchline.casefold())
