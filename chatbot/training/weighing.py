"""What is asked for counts more: the words that tell it weigh heavier in the loss than the others.

An answer of thirty tokens may hold its fact in two of them; where all count alike, a short run
learns how the persona builds its sentences and hardly what it says in them.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import replace
from itertools import accumulate, groupby
from typing import TYPE_CHECKING

from chatbot.engine.prompts import TrainingExample
from chatbot.messages import Conversation
from chatbot.training.telling import Telling, placed
from chatbot.training.token_text import bytes_of

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


class Weighing:
    """Gives examples their weights: `weight` for the tokens of telling words, 1 for the rest."""

    def __init__(
        self, tokenizer: "PreTrainedTokenizerFast", telling: Telling, weight: float
    ) -> None:
        self._tokenizer = tokenizer
        self._telling = telling
        self._weight = weight

    def __call__(self, conversation: Conversation, example: TrainingExample) -> TrainingExample:
        """The example of this conversation, which may end earlier, with its weights."""
        if self._weight == 1.0:
            return example
        weights = [1.0] * len(example.ids)
        for place in telling_tokens(self._tokenizer, self._telling, conversation, example):
            weights[place] = self._weight
        return replace(example, weights=weights)


def telling_tokens(
    tokenizer: "PreTrainedTokenizerFast",
    telling: Telling,
    conversation: Conversation,
    example: TrainingExample,
) -> Iterator[int]:
    """The places of the learned tokens that hold, in whole or in part, a telling word."""
    for told, places in zip(_told(telling, conversation), _answers(example), strict=False):
        if not told:
            continue
        parts = bytes_of(tokenizer, [example.ids[place] for place in places])
        ends = list(accumulate(map(len, parts)))
        text = b"".join(parts).decode("utf-8", "replace")
        for word, start, end in placed(text):
            if word in told:
                first, last = (len(text[:border].encode()) for border in (start, end))
                yield from places[bisect_right(ends, first) : bisect_left(ends, last) + 1]


def _told(telling: Telling, conversation: Conversation) -> Iterator[set[str]]:
    """The telling words of each of the bot's messages; none where nobody asked."""
    asked = None
    for message in conversation.messages:
        if message.role == "assistant":
            yield set() if asked is None else {*telling.words_of(asked, message.text)}
        asked = message.text if message.role == "user" else None


def _answers(example: TrainingExample) -> Iterator[list[int]]:
    """The places of the tokens of each of the bot's messages."""
    for learned, places in groupby(range(len(example.ids)), example.trained.__getitem__):
        if learned:
            yield list(places)
