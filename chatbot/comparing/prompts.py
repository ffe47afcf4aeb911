"""The prompts of a comparison: checked, and kept as named lists in `data/prompt_lists.json`."""

import json
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from chatbot import paths
from chatbot.errors import BadInput
from chatbot.files import write_atomically

STARTER = "First questions"
STARTER_PROMPTS = (
    "Who are you?",
    "What did you do today?",
    "Tell me a joke.",
    "What do you like, and what do you dislike?",
    "I had a bad day.",
    "What is the capital of France?",
    "Explain in one sentence why the sky is blue.",
    "Give me a tip for a rainy evening.",
    "What is 7 times 8?",
    "Good night!",
)
"""Half about the persona, half about the world: what fine-tuning should and shouldn't change."""
LONGEST_PROMPT = 20_000
"""Characters; far beyond the window of any model here."""
MOST_PROMPTS = 200
LONGEST_NAME = 60


def checked(text: str) -> str:
    """One prompt, without blanks around it.

    Raises:
        BadInput: nothing that a person could read is in it, or far too much.
    """
    text = text.strip()
    if not text:
        raise BadInput("The prompt is empty.", remedy="Write what the models shall be asked.")
    if len(text) > LONGEST_PROMPT:
        raise BadInput(
            f"The prompt has {len(text):,} characters; no model here can read it.",
            remedy=f"Shorten it to at most {LONGEST_PROMPT:,}.",
        )
    if all(unicodedata.category(letter)[0] in "CZ" for letter in text):
        raise BadInput(
            "The prompt holds control characters only, nothing that can be read.",
            remedy="Write what the models shall be asked.",
        )
    return text


def parsed(text: str) -> tuple[str, ...]:
    """A list with one prompt a line; empty lines and repetitions are passed over.

    Raises:
        BadInput: there is none, there are too many, or one can't be asked.
    """
    lines = list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
    if len(lines) > MOST_PROMPTS:
        raise BadInput(
            f"The list has {len(lines):,} prompts.", remedy=f"Keep at most {MOST_PROMPTS}."
        )
    if not lines:
        raise BadInput("The list is empty.", remedy="Write one prompt a line.")
    return tuple(checked(line) for line in lines)


def lists() -> dict[str, tuple[str, ...]]:
    """All lists by name, in the order they were made; the starter list until it was changed.

    A damaged file counts as none: it is set aside by the next `save`.
    """
    return _read() or {STARTER: STARTER_PROMPTS}


def save(name: str, prompts: Sequence[str]) -> str:
    """Keep a list, in place of the one of this name; returns the name as it is kept.

    Raises:
        BadInput: the name is empty or too long, or a prompt can't be asked.
        ChatbotError: it can't be written.
    """
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise BadInput(
            "The list needs a name.", remedy=f"Give it one of at most {LONGEST_NAME} characters."
        )
    _write(lists() | {name: parsed("\n".join(prompts))})
    return name


def delete(name: str) -> tuple[str, ...]:
    """Forget a list; returns its prompts, so that it can be saved again.

    Raises:
        ChatbotError: it can't be written.
    """
    kept = lists()
    gone = kept.pop(name, ())
    _write(kept)
    return gone


def _path() -> Path:
    return paths.data_dir() / "prompt_lists.json"


def _read() -> dict[str, tuple[str, ...]]:
    try:
        found = json.loads(_path().read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {
        str(name): tuple(prompt for prompt in prompts if isinstance(prompt, str))
        for name, prompts in found.items()
        if isinstance(prompts, list)
    }


def _write(kept: dict[str, tuple[str, ...]]) -> None:
    path = _path()
    if path.exists() and not _read():
        with suppress(OSError):
            path.replace(path.with_name("prompt_lists-damaged.json"))
    write_atomically(path, json.dumps(kept, ensure_ascii=False, indent=2) + "\n")
