"""What a model would read before its next answer, and how much of its window that takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatbot.engine.sampling import SamplingParams
from chatbot.messages import Message, user

if TYPE_CHECKING:
    from chatbot.engine.generation import Engine

NEXT = "…"
"""Stands for the message that is not written yet."""


@dataclass(frozen=True)
class Context:
    """What the model would read before the next answer.

    Attributes:
        tokens: of the prompt, with a next message of one letter.
        window: tokens that the model can see.
        kept_free: of the window, for the answer.
        left_out: oldest messages that no longer fit.
        prompt: the text that is read, control tokens included.
    """

    tokens: int
    window: int
    kept_free: int
    left_out: int
    prompt: str


def context(engine: "Engine", messages: Sequence[Message], params: SamplingParams) -> Context:
    """Render these messages and a next one, as for an answer.

    Raises:
        BadInput: the system text alone fills the window.
        NotAvailable: the engine was closed.
    """
    prompt = engine.render([*messages, user(NEXT)], params)
    loaded = engine.loaded
    text = loaded.tokenizer.decode(list(prompt.ids), skip_special_tokens=False)
    kept_free = min(params.max_new_tokens, loaded.window - len(prompt.ids))
    return Context(len(prompt.ids), loaded.window, kept_free, prompt.left_out, str(text))
