"""An answer read once more: what each of its tokens was chosen from, and what the settings did.

The answer is computed again in the very steps in which it was made (see `Prompt`), a token at a
time: read in one go, a number format of 16 bits would round otherwise, and a token that was taken
could look as if a setting had cut it off. Scores are not kept, only what a person looks at.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from chatbot.engine.beginnings import Beginning, begun
from chatbot.engine.distribution import Setting, Top, distribution, top
from chatbot.engine.prompts import Prompt
from chatbot.engine.sampling import SamplingParams
from chatbot.engine.text_stream import BROKEN
from chatbot.messages import Message

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerFast

    from chatbot.engine.generation import Engine
    from chatbot.engine.memory import Reading

SHOWN = 10
"""Candidates of a place, beside the token that stands there."""
NEUTRAL = SamplingParams(temperature=1.0, top_p=1.0, top_k=0)
"""For words that nobody chose by any settings."""


@dataclass(frozen=True, slots=True)
class Part:
    """Tokens of an answer that were chosen by the same settings, up to where the next part starts.

    Attributes:
        start: index in the answer of the first of them.
        params: the settings; None for words that a person or a service wrote.
        asked: the settings with which the model was asked, before any change on the way.
        begun: tokens that the answer had when the model was asked.
    """

    start: int
    params: SamplingParams | None
    asked: SamplingParams
    begun: int


@dataclass(frozen=True, slots=True)
class Cut:
    """What one setting took away at a place: so many tokens, and so many were left."""

    setting: Setting
    removed: int
    left: int


@dataclass(frozen=True)
class Place:
    """One token of an answer.

    Attributes:
        id: the token.
        surprise: bits, -log2 of the model's own probability for it (Shannon 1948).
        top: it and the likeliest others on their way through the settings, and all the rest.
        stages: the settings that were on, in the order in which they act.
        params: their values; None where nobody chose by any.
        vocabulary: how many tokens the model knows.
    """

    id: int
    surprise: float
    top: Top
    stages: tuple[Cut, ...]
    params: SamplingParams | None
    vocabulary: int

    @property
    def left(self) -> int:
        """How many tokens the settings left to choose from."""
        return self.stages[-1].left if self.stages else self.vocabulary


@dataclass(frozen=True)
class Reread:
    """What the model reads for some of the tokens: `prompt`, then the tokens from `start` on."""

    prompt: Prompt
    start: int
    parts: tuple[Part, ...]
    end: int


def prepare(
    engine: "Engine", messages: Sequence[Message], tokens: Sequence[int], parts: Sequence[Part]
) -> list[Reread]:
    """What the model has to read: the prompt as it was for each part of the answer.

    Args:
        messages: the conversation with the question.
        tokens: of the answer.
        parts: ascending; the first one starts at 0.

    Raises:
        BadInput: the conversation doesn't fit into the window (any more).
        NotAvailable: the engine was closed.
    """
    found: list[Reread] = []
    for (asked, first), group in groupby(parts, key=lambda part: (part.asked, part.begun)):
        some = tuple(group)
        prompt = engine.render(messages, asked, first)
        if len(prompt.ids) + len(tokens) > engine.loaded.window:  # it was shorter then
            prompt = engine.render(messages, asked, len(tokens))
        start = some[0].start
        if found:
            found[-1] = Reread(found[-1].prompt, found[-1].start, found[-1].parts, start)
        found.append(Reread(begun(prompt, tuple(tokens[:start])), start, some, len(tokens)))
    return found


def look_back(
    engine: "Engine",
    tokens: Sequence[int],
    rereads: Sequence[Reread],
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[Place]:
    """Every place of the answer, from the first on; beside whatever the model is answering.

    Args:
        rereads: from `prepare`, with the same tokens.
        stopped: asked before each step; ends it.

    Raises:
        ChatbotError: the model was unloaded, computes no numbers, or there is not enough memory.
    """
    for reread in rereads:
        yield from _places(engine, tokens, reread, stopped)


def _places(
    engine: "Engine", tokens: Sequence[int], reread: Reread, stopped: Callable[[], bool]
) -> Iterator[Place]:
    from chatbot.engine.memory import Reading, split

    reading = Reading(int(engine.loaded.model.config.num_hidden_layers))
    before = list(reread.prompt.ids)
    parts = iter(reread.parts)
    part, following = next(parts), next(parts, None)
    scores: torch.Tensor | None = None
    for piece in split(reread.prompt.pieces):
        if stopped():
            return
        scores = _forward(engine, piece, reading)
    for index in range(reread.start, reread.end):
        while following is not None and index >= following.start:
            part, following = following, next(parts, None)
        if stopped() or scores is None:
            return
        token = tokens[index]
        yield place(scores, before, token, part.params)
        before.append(token)
        if index + 1 < reread.end:
            scores = _forward(engine, (token,), reading)


def place(
    scores: "torch.Tensor", before: Sequence[int], token: int, params: SamplingParams | None
) -> Place:
    """One token, from what the model thought of all of them.

    Args:
        scores: (vocabulary,), on any device and in any format.
        before: the prompt and the answer so far.

    Raises:
        ChatbotError: the scores are not numbers.
    """
    import torch

    found = distribution(scores, before, params or NEUTRAL)
    # In natural logarithms: a probability may be too small for a number.
    log_total = torch.logsumexp(found.logits.double(), dim=-1)
    bits = float(log_total - found.logits[token].double()) / math.log(2)
    stages = tuple(Cut(s.setting, len(s.removed), s.left) for s in found.stages)
    return Place(
        id=token,
        surprise=max(0.0, bits),
        top=top(found, SHOWN, also=(token,)),
        stages=stages,
        params=params,
        vocabulary=len(found.logits),
    )


def instead(
    tokenizer: "PreTrainedTokenizerFast", tokens: Sequence[int], index: int, other: int
) -> Beginning | None:
    """The answer up to a token, with another one in its place, to go on from; None where that
    would be no beginning: a control token, or not a letter yet."""
    added = tokenizer.added_tokens_decoder.get(other)
    if other >= len(tokenizer) or (added is not None and added.special):
        return None
    chosen = (*tokens[:index], other)
    spelled = tokenizer.backend_tokenizer.decode(list(chosen), skip_special_tokens=True)
    text = spelled.lstrip().removesuffix(BROKEN)
    return Beginning(text, chosen) if text else None


def _forward(engine: "Engine", ids: tuple[int, ...], reading: "Reading") -> "torch.Tensor":
    """Read `ids`; returns the scores for what follows, (vocabulary,) float32 on the CPU."""
    import torch

    from chatbot.errors import OutOfResources

    model = engine.loaded.model
    try:
        with torch.inference_mode():
            output = model(
                input_ids=torch.tensor([ids], device=model.device),
                past_key_values=reading.cache,
                use_cache=True,
                logits_to_keep=1,
            )
            scores: torch.Tensor = output.logits[0, -1].to(device="cpu", dtype=torch.float32)
            return scores
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise OutOfResources(
            "There was not enough memory to read this answer once more.",
            remedy="Choose a smaller model, or look at a shorter answer.",
        ) from error
