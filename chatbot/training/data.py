"""From conversations to batches: what is usable, what is held out, tokens, and packing.

Knows nothing about models; torch is needed by `collate` alone.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatbot import paths
from chatbot.dataset.examining import letters_of
from chatbot.dataset.importers import read_conversations
from chatbot.dataset.store import settle
from chatbot.engine.prompts import TrainingExample, tokenise_conversation
from chatbot.errors import BadInput, NotAvailable
from chatbot.messages import Conversation, Message

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

FEWEST = 2
"""Conversations below which there is nothing to learn but one text by heart."""
FEWEST_TO_HOLD_OUT = 10
"""Different conversations below which none can be spared for measuring."""
MOST_HELD_OUT = 64
"""Held-out conversations measure well enough at this number; more only take time."""
GRAIN = 32
"""Rows and labels are filled up to a multiple of it, so that few shapes occur. Measured on a small
GPT-2: a third less time, half the memory."""
GRAINS_A_ROW = 16
"""At least, and less than twice as many: the grains of long rows are coarser. What a run over
10,000 conversations holds at most, 64 a step: 1.6 GB, and 2.0 GB where all grains are equal."""
IGNORED = -100
"""The label of a position that is not learned; PyTorch's cross-entropy skips it."""


Weigh = Callable[[Conversation, TrainingExample], TrainingExample]
"""Gives the example of a conversation its weights."""


def unweighed(_: Conversation, example: TrainingExample) -> TrainingExample:
    """All tokens count alike."""
    return example


@dataclass(frozen=True)
class Source:
    """A data set as it was read. `usable` leaves out rows without a word of the bot."""

    data: bytes
    version: str
    usable: tuple[Conversation, ...]
    unusable: int


@dataclass(frozen=True)
class Split:
    """`repeated` counts copies, exact or near, that were left out: none is on both sides."""

    train: tuple[Conversation, ...]
    held_out: tuple[Conversation, ...]
    repeated: int


@dataclass(frozen=True)
class Tokenised:
    """`cut`: conversations that lost turns at their end; `left_out`: whose first turns don't fit;
    `refused`: that the model's chat template can't render."""

    examples: tuple[TrainingExample, ...]
    cut: int = 0
    left_out: int = 0
    refused: int = 0

    @property
    def tokens(self) -> int:
        return sum(len(example.ids) for example in self.examples)

    @property
    def trained_tokens(self) -> int:
        return sum(sum(example.trained) for example in self.examples)


def dataset_file(dataset: str) -> Path:
    """The file of a `TrainingConfig.dataset`; "" is the persona that the editor shows."""
    if dataset:
        return Path(dataset).expanduser()
    own = paths.dataset_path()
    return own if own.exists() else paths.shipped_dataset_path()


def read(dataset: str) -> Source:
    """Read the conversations to train on.

    Raises:
        NotAvailable: there is no such file.
        BadInput: it can't be read, or there is not enough in it to learn from.
        OutOfResources: edits that wait to be written find the disk full.
    """
    path = dataset_file(dataset)
    settle(path)
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise NotAvailable(
            "There is no such file of conversations.",
            value=str(path),
            remedy="Choose another one, or write some on the page Dataset.",
        ) from error
    except OSError as error:
        raise BadInput(
            f"The conversations can't be read: {error.strerror}.", value=str(path)
        ) from error
    return source_of(data, path.name)


def source_of(data: bytes, name: str) -> Source:
    """The conversations in these bytes.

    Raises:
        BadInput: they can't be read, or there is not enough to learn from.
    """
    result = read_conversations(data, name)
    unreadable = [problem for problem in result.problems if problem.severity == "error"]
    usable = tuple(c for c in result.conversations if _has_an_answer(c.messages))
    unusable = len(unreadable) + len(result.conversations) - len(usable)
    different = len({c.messages for c in usable})
    if different < FEWEST:
        raise BadInput(
            "There is nothing to learn from: no conversation has an answer of the bot."
            if not usable
            else "There is only one conversation, which would merely be learned by heart.",
            value=name,
            remedy="Write more conversations on the page Dataset; twenty are a start, "
            "a hundred give the bot a voice.",
        )
    return Source(data, hashlib.sha256(data).hexdigest(), usable, unusable)


