"""A new joke from a larger model: asked for within a time limit, taken apart, checked."""

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chatbot.engine.sampling import SamplingParams
from chatbot.errors import BadInput
from chatbot.jokes.book import Joke
from chatbot.jokes.intents import Wish
from chatbot.services import Writer
from chatbot.whole_answers import whole_answer

TIME_LIMIT = 8.0
"""Seconds: longer than that nobody waits for a joke, and there are some here."""
_FORM = (
    "Write two lines and nothing else. The first line begins with 'Setup:' and is a question that "
    "makes one ask why. The second line begins with 'Punchline:'."
)
_KNOCK_FORM = (
    "Write the whole exchange, a line for each speaker: Knock knock! / Who's there? / NAME. / "
    "NAME who? / the punchline."
)
_MARKUP = re.compile(r"https?://|[<>{}\[\]|#`]|\*\*")


@dataclass(frozen=True)
class Invented:
    """A joke that passed. `made_by`: the receipt of the model that wrote it, as a dict."""

    joke: Joke
    made_by: dict[str, Any] | None


def request(wish: Wish) -> str:
    """What the larger model is asked, word for word."""
    about = f" about {wish.topic}" if wish.topic else ""
    kind = "knock-knock joke" if wish.knock_knock else "joke"
    form = _KNOCK_FORM if wish.knock_knock else _FORM
    return f"Tell a short, funny {kind}{about}. {form}"


def invent(
    provider: Writer,
    wish: Wish,
    known: Sequence[Joke],
    params: SamplingParams,
    stop: threading.Event,
    seconds: float = TIME_LIMIT,
) -> Invented:
    """Ask for a joke and wait for it.

    Raises:
        ChatbotError: none came in time, or what came is none, or one of those that are known.
    """
    text, receipt = whole_answer(provider, request(wish), params, stop, seconds)
    joke = read(text, wish)
    if joke.punchline.casefold() in {other.punchline.casefold() for other in known}:
        raise BadInput("The joke that came is one of ours.")
    return Invented(joke, receipt)


def read(text: str, wish: Wish) -> Joke:
    """Take a written joke apart.

    Raises:
        BadInput: it has not both parts, or more in it than words.
    """
    text = text.replace("**", "")
    if re.match(r"\W*knock,? knock", text, re.IGNORECASE):
        text = text.replace(" / ", "\n")
    lines = [line.strip(" \t-*\"'“”") for line in text.splitlines() if line.strip(" \t-*\"'“”")]
    if _MARKUP.search(text):
        raise BadInput("What came has markup in it.")
    topics = (wish.topic,) if wish.topic else ()
    if lines and re.match(r"(?:\w+: *)?knock,? knock", lines[0], re.IGNORECASE):
        if len(lines) != 5:
            raise BadInput("The knock-knock joke that came is not whole.")
        spoken = [re.sub(r"^\w+: *", "", line) for line in lines]
        return Joke("invented", topics, spoken[4], knock=spoken[2].rstrip(".!"))
    text = re.sub(r"\s*(punchline\W*:)", r"\n\1", text, flags=re.IGNORECASE)  # if on one line
    setup, punchline = _part("setup", text), _part("punchline", text)
    if not setup and not punchline and len(lines) == 2 and lines[0].endswith("?"):
        setup, punchline = lines
    if not setup or not punchline:
        raise BadInput("What came has no setup and punchline.")
    return Joke("invented", topics, punchline, setup=setup)


def _part(name: str, text: str) -> str:
    found = re.search(rf"^\W*{name}\W*:\W*(.+)$", text, re.IGNORECASE | re.MULTILINE)
    return found[1].strip(" \"'“”*") if found else ""
