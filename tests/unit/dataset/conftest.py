"""A dozen conversations and a store on a folder of its own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from chatbot.dataset.importers import dump
from chatbot.dataset.store import ConversationStore
from chatbot.messages import Conversation, assistant, user

Talk = Callable[..., Conversation]


@pytest.fixture
def talk() -> Talk:
    """Makes a conversation in which the user and the bot speak in turn."""

    def make(*texts: str, **extra: object) -> Conversation:
        makers = (user, assistant)
        return Conversation(tuple(makers[n % 2](text) for n, text in enumerate(texts)), extra)

    return make


@pytest.fixture
def dozen(talk: Talk) -> tuple[Conversation, ...]:
    pairs = [talk(f"Question {n}?", f"Answer {n}.") for n in range(1, 12)]
    return (*pairs, talk("Hi", "Hello!", "Tell me more", "Gladly.", tag="greeting", weight=2))


@pytest.fixture
def path(tmp_path: Path, dozen: tuple[Conversation, ...]) -> Path:
    file = tmp_path / "data" / "persona.json"
    file.parent.mkdir()
    file.write_bytes(dump(dozen))
    return file


@pytest.fixture
def store(path: Path) -> ConversationStore:
    return ConversationStore(path)
