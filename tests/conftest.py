"""Fixtures for all tests: a home of one's own, and two tiny real models made on the spot."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

# Before torch and huggingface_hub are imported, here or in a subprocess of a test.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

    from chatbot.engine.families import Family

SENTENCES = (
    "Hello! Who are you?",
    "I am a lighthouse keeper, and I like tea, rain and old radios.",
    "What do you like to read on a quiet evening?",
    "Mostly letters. They smell of salt, and nobody expects an answer before spring.",
    "Tell me a joke, please.",
    "Why did the gull bring a suitcase? It wanted to take off.",
    "Good night, and thank you for talking to me.",
    "user assistant system you your the and that this with what where when how",
)
WINDOW = 256
"""Tokens the tiny models can see; small, so that a test reaches the edge."""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh CHATBOT_HOME with empty data/ and models/."""
    folder = tmp_path / "home"
    for name in ("data", "models"):
        (folder / name).mkdir(parents=True)
    monkeypatch.setenv("CHATBOT_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def tiny_tokenizer() -> "PreTrainedTokenizerFast":
    """Byte-level BPE of about 400 tokens with the ChatML markers; any text can be encoded."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    from chatbot.engine.templates import CHATML_TEMPLATE

    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator(SENTENCES * 4, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token="<|im_start|>",
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        unk_token="<|endoftext|>",
        model_max_length=WINDOW,
        clean_up_tokenization_spaces=False,
    )
    tokenizer.chat_template = CHATML_TEMPLATE
    return tokenizer


@pytest.fixture(scope="session")
def tiny_gpt2(
    tiny_tokenizer: "PreTrainedTokenizerFast", tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder with a real GPT2LMHeadModel: 2 layers, 32 wide, random weights. Read only."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(
        vocab_size=len(tiny_tokenizer),
        n_positions=WINDOW,
        n_embd=32,
        n_layer=2,
        n_head=4,
        initializer_range=0.4,  # spread-out logits: no near-ties that rounding could decide
        bos_token_id=tiny_tokenizer.bos_token_id,
        eos_token_id=tiny_tokenizer.eos_token_id,
        pad_token_id=tiny_tokenizer.pad_token_id,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        model = GPT2LMHeadModel(config)
    return _saved(model, tiny_tokenizer, tmp_path_factory.mktemp("models") / "tiny-gpt2")


@pytest.fixture(scope="session")
def tiny_llama(
    tiny_tokenizer: "PreTrainedTokenizerFast", tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder with a real LlamaForCausalLM: 2 layers, 32 wide, grouped heads. Read only."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=len(tiny_tokenizer),
        max_position_embeddings=WINDOW,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        initializer_range=0.4,
        tie_word_embeddings=True,
        bos_token_id=tiny_tokenizer.bos_token_id,
        eos_token_id=tiny_tokenizer.eos_token_id,
        pad_token_id=tiny_tokenizer.pad_token_id,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        model = LlamaForCausalLM(config)
    return _saved(model, tiny_tokenizer, tmp_path_factory.mktemp("models") / "tiny-llama")


@pytest.fixture(scope="session")
def family_model(
    tiny_tokenizer: "PreTrainedTokenizerFast", tmp_path_factory: pytest.TempPathFactory
) -> Callable[["Family"], Path]:
    """Makes a folder with a real model of a family: 2 layers, 32 wide, random weights."""
    made: dict[Family, Path] = {}

    def make(family: "Family") -> Path:
        if family not in made:
            made[family] = _family_model(
                family, tiny_tokenizer, tmp_path_factory.mktemp("families") / f"tiny-{family}"
            )
        return made[family]

    return make


def _family_model(family: "Family", tokenizer: "PreTrainedTokenizerFast", folder: Path) -> Path:
    import torch
    from transformers import CONFIG_MAPPING

    from chatbot.engine.families import KIN, class_of

    settings: dict[str, object] = {
        "vocab_size": len(tokenizer),
        KIN[family].window_key: WINDOW,
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "initializer_range": 0.4,
        "init_std": 0.4,
        "intermediate_size": 64,
        "ffn_dim": 64,
        "word_embed_proj_dim": 32,
    }
    if family in ("llama", "qwen2", "qwen3"):
        settings |= {"num_key_value_heads": 2, "head_dim": 8, "tie_word_embeddings": True}
    config = CONFIG_MAPPING[family](**settings)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        model = class_of(family)(config)
    return _saved(model, tokenizer, folder)


def _saved(model: object, tokenizer: "PreTrainedTokenizerFast", folder: Path) -> Path:
    model.eval().save_pretrained(folder)  # type: ignore[attr-defined]
    tokenizer.save_pretrained(folder)
    return folder
