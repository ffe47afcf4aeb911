"""GGUF files that somebody brings: each family as it was, and nothing senseless gets through."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch

from chatbot.engine.device import Placement
from chatbot.engine.families import Family
from chatbot.engine.generation import Engine
from chatbot.engine.loading import load
from chatbot.engine.sampling import SamplingParams
from chatbot.errors import BadInput
from chatbot.fetching import gguf_files
from chatbot.fetching.bringing import bring
from chatbot.messages import user
from tests.unit.engine.gguf_files import write_gguf
from tests.unit.fetching import gguf_of

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

FLOAT32 = Placement("cpu", "float32", "for a test")


@pytest.mark.parametrize("family", ["gpt2", "qwen2", "qwen3"])
def test_a_model_comes_back_from_gguf_as_it_was(
    family: Family,
    family_model: Callable[[Family], Path],
    tiny_tokenizer: "PreTrainedTokenizerFast",
    home: Path,
    tmp_path: Path,
) -> None:
    source = family_model(family)
    pre = "gpt-2" if family == "gpt2" else "qwen2"
    gguf = gguf_of.write(source, tiny_tokenizer, tmp_path / "mine.gguf", pre=pre)
    entry = bring(gguf)
    assert (entry.name, entry.family) == ("mine", family)
    before, after = load(source, FLOAT32), load(entry.name, FLOAT32)
    expected: Any = before.model.state_dict()
    for name, value in after.model.state_dict().items():
        assert torch.equal(value, expected[name].bfloat16().float()), name
    text = "Hello! I like tea, 2024 radios.\n\nnée"
    assert after.tokenizer.encode(text) == before.tokenizer.encode(text)
    with torch.no_grad():
        before.model.load_state_dict(after.model.state_dict())
    said = []
    for loaded in (before, after):
        engine = Engine(loaded)
        params = SamplingParams(temperature=0, max_new_tokens=12)
        said.append([t.id for c in engine.stream([user("Who?")], params) for t in c.tokens])
        engine.close()
    assert said[0] == said[1]


def test_llama_alone_in_a_zip(
    tiny_tokenizer: "PreTrainedTokenizerFast", home: Path, tmp_path: Path
) -> None:
    import zipfile

    gguf = write_gguf(tmp_path / "l.gguf", tiny_tokenizer)
    with zipfile.ZipFile(tmp_path / "l.zip", "w") as archive:
        archive.write(gguf, "some/l.gguf")
    entry = bring(tmp_path / "l.zip", name="packed")
    assert entry.family == "llama"
    load("packed", FLOAT32)


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"arch": "bert"}, "kind that can't be converted"), ({"pre": "tekken"}, "cuts texts")],
)
def test_kinds_that_are_not_converted(
    tiny_gpt2: Path,
    tiny_tokenizer: "PreTrainedTokenizerFast",
    home: Path,
    tmp_path: Path,
    changes: dict[str, str],
    said: str,
) -> None:
    gguf = gguf_of.write(tiny_gpt2, tiny_tokenizer, tmp_path / "x.gguf", **changes)
    with pytest.raises(BadInput, match=said):
        bring(gguf)
    assert list((home / "models").iterdir()) == []


def test_a_family_that_is_not_allowed_is_told_from_the_header(
    tiny_gpt2: Path,
    tiny_tokenizer: "PreTrainedTokenizerFast",
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Before room is asked for, the library opens it, or a tensor is looked at."""
    monkeypatch.setattr("gguf.GGUFReader", None)
    monkeypatch.setattr("chatbot.fetching.bringing.SPARE", 10**18)
    path = gguf_of.write(tiny_gpt2, tiny_tokenizer, tmp_path / "x.gguf", arch="bert")
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(BadInput, match="kind that can't be converted") as error:
        bring(path)
    assert error.value.value == "bert"


def test_the_header_counts_what_is_there(
    tiny_tokenizer: "PreTrainedTokenizerFast", tmp_path: Path
) -> None:
    gguf = write_gguf(tmp_path / "l.gguf", tiny_tokenizer)
    header = gguf_files.header_of(gguf)
    assert header.tensors == 2 * 9 + 2
    assert "llama.context_length" in header.fields
    gguf.write_bytes(gguf.read_bytes()[:-500])
    with pytest.raises(BadInput, match="cut off"):
        gguf_files.header_of(gguf)
