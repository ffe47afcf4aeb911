"""Answers that an untuned model gave already, for another run: it need not be asked again.

Kept in `models/runs/.scores/`, one file for each set of weights and number format. Answers of the
same weights in another batch may differ where two words were equally likely up to rounding.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from chatbot import paths
from chatbot.errors import ChatbotError
from chatbot.files import write_atomically
from chatbot.messages import Message

MOST = 4_000
"""Answers kept for a model; the oldest go first. About half a megabyte."""


class Earlier:
    """The answers of one model so far."""

    def __init__(self, weights: str, dtype: str, longest: int) -> None:
        """
        Args:
            weights: hash of the model's weights.
            dtype: the number format it runs in.
            longest: tokens of an answer.
        """
        self._name = f"{weights}-{dtype}-{longest}.json"
        self._answers = self._read()

    def get(self, asked: Sequence[Message]) -> str | None:
        return self._answers.get(_key(asked))

    def keep(self, given: Mapping[tuple[Message, ...], str]) -> None:
        """Keep these as well. Where they can't be written, they are asked for again next time."""
        self._answers |= {_key(asked): answer for asked, answer in given.items()}
        newest = dict(list(self._answers.items())[-MOST:])
        with suppress(ChatbotError, OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self._path, json.dumps(newest, indent=0, ensure_ascii=False))

    @property
    def _path(self) -> Path:
        return paths.runs_dir() / ".scores" / self._name

    def _read(self) -> dict[str, str]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        if not isinstance(found, dict):
            return {}
        return {key: text for key, text in found.items() if isinstance(text, str)}


def _key(asked: Sequence[Message]) -> str:
    text = "\0".join(f"{message.role}\1{message.text}" for message in asked)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