def split(
    conversations: Sequence[Conversation],
    held_out: float,
    seed: int,
    learned: Sequence[Conversation] = (),
) -> Split:
    """Hold out a share of the different conversations, chosen by seed and text alone.

    Order and unrelated edits of the data set don't change who is held out. Copies, also those
    that differ in signs, spaces and capitals alone, go where their original goes, and only once
    into the held-out part.

    Args:
        learned: some of the conversations that are not held out, nor are their copies.
    """
    train_order = list(conversations)
    all_letters = [_letters(conversation) for conversation in train_order]
    originals: dict[object, Conversation] = {}
    for letters, conversation in zip(all_letters, train_order, strict=True):
        known = originals.get(letters)
        if known is None or _lot(conversation, seed) < _lot(known, seed):
            originals[letters] = conversation
    if held_out <= 0 or len(originals) < FEWEST_TO_HOLD_OUT:
        return Split(tuple(train_order), (), 0)
    count = min(MOST_HELD_OUT, max(1, round(held_out * len(originals))))
    kept = {_letters(conversation) for conversation in learned}
    spared = [c for letters, c in originals.items() if letters not in kept]
    chosen = sorted(spared, key=lambda c: _lot(c, seed))[:count]
    apart = {_letters(c) for c in chosen}
    train = tuple(
        c for letters, c in zip(all_letters, train_order, strict=True) if letters not in apart
    )
    repeated = len(train_order) - len(train) - len(chosen)
    return Split(train, tuple(chosen), repeated)


def _letters(conversation: Conversation) -> object:
    """Equal for conversations that are the same but for signs, spaces and capitals."""
    return tuple((m.role, letters_of(m.text) or m.text.strip()) for m in conversation.messages)


def tokenise(
    tokenizer: "PreTrainedTokenizerFast",
    conversations: Sequence[Conversation],
    max_length: int,
    weigh: Weigh = unweighed,
) -> Tokenised:
    """Tokens of each conversation; one that is too long ends after the last answer that fits."""
    examples: list[TrainingExample] = []
    cut = left_out = refused = 0
    for conversation in conversations:
        ends = [
            number
            for number, message in enumerate(conversation.messages, start=1)
            if message.role == "assistant"
        ]
        try:
            example = tokenise_conversation(tokenizer, conversation.messages)
        except BadInput:
            refused += 1
            continue
        whole = len(example.ids) <= max_length
        while len(example.ids) > max_length and ends:
            example = tokenise_conversation(tokenizer, conversation.messages[: ends.pop()])
        if len(example.ids) > max_length or not any(example.trained[1:]):
            left_out += 1
            continue
        cut += not whole
        examples.append(weigh(conversation, example))
    return Tokenised(tuple(examples), cut, left_out, refused)


def collate(examples: Sequence[TrainingExample]) -> dict[str, Any]:
    """Pack whole conversations into one row, without padding, ready for the model.

    The row and its labels are filled up to whole grains, by tokens that belong to nobody and
    learn nothing: processors prepare a matrix product anew for each shape, and keep it.

    Returns:
        input_ids, position_ids: (1, T); positions begin at 0 in each conversation, which is how
            the models' attention tells them apart, and at every `GRAIN` tokens of what fills the
            row, so that they stay within any model's window.
        logits_to_keep: (N,) the positions whose next token is learned; logits are made there only.
        labels: (1, N + 1) those next tokens, after one ignored label at the front: the Trainer
            counts a causal model's labels from the second on.
        weights: (N,) how much each of those tokens counts; only where an example has weights.
        lengths: tokens of each conversation, for attention that works one by one. Together they
            are less than T by what fills the row.
        use_cache: False; a key-value cache would switch off the separation.
    """
    import torch

    ids: list[int] = []
    keep: list[int] = []
    weights: list[float] = []
    lengths: list[int] = []
    for example in examples:
        start = len(ids)
        lengths.append(len(example.ids))
        ids += example.ids
        learned = [i for i, learn in enumerate(example.trained) if learn and i > 0]
        keep += [start + i - 1 for i in learned]
        weights += [example.weights[i] if example.weights else 1.0 for i in learned]
    labels = [IGNORED, *(ids[position + 1] for position in keep)]
    filler = _missing(len(ids))
    ids += ids[:1] * filler
    positions = [position for length in lengths for position in range(length)]
    positions += [position % GRAIN for position in range(filler)]
    filler = _missing(len(keep))
    keep += [0] * filler
    weights += [0.0] * filler
    labels += [IGNORED] * filler
    weighed = any(example.weights for example in examples)
    return {
        "input_ids": torch.tensor([ids]),
        "position_ids": torch.tensor([positions]),
        "logits_to_keep": torch.tensor(keep),
        "labels": torch.tensor([labels]),
        "lengths": tuple(lengths),
        "use_cache": False,
        **({"weights": torch.tensor(weights)} if weighed else {}),
    }


def _missing(length: int) -> int:
    """Positions to the next whole grain: of `GRAIN` or, if more, the power of two of which
    `GRAINS_A_ROW` to twice as many fit into the length."""
    next_power_of_two = 1 << length.bit_length()
    return -length % max(GRAIN, next_power_of_two // (2 * GRAINS_A_ROW))


def _has_an_answer(messages: Sequence[Message]) -> bool:
    return any(message.role == "assistant" and message.text.strip() for message in messages)


def _lot(conversation: Conversation, seed: int) -> str:
    text = "\0".join(f"{message.role}\1{message.text}" for message in conversation.messages)
    return hashlib.sha256(f"{seed}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()
