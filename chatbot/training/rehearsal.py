"""Rehearsal: the model's own answers to general questions, read between the conversations.

A model that reads nothing but a persona for a hundred steps takes it for all there is, and begins
to answer every question out of that world. A few answers of its own among them keep it what it was
(Robins 1995, "Catastrophic forgetting, rehearsal and pseudorehearsal"). data/rehearsal.json holds
the most probable first sentences of SmolLM2-135M-Instruct, those that are right.
"""

import json
import random
from collections.abc import Sequence
from typing import TYPE_CHECKING

from chatbot import paths
from chatbot.dataset.examining import letters_of
from chatbot.messages import Conversation, assistant, user
from chatbot.training.config import TrainingConfig

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

    from chatbot.engine.prompts import TrainingExample

FILE = paths.PROJECT / "data" / "rehearsal.json"


def conversations(learned: Sequence[Conversation] = ()) -> tuple[Conversation, ...]:
    """What the model was asked and said; not what these conversations answer in their own way."""
    heard = {letters_of(m.text) for c in learned for m in c.messages if m.role == "user"}
    rows = json.loads(FILE.read_text(encoding="utf-8"))
    return tuple(
        Conversation((user(row["question"]), assistant(row["answer"])))
        for row in rows
        if letters_of(row["question"]) not in heard
    )


def between(
    examples: "Sequence[TrainingExample]",
    learned: Sequence[Conversation],
    config: TrainingConfig,
    tokenizer: "PreTrainedTokenizerFast",
) -> "Sequence[TrainingExample]":
    """The examples, and after them as many rehearsed answers as the settings want; the seed
    decides which. Each comes once before any comes twice.

    Args:
        examples: of `learned`, in tokens.
    """
    from chatbot.training import data

    count = config.rehearsed(len(examples))
    if not count:
        return examples
    own = list(data.tokenise(tokenizer, conversations(learned), config.max_length).examples)
    if not own:
        return examples
    random.Random(f"rehearsal {config.seed}").shuffle(own)
    return (*examples, *(own[number % len(own)] for number in range(count)))
