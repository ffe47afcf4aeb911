"""A small real GGUF file, converted by us and by the library: the same model, the same tokens."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch

from chatbot.engine.gguf_conversion import convert
from tests.unit.engine.gguf_files import write_gguf

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


@pytest.fixture(scope="session")
def tiny_gguf(
    tiny_tokenizer: "PreTrainedTokenizerFast", tmp_path_factory: pytest.TempPathFactory
) -> Path:
    return write_gguf(tmp_path_factory.mktemp("gguf") / "tiny.gguf", tiny_tokenizer)


def test_it_is_the_model_that_the_library_reads(tiny_gguf: Path, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM, LlamaForCausalLM

    fractions: list[float] = []
    convert(tiny_gguf, tmp_path, fractions.append)
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    ours: Any = LlamaForCausalLM.from_pretrained(tmp_path, dtype=torch.bfloat16)
    theirs: Any = AutoModelForCausalLM.from_pretrained(
        tiny_gguf.parent, gguf_file=tiny_gguf.name, dtype=torch.float32
    )
    expected = theirs.state_dict()
    assert set(ours.state_dict()) == set(expected)
    for name, value in ours.state_dict().items():
        assert torch.equal(value, expected[name].to(torch.bfloat16)), name
    assert ours.config.rms_norm_eps == 1e-5
    assert ours.config.max_position_embeddings == 256
    assert ours.config.rope_parameters == theirs.config.rope_parameters
    assert ours.config.tie_word_embeddings


def test_its_tokenizer_splits_numbers_and_knows_the_marks(tiny_gguf: Path, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    convert(tiny_gguf, tmp_path, lambda _: None)
    tokenizer: Any = AutoTokenizer.from_pretrained(tmp_path)
    text = "Hello! 2024 🎉 née\n\n  x<|im_end|>"
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert tokenizer.tokenize("a 2024")[-4:] == ["2", "0", "2", "4"]
    assert tokenizer.encode("<|im_end|>") == [2] == [tokenizer.eos_token_id]
    assert (tokenizer.bos_token_id, tokenizer.pad_token_id) == (1, 2)
    assert "generation" in tokenizer.chat_template
