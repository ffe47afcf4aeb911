"""The words that an answer begins with before the model goes on: which tokens they are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chatbot.engine.prompts import Prompt
from chatbot.engine.shapes import shape_of
from chatbot.engine.text_stream import BROKEN
from chatbot.messages import Message

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


@dataclass(frozen=True)
class Beginning:
    """Words of an answer, and the ids that the model gave for them where they are known."""

    text: str
    tokens: tuple[int, ...] = ()


def token_ids(
    tokenizer: "PreTrainedTokenizerFast", messages: Sequence[Message], beginning: Beginning
) -> tuple[int, ...]:
    """The beginning in tokens: the model's own where they spell just this text, else read anew.

    Words that a person changed, or that a model with another vocabulary wrote, are read anew.
    """
    tokens = beginning.tokens
    if tokens and max(tokens) < len(tokenizer):
        spelled = tokenizer.backend_tokenizer.decode(list(tokens), skip_special_tokens=True)
        if beginning.text in (spelled.lstrip(), spelled.lstrip().removesuffix(BROKEN)):
            return tokens
    return tuple(shape_of(tokenizer).begun(messages, beginning.text))


def begun(prompt: Prompt, ids: tuple[int, ...]) -> Prompt:
    """The prompt with the answer's first tokens as a piece of their own."""
    if not ids:
        return prompt
    whole = (*prompt.ids, *ids)
    return replace(prompt, ids=whole, borders=(*prompt.borders, len(whole)))
