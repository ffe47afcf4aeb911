"""A poem that a model writes: asked for within a time limit, its form checked, one retry."""

import re
import threading
import time
from dataclasses import dataclass
from typing import Any

from chatbot.engine.sampling import SamplingParams
from chatbot.errors import BadInput
from chatbot.poems.book import LONGEST_LINE
from chatbot.services import Writer
from chatbot.whole_answers import whole_answer

TIME_LIMIT = 20.0
"""Seconds for both tries together: longer than that nobody waits for four lines."""
LINES = 4
_LONGEST_TOPIC = 200
_RUBBLE = re.compile(r"https?://|<\||[<>{}\[\]|#`\\\ufffd]|\*\*")
_DANGLING = re.compile(r"(?:[-,]|\b(?:a|an|the|and|or|of|to|in|with|for|but))$", re.IGNORECASE)


@dataclass(frozen=True)
class Written:
    """A poem that passed. `made_by`: the receipt of the model that wrote it, as a dict;
    `tries`: 1 or 2."""

    lines: tuple[str, ...]
    made_by: dict[str, Any] | None
    tries: int


def request(topic: str, problem: str = "") -> str:
    """What the model is asked, word for word; `problem`: what was wrong with its first try."""
    about = " ".join(topic.split())[:_LONGEST_TOPIC]
    again = f" Your last try was no good: {problem}" if problem else ""
    return (
        f"Write a {LINES}-line sonnet about the user's input: {about}\n"
        f"Answer with exactly {LINES} lines of verse and nothing else: no title, no empty line, "
        f"no explanation.{again}"
    )


def write(
    writer: Writer,
    topic: str,
    params: SamplingParams,
    stop: threading.Event,
    seconds: float = TIME_LIMIT,
) -> Written:
    """Ask for a poem and wait for it; once more where its form is not right.

    Raises:
        ChatbotError: none came in time, or the second one is of the wrong form too.
    """
    end, problem = time.monotonic() + seconds, ""
    for tries in (1, 2):
        prompt = request(topic, problem)
        text, receipt = whole_answer(writer, prompt, params, stop, end - time.monotonic())
        try:
            if receipt is not None and receipt.get("finish") not in ("end", "stop word"):
                raise BadInput("It was cut off.")
            return Written(checked(text), receipt, tries)
        except BadInput as error:
            problem = str(error)
    raise BadInput(problem)


def checked(text: str) -> tuple[str, ...]:
    """The lines of a written poem.

    Raises:
        BadInput: it has another form; says which.
    """
    lines = tuple(line.strip() for line in text.strip().splitlines())
    if len(lines) != LINES:
        raise BadInput(f"It should have {LINES} lines and has {len(lines)}.")
    if not all(lines):
        raise BadInput("It has an empty line.")
    if _RUBBLE.search(text):
        raise BadInput("There is more in it than words.")
    if len({line.casefold() for line in lines}) < LINES:
        raise BadInput("It says a line twice.")
    words = [re.findall(r"[^\W\d_]+", line.casefold()) for line in lines]
    if any(
        len(line) > LONGEST_LINE or len(found) < 2 for line, found in zip(lines, words, strict=True)
    ):
        raise BadInput("A line is too long or too short.")
    spoken = [word for found in words for word in found]
    if len(set(spoken)) * 2 < len(spoken) or len({tuple(found[:3]) for found in words}) == 1:
        raise BadInput("It repeats itself.")
    if _DANGLING.search(lines[-1]):
        raise BadInput("It was cut off.")
    return lines
