"""A new GPT-2 from nothing: word pieces made from the conversations, and random weights."""

from collections.abc import Iterable, Sequence
from itertools import cycle
from typing import TYPE_CHECKING

from chatbot.engine.templates import CHATML_TEMPLATE, MARK_END, MARK_START
from chatbot.messages import Conversation, Message
from chatbot.training.config import TrainingConfig

if TYPE_CHECKING:
    from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

PADDING = "<|endoftext|>"
_NO_MARKS = str.maketrans("", "", ".,;:!?'\"")
SMALLEST_WINDOW = 512
"""Tokens that a new model can see at least, however short the conversations are."""


def window(config: TrainingConfig) -> int:
    """Tokens that the new model will see."""
    return max(SMALLEST_WINDOW, config.max_length)


def joined(batch_size: int) -> tuple[int, ...]:
    """How a batch is read: half of the conversations one by one, the rest as longer chats.

    People ask one thing after the other. A new model that only ever saw short conversations, each
    from its first position, loses its words in the third turn.
    """
    apart = batch_size - batch_size // 2
    counts, rest = [1] * apart, batch_size - apart
    for size in cycle((2, 2, 3, 5)):
        if rest <= 0:
            return tuple(counts)
        counts.append(min(size, rest))
        rest -= size
    raise AssertionError  # the cycle has no end


def with_other_spellings(conversations: Sequence[Conversation]) -> list[Conversation]:
    """Each conversation, and once more with questions as people type them in a hurry.

    A model that has read nothing else does not know that "Who are you?" and "who are you" are the
    same question. The answers, which alone are learned, stay as they are.
    """
    both: list[Conversation] = []
    for conversation in conversations:
        both.append(conversation)
        hurried = tuple(_in_a_hurry(message) for message in conversation.messages)
        if hurried != conversation.messages:
            both.append(Conversation(hurried))
    return both


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

    Without dropout, whose random numbers cost time on a processor.
    """
    from transformers import GPT2Config, GPT2LMHeadModel

    return GPT2LMHeadModel(
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


def _in_a_hurry(message: Message) -> Message:
    if message.role != "user":
        return message
    plain = " ".join(message.text.lower().translate(_NO_MARKS).split())
    return Message("user", plain or message.text)


def _texts(conversations: Iterable[Conversation]) -> list[str]:
    roles = ["user\n", "assistant\n", "system\n"]
    return roles + [message.text for c in conversations for message in c.messages]
