"""A hub on this machine with real small models in it, and a home to fetch them into."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chatbot.fetching import parts
from tests.unit.fetching.hub_server import Hub
from tests.unit.fetching.real_layout import gpt2_of_the_hub

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


@pytest.fixture(scope="session")
def repository(
    tiny_gpt2: Path,
    tiny_tokenizer: "PreTrainedTokenizerFast",
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, bytes]:
    """A small GPT-2 as the hub keeps GPT-2: its files, their names, the names of its tensors."""
    folder = tmp_path_factory.mktemp("hub") / "gpt2"
    return gpt2_of_the_hub(tiny_gpt2, tiny_tokenizer, folder)


@pytest.fixture
def hub(home: Path, repository: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """Asked instead of the real one. Holds `someone/tiny-gpt2`."""
    monkeypatch.setattr(parts, "PAUSES", (0.0, 0.0))
    for name in ("HF_HUB_OFFLINE", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with Hub({"someone/tiny-gpt2": repository}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        yield hub
