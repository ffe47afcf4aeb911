"""A new GPT-2 from nothing: word pieces made from the conversations, and random weights."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from chatbot.engine.templates import CHATML_TEMPLATE, MARK_END, MARK_START
from chatbot.messages import Conversation
from chatbot.training.config import TrainingConfig

if TYPE_CHECKING:
    import torch
    from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

PADDING = "<|endoftext|>"
LONGEST_WAVE = 1000.0
POSITION_SIZE = 0.05
"""Amplitude of the positions at the start; token embeddings begin with a deviation of 0.02."""
SMALLEST_WINDOW = 512
"""Tokens that a new model can see at least, however short the conversations are."""


def window(config: TrainingConfig) -> int:
    """Tokens that the new model will see."""
    return max(SMALLEST_WINDOW, config.max_length)


def parameters(config: TrainingConfig) -> int:
    """Weights of the new model: embeddings (tied with the output), and 12 width² a layer."""
    width = config.scratch_width
    layer = 12 * width**2 + 13 * width
    return (config.scratch_vocab + window(config) + 2) * width + config.scratch_layers * layer


def train_tokenizer(
    conversations: Sequence[Conversation], config: TrainingConfig
) -> "PreTrainedTokenizerFast":
    """A byte-level BPE (as GPT-2's) of these conversations' words; any text can be encoded.

    The same conversations give the same tokenizer, byte for byte.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=config.scratch_vocab,
        special_tokens=[PADDING, MARK_START, MARK_END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator(_texts(conversations), trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token=MARK_START,
        eos_token=MARK_END,
        pad_token=PADDING,
        unk_token=PADDING,
        model_max_length=window(config),
        clean_up_tokenization_spaces=False,
    )
    tokenizer.chat_template = CHATML_TEMPLATE
    return tokenizer


def new_model(config: TrainingConfig, tokenizer: "PreTrainedTokenizerFast") -> "GPT2LMHeadModel":
    """A GPT-2 of the configured shape with random weights, drawn from the global generator.

    Its positions begin as sinusoids (Vaswani et al. 2017, section 3.5) and are learned from there:
    "three words ago" then looks alike all over the window, where random positions would have to
    learn it for each place, which a few hundred steps don't. Without dropout, whose random numbers
    cost time on a processor.
    """
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    model = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=len(tokenizer),
            n_positions=window(config),
            n_embd=config.scratch_width,
            n_layer=config.scratch_layers,
            n_head=config.scratch_heads,
            activation_function="gelu_pytorch_tanh",  # GPT-2's own, in one fused operation
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    positions: Any = model.transformer.wpe.weight
    with torch.no_grad():
        positions.copy_(sinusoids(*positions.shape))
    return model


def sinusoids(count: int, width: int) -> "torch.Tensor":
    """(count, width): pairs of sine and cosine, wavelengths from 2π to 2π · `LONGEST_WAVE`."""
    import torch

    pairs = (width + 1) // 2
    places = torch.arange(count, dtype=torch.float32)[:, None]
    speeds = LONGEST_WAVE ** -(torch.arange(pairs, dtype=torch.float32) / pairs)
    waves = torch.stack([torch.sin(places * speeds), torch.cos(places * speeds)], dim=2)
    return POSITION_SIZE * waves.flatten(1)[:, :width]


def _texts(conversations: Iterable[Conversation]) -> list[str]:
    roles = ["user\n", "assistant\n", "system\n"]
    return roles + [message.text for c in conversations for message in c.messages]
