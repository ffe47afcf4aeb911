"""What an answer was made with."""

from dataclasses import dataclass
from typing import Literal

from chatbot.engine.sampling import SamplingParams

Finish = Literal["end", "stop word", "length", "stopped"]


@dataclass(frozen=True)
class Change:
    """Other settings while an answer was on its way.

    Args:
        after: tokens of the answer that had been chosen before.
        params: the settings from then on. Its seed and length are not read.
    """

    after: int
    params: SamplingParams


@dataclass(frozen=True)
class Receipt:
    """How an answer was made.

    Args:
        model: catalog name.
        hash: 12 hex digits of the SHA-256 of its weights.
        params: the settings as asked for.
        seed: the seed that was used; with it the answer can be made again.
        prompt_tokens: tokens that the model was given.
        cached_tokens: those of them that were remembered from earlier turns.
        new_tokens: tokens of the answer, without the one that ended it.
        left_out: oldest messages that did not fit into the window.
        seconds_to_first: from the question to the first token.
        tokens_per_second: after the first token; 0 where there was no second one.
        finish: "end" by the model itself, "stop word" at one of the settings', "length" at the
            limit, "stopped" by the reader.
        device: such as "cpu".
        dtype: such as "bfloat16".
        changes: what was changed on the way, in order. Such an answer can't be made again by its
            seed alone.
    """

    model: str
    hash: str
    params: SamplingParams
    seed: int
    prompt_tokens: int
    cached_tokens: int
    new_tokens: int
    left_out: int
    seconds_to_first: float
    tokens_per_second: float
    finish: Finish
    device: str
    dtype: str
    changes: tuple[Change, ...] = ()
