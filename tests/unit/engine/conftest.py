"""Engines on tiny models, and the real models of this checkout where they are installed."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatbot.engine.device import Placement
from chatbot.engine.generation import Engine, Generation
from chatbot.engine.loading import load

OpenEngine = Callable[..., Engine]


@pytest.fixture
def open_engine() -> Iterator[OpenEngine]:
    """Load a folder or a catalog name; closed after the test."""
    opened: list[Engine] = []

    def open_one(model: str | Path, dtype: str = "float32") -> Engine:
        engine = Engine(load(model, Placement("cpu", dtype, "for a test")))
        opened.append(engine)
        return engine

    yield open_one
    for engine in opened:
        engine.close()


@pytest.fixture(params=["tiny_gpt2", "tiny_llama"])
def tiny_model(request: pytest.FixtureRequest) -> Path:
    """Each tiny model in turn."""
    folder = request.getfixturevalue(request.param)
    assert isinstance(folder, Path)
    return folder


@pytest.fixture
def take() -> Callable[[Generation], tuple[list[int], list[float]]]:
    """Read an answer to its end: token ids and probabilities."""

    def take_all(generation: Generation) -> tuple[list[int], list[float]]:
        tokens = [token for chunk in generation for token in chunk.tokens]
        return [token.id for token in tokens], [token.probability for token in tokens]

    return take_all


@pytest.fixture
def tiny_engine(open_engine: OpenEngine, tiny_gpt2: Path) -> Engine:
    return open_engine(tiny_gpt2)
