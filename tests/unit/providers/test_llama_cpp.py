"""The seam against a real server of the protocol: llama.cpp, serving the embedded SmolLM2."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chatbot.engine import embedded
from chatbot.engine.sampling import SamplingParams
from chatbot.messages import user
from chatbot.providers import Provider, ProviderSettings
from tests.unit.provider_server import until
from tests.unit.providers import smollm_gguf

GREEDY = SamplingParams(temperature=0.0, max_new_tokens=12, seed=1)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not embedded.is_installed():
        pytest.skip("the embedded model is not installed: python -m chatbot.engine.embedded")
    import xllamacpp

    path: Path = tmp_path_factory.mktemp("gguf") / "smollm2.gguf"
    params: Any = xllamacpp.CommonParams()
    params.model.path = str(smollm_gguf.write(embedded.folder(), path))
    params.n_parallel = 1
    params.n_ctx = 512
    params.cpuparams.n_threads = 1
    params.warmup = False
    params.port = 0  # a free one
    server = xllamacpp.Server(params)
    yield f"{server.listening_address}/v1"
    del server
    path.unlink()


def test_llama_cpp_answers_streams_stops_and_counts(address: str) -> None:
    provider = Provider(ProviderSettings("own", address, "smollm2", timeout=60))
    answer = provider.stream([user("What is the capital of France?")], GREEDY)
    pieces = [chunk.text for chunk in answer]
    assert len(pieces) > 3
    assert "Paris" in answer.text
    made = answer.receipt
    assert made is not None
    assert made.finish in ("end", "length")
    assert made.new_tokens is not None
    assert 3 < made.new_tokens <= 12
    assert made.prompt_tokens is not None
    until(lambda: provider.spending.used == made.tokens)

    long = SamplingParams(temperature=0.0, max_new_tokens=400)
    stopped = provider.stream([user("Tell me a long story about the sea.")], long)
    next(stopped)
    stopped.stop()
    assert list(stopped) == []
    assert stopped.receipt is not None
    assert stopped.receipt.finish == "stopped"
    # Its end would hold Python's lock, and wait for the thread that has yet to hang up.
    until(lambda: "asking a provider" not in {each.name for each in threading.enumerate()})
