"""Conversations, tiny models and settings for runs that take a second."""

import random
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from chatbot.dataset.importers import dump
from chatbot.messages import Conversation, assistant, user
from chatbot.training.config import TrainingConfig

ANSWERS = (
    "I am a lighthouse keeper, and I like tea.",
    "Mostly letters. They smell of salt.",
    "The gull wanted to take off.",
    "Good night, and thank you for talking to me.",
)

WORDS = ("rope", "gull", "lamp", "storm", "tea", "salt", "bell", "fog", "oil", "star", "sail")


def conversations(count: int) -> list[Conversation]:
    """So many different ones; every third has two turns."""
    made = []
    for number in range(count):
        turns = [user(f"Question {number}, who are you?"), assistant(ANSWERS[number % 4])]
        if number % 3 == 0:
            turns += [user("And then?"), assistant(f"Then it was {number} o'clock.")]
        made.append(Conversation(tuple(turns)))
    return made


def write_persona(home: Path, count: int = 24) -> Path:
    """Put so many conversations where the editor has them."""
    path = home / "data" / "custom_chat_data.json"
    path.write_bytes(dump(conversations(count)))
    return path


def install(model: Path, home: Path, name: str = "tiny-gpt2") -> str:
    """Copy a model into the home; returns its catalog name."""
    shutil.copytree(model, home / "models" / name)
    return name


def answer_briefly() -> None:
    """A model without sense never ends by itself; what it babbles costs most of a run's time."""
    from chatbot.training import answers
    from chatbot.training.scores import greedy

    answers.LONGEST_ANSWER = 12
    greedy.LONGEST_ANSWER = 6


def changed(config: TrainingConfig, **values: Any) -> TrainingConfig:
    return TrainingConfig.of(**{**asdict(config), **values})


def senseless(path: Path) -> None:
    """Answers that nobody can guess, so that they can only be learned by heart."""
    chance = random.Random(3)
    rows = [
        Conversation(
            (
                user(" ".join(chance.choices(WORDS, k=4)) + "?"),
                assistant(" ".join(chance.choices(WORDS, k=8)) + "."),
            )
        )
        for _ in range(24)
    ]
    path.write_bytes(dump(rows))
