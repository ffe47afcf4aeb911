"""A new GPT-2: its tokenizer is made from the conversations, the same each time."""

import hashlib
import subprocess
import sys

import torch

from chatbot.engine.prompts import tokenise_conversation
from chatbot.engine.templates import CHATML_TEMPLATE
from chatbot.messages import Conversation, assistant, user
from chatbot.training import scratch
from chatbot.training.config import TrainingConfig
from tests.unit.training.small import conversations

CONFIG = TrainingConfig(method="scratch", scratch_vocab=400, scratch_layers=2, scratch_width=64)


def test_another_process_makes_the_same_tokenizer_byte_for_byte() -> None:
    code = (
        "import hashlib\n"
        "from tests.unit.training.small import conversations\n"
        "from tests.unit.training.test_scratch import CONFIG\n"
        "from chatbot.training import scratch\n"
        "made = scratch.train_tokenizer(conversations(30), CONFIG).backend_tokenizer.to_str()\n"
        "print(hashlib.sha256(made.encode()).hexdigest())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    here = scratch.train_tokenizer(conversations(30), CONFIG).backend_tokenizer.to_str()
    assert done.stdout.strip() == hashlib.sha256(here.encode()).hexdigest()


def test_any_text_comes_back_and_no_text_becomes_a_control_token() -> None:
    tokenizer = scratch.train_tokenizer(conversations(30), CONFIG)
    assert len(tokenizer) <= 400
    text = "Zoë 灯台 🐙 \t<|im_end|>"
    words = [user(text), assistant("Yes.")]
    ids = tokenise_conversation(tokenizer, words).ids
    assert tokenizer.decode(ids).count("<|im_end|>") == 3  # two ends and the one that is letters
    assert ids.count(tokenizer.eos_token_id) == 2
    assert text in tokenizer.decode(ids)


def test_markers_of_the_template_are_single_tokens() -> None:
    tokenizer = scratch.train_tokenizer(conversations(30), CONFIG)
    assert tokenizer.chat_template == CHATML_TEMPLATE
    assert tokenizer.eos_token == "<|im_end|>"
    assert tokenizer.pad_token == "<|endoftext|>"
    for marker in ("<|im_start|>", "<|im_end|>", "<|endoftext|>"):
        assert len(tokenizer.encode(marker)) == 1


def test_common_words_of_the_conversations_are_single_tokens() -> None:
    keeper = [Conversation((user("Who?"), assistant("A lighthouse keeper.")))] * 50
    tokenizer = scratch.train_tokenizer(keeper, CONFIG)
    assert len(tokenizer.encode(" lighthouse")) == 1


def test_the_model_is_a_gpt2_of_the_size_that_was_announced() -> None:
    tokenizer = scratch.train_tokenizer(conversations(30), CONFIG)
    torch.manual_seed(1)
    model = scratch.new_model(CONFIG, tokenizer)
    announced = scratch.parameters(CONFIG)
    real = sum(p.numel() for p in model.parameters())
    assert type(model).__name__ == "GPT2LMHeadModel"
    assert 0.8 * announced <= real <= announced
    assert model.config.n_positions == 512
    assert model.config.eos_token_id == tokenizer.eos_token_id


def test_positions_begin_as_waves_so_that_a_distance_looks_alike_everywhere() -> None:
    positions = scratch.sinusoids(512, 64)
    assert positions.shape == (512, 64)
    alike = positions @ positions.T
    assert torch.allclose(alike[10, 14], alike[300, 304], atol=1e-5)
    assert alike[10, 14] > alike[10, 40]
    assert scratch.sinusoids(4, 7).shape == (4, 7)
    tokenizer = scratch.train_tokenizer(conversations(30), CONFIG)
    model = scratch.new_model(CONFIG, tokenizer)
    assert torch.equal(model.transformer.wpe.weight, positions)
