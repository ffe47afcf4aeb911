"""A model's scores for the token that would begin its answer, and a memory for the last few.

Computed in the same pieces as an answer (see `Prompt`), so that they are the answer's own scores.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatbot.engine.prompts import Prompt
from chatbot.engine.sampling import SamplingParams
from chatbot.messages import Message

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerFast

    from chatbot.engine.generation import Engine

MOST = 16
"""Prompts that are remembered; 200 KB each at 50,257 tokens."""
Question = tuple[str, tuple[object, ...], tuple[Message, ...], int]
"""Hash of the weights, where they run, the messages, room for the answer."""


@dataclass(frozen=True, eq=False)
class NextScores:
    """What a model thinks of every token of its vocabulary.

    Attributes:
        hash: 12 hex digits that name the weights.
        prompt: what the model read.
        logits: (vocabulary,) float32 on the CPU.
        tokenizer: tells what the ids stand for.
    """

    hash: str
    prompt: Prompt
    logits: "torch.Tensor"
    tokenizer: "PreTrainedTokenizerFast"


class ScoresMemory:
    """The scores of the last few prompts. May be used from any thread."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._known: OrderedDict[Question, NextScores] = OrderedDict()
        self.passes = 0
        """How many prompts a model has read for this memory."""

    def __len__(self) -> int:
        return len(self._known)

    def look(self, question: Question) -> NextScores | None:
        """What is remembered; never computes."""
        with self._lock:
            found = self._known.get(question)
            if found is not None:
                self._known.move_to_end(question)
            return found

    def ask(
        self,
        engine: "Engine",
        messages: Sequence[Message],
        params: SamplingParams,
        where: tuple[object, ...] = (),
    ) -> NextScores:
        """The scores, from the memory where the model has read this prompt before.

        Args:
            where: device and number format as they were asked for.

        Raises:
            BadInput: there is no message, or even the last one doesn't fit.
            ChatbotError: the model was unloaded, or computes no numbers.
        """
        question = question_of(engine.loaded.hash, where, messages, params)
        known = self.look(question)
        if known is None:
            prompt = engine.render(messages, params)
            known = self._same_prompt(question, prompt) or self._compute(engine, prompt)
        with self._lock:
            self._known[question] = known
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        return known

    def _same_prompt(self, question: Question, prompt: Prompt) -> NextScores | None:
        """Another length of the answer mostly leaves the prompt as it is."""
        with self._lock:
            for (digest, where, _, _), known in self._known.items():
                if (digest, where) == question[:2] and known.prompt.ids == prompt.ids:
                    return known
        return None

    def _compute(self, engine: "Engine", prompt: Prompt) -> NextScores:
        known = next_scores(engine, prompt)
        with self._lock:
            self.passes += 1
        return known


def question_of(
    digest: str, where: tuple[object, ...], messages: Sequence[Message], params: SamplingParams
) -> Question:
    """The key under which scores are remembered; `digest` begins with the hash of the weights."""
    from chatbot.engine.loading import HASH_DIGITS

    return (digest[:HASH_DIGITS], where, tuple(messages), params.max_new_tokens)


def next_scores(engine: "Engine", prompt: Prompt) -> NextScores:
    """Let the model read a prompt, beside whatever it is answering.

    Raises:
        ChatbotError: the model was unloaded, computes no numbers, or there is not enough memory.
    """
    import torch

    from chatbot.engine.distribution import check_numbers
    from chatbot.engine.memory import Reading, split
    from chatbot.errors import OutOfResources

    loaded = engine.loaded
    reading = Reading(int(loaded.model.config.num_hidden_layers))
    try:
        with torch.inference_mode():
            for piece in split(prompt.pieces):
                output = loaded.model(
                    input_ids=torch.tensor([piece], device=loaded.model.device),
                    past_key_values=reading.cache,
                    use_cache=True,
                    logits_to_keep=1,
                )
            logits = output.logits[0, -1].to(device="cpu", dtype=torch.float32)
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise OutOfResources(
            "There was not enough memory to read this prompt.",
            remedy="Shorten it, or choose a smaller model.",
        ) from error
    check_numbers(logits)
    # A copy: a tensor made in inference mode would keep its restrictions in other threads.
    return NextScores(loaded.hash, prompt, logits.clone(), loaded.tokenizer)
