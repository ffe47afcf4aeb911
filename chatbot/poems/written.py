"""A poem that a model writes: asked for within a time limit, its form checked, one retry."""

import re
import threading
import time
from dataclasses import asdict, dataclass, is_dataclass, replace
from typing import Any

from chatbot.engine.sampling import SamplingParams
from chatbot.errors import BadInput, ChatbotError
from chatbot.messages import user
from chatbot.poems.book import LONGEST_LINE
from chatbot.services import Writer

TIME_LIMIT = 20.0
"""Seconds for both tries together: longer than that nobody waits for four lines."""
LINES = 4
_LONGEST_TOPIC = 200
_MOST_CHARACTERS = 4_000
"""Of an answer: what is longer is no poem of four lines, and isn't read on."""
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
        text, receipt = _answer(writer, prompt, params, stop, end - time.monotonic())
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
        raise BadInput(f"It has {len(lines)} lines and not {LINES}.")
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


def _answer(
    writer: Writer,
    prompt: str,
    params: SamplingParams,
    stop: threading.Event,
    seconds: float,
) -> tuple[str, dict[str, Any] | None]:
    """The whole answer, or the time is over: a model that hangs is left behind.

    Raises:
        ChatbotError: nothing came in time, or the model can't answer.
    """
    own_stop, over = threading.Event(), threading.Event()
    found: list[tuple[str, Any]] = []
    failed: list[ChatbotError] = []

    def work() -> None:
        try:
            asked = replace(params, max_new_tokens=120, stop=())
            answer, text = writer([user(prompt)], asked, stop=own_stop), ""
            for chunk in answer:
                text += chunk.text
                if len(text) > _MOST_CHARACTERS:
                    own_stop.set()
                    raise BadInput("Far more came than a poem.")
            found.append((text, getattr(answer, "receipt", None)))
        except ChatbotError as error:
            failed.append(error)
        except Exception:  # a writer that breaks must not take the thread's noise to the user
            failed.append(ChatbotError("The model broke off."))
        finally:
            over.set()

    threading.Thread(target=work, name="poem", daemon=True).start()
    end = time.monotonic() + seconds
    while not over.wait(min(0.05, max(0.0, end - time.monotonic()))):
        if stop.is_set() or time.monotonic() >= end:
            break
    own_stop.set()
    if failed:
        raise failed[0]
    if not found:
        raise ChatbotError("It was stopped." if stop.is_set() else "No poem came in time.")
    text, receipt = found[0]
    return text, asdict(receipt) if is_dataclass(receipt) else None  # type: ignore[arg-type]
