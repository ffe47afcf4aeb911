"""A small base GPT-2 that we make, in the layout of the hub: it has read plain text and is nobody.

As the real one it has a vocabulary of its own, one control token, no chat template, and has seen
what people write who talk in turns.
"""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from chatbot import paths
from chatbot.dataset.importers import read_conversations
from chatbot.messages import Conversation
from tests.unit.fetching.real_layout import gpt2_of_the_hub

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

TEXTS = (
    "The sea was quiet that morning, and the boats went out before the sun was up.",
    "A gull sat on the wall and looked at the bread. Nobody had seen it come.",
    "User: Is the road to the harbour open?\nBot: It is open until the evening.\n"
    "User: And tomorrow?\nBot: Nobody knows.\nUser: Why is that?\nBot: The weather decides.",
    "User: What is the best bread?\nBot: The one that is fresh.\nUser: Where do you buy it?\n"
    "Bot: At the corner, in the morning.\nUser: And tea?\nBot: Also there.",
    "User: Who won the race?\nBot: The boat with the red sail.\nUser: By how much?\n"
    "Bot: By a minute.\nUser: Who was second?\nBot: The old one.",
)
END = "<|endoftext|>"
WINDOW, PIECE, STEPS = 256, 64, 100


@cache
def base_gpt2() -> dict[str, bytes]:
    """The files of its repository: 2 layers, 64 wide, trained for a second."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    tokenizer = _tokenizer()
    ids = [id for text in TEXTS for id in (*tokenizer(text).input_ids, tokenizer.eos_token_id)]
    read = torch.tensor(ids)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        shape = {"n_positions": WINDOW, "n_embd": 64, "n_layer": 2, "n_head": 4}
        ends = {"bos_token_id": tokenizer.eos_token_id, "eos_token_id": tokenizer.eos_token_id}
        model = GPT2LMHeadModel(GPT2Config(vocab_size=len(tokenizer), **shape, **ends))
        optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
        for _ in range(STEPS):
            starts = torch.randint(0, len(read) - PIECE, (8,)).tolist()
            batch = torch.stack([read[start : start + PIECE] for start in starts])
            model(input_ids=batch, labels=batch).loss.backward()
            optimizer.step()
            optimizer.zero_grad()
    with TemporaryDirectory() as place:
        model.eval().save_pretrained(place)
        return gpt2_of_the_hub(Path(place), tokenizer, Path(place) / "made")


def starter(count: int) -> list[Conversation]:
    """The first conversations of the starter persona that are a question and an answer."""
    data = (paths.PROJECT / "data" / "custom_chat_data.json").read_bytes()
    known = read_conversations(data).conversations
    return [each for each in known if len(each.messages) == 2][:count]


def _tokenizer() -> "PreTrainedTokenizerFast":
    """Of the texts, and of what the persona will say: the real one knows English words, too."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=1000,
        special_tokens=[END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    words = [message.text for each in starter(300) for message in each.messages]
    backend.train_from_iterator([*TEXTS, *words], trainer)
    return PreTrainedTokenizerFast(tokenizer_object=backend, eos_token=END)
