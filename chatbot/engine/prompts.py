"""One renderer for training and chat: messages become token ids, through the tokenizer's template.

What fine-tuning trains on and what the chat feeds to the model can't differ, as both come from
here. Text is text: a control token spelled out in a message stays letters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatbot.engine.shapes import Shape, shape_of
from chatbot.engine.templates import CHATML_TEMPLATE, PLAIN_TEMPLATE, ensure_template
from chatbot.errors import BadInput
from chatbot.messages import Message

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

__all__ = [
    "CHATML_TEMPLATE",
    "PLAIN_TEMPLATE",
    "Prompt",
    "TrainingExample",
    "ensure_template",
    "kept",
    "render",
    "render_finished",
    "tokenise_conversation",
]


@dataclass(frozen=True)
class Prompt:
    """What the model reads before it answers.

    Args:
        ids: token ids, as the tokenizer's `apply_chat_template` gives them.
        borders: ascending ends of the pieces that `ids` is computed in; the last is `len(ids)`.
            A piece is a question with the header of its answer, an answer, or the system text:
            the same in every later turn, so that what was computed for it can be kept.
        left_out: how many of the oldest messages did not fit.
        stop_ids: tokens that end the answer.
        stop_strings: texts that end the answer, such as the next speaker's name.
    """

    ids: tuple[int, ...]
    borders: tuple[int, ...]
    left_out: int
    stop_ids: frozenset[int]
    stop_strings: tuple[str, ...]

    @property
    def pieces(self) -> tuple[tuple[int, ...], ...]:
        starts = (0, *self.borders[:-1])
        return tuple(self.ids[a:b] for a, b in zip(starts, self.borders, strict=True))


@dataclass(frozen=True)
class TrainingExample:
    """A conversation in tokens.

    Args:
        trained: True for the assistant's words and end tokens.
        weights: how much each token counts where it is learned; () for all alike.
    """

    ids: list[int]
    trained: list[bool]
    weights: Sequence[float] = ()


def render(
    tokenizer: "PreTrainedTokenizerFast",
    messages: Sequence[Message],
    *,
    window: int,
    reserve: int,
) -> Prompt:
    """The newest turns that fit, whole messages only, system messages always; ready to answer.

    Args:
        messages: oldest first.
        window: tokens that the model can see.
        reserve: tokens of the window to keep free for the answer.

    Raises:
        BadInput: there is no message, the template refuses the order of roles, or even the
            system text and the last question don't fit.
    """
    if not messages:
        raise BadInput("There is nothing to answer.", remedy="Write a message first.")
    shape = shape_of(tokenizer)
    turns = [index for index, message in enumerate(messages) if message.role != "system"]
    starts = [0, *(i for i in turns[1:] if messages[i].role == "user")]
    # Fewer messages are never longer, so the first start that fits can be found by halving.
    low, high = 0, len(starts) - 1
    best: int | None = None
    while low <= high:
        middle = 0 if low == 0 else (low + high) // 2  # mostly, everything fits
        size = shape.length(_from(messages, starts[middle]))
        if size + reserve <= window:
            best, high = starts[middle], middle - 1
        else:
            low = middle + 1
    if best is None:
        raise BadInput(
            "The last message is too long for this model, even without the ones before it.",
            value=f"{size} tokens; {window - reserve} fit",
            remedy="Shorten the message or the persona, or lower Max new tokens.",
        )
    left_out = sum(1 for index in turns if index < best)
    return _prompt(shape, kept(messages, left_out), generation_prompt=True, left_out=left_out)


def kept(messages: Sequence[Message], left_out: int) -> list[Message]:
    """The messages without the first `left_out` turns; system messages stay."""
    turns = [index for index, message in enumerate(messages) if message.role != "system"]
    return _from(messages, turns[left_out] if left_out < len(turns) else len(messages))


def render_finished(tokenizer: "PreTrainedTokenizerFast", messages: Sequence[Message]) -> Prompt:
    """The whole conversation without the header of a next answer, in the same pieces."""
    return _prompt(shape_of(tokenizer), messages, generation_prompt=False, left_out=0)


def tokenise_conversation(
    tokenizer: "PreTrainedTokenizerFast", messages: Sequence[Message]
) -> TrainingExample:
    """A conversation for training: the ids that the chat would see, and which of them to learn.

    Where the template has `{% generation %}` this is the library's assistant mask; else the
    assistant's words and the control token right after them.

    Raises:
        BadInput: there is no message, or the template refuses the order of roles.
    """
    if not messages:
        raise BadInput("The conversation is empty.", remedy="Add a question and an answer.")
    return TrainingExample(*shape_of(tokenizer).answers(messages))


def _from(messages: Sequence[Message], start: int) -> list[Message]:
    return [m for index, m in enumerate(messages) if m.role == "system" or index >= start]


def _prompt(
    shape: Shape, messages: Sequence[Message], *, generation_prompt: bool, left_out: int
) -> Prompt:
    ids, borders = shape.pieces(messages, generation_prompt=generation_prompt)
    return Prompt(tuple(ids), tuple(borders), left_out, shape.stop_ids, shape.stop_strings)
