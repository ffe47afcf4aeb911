"""What a model sees of a conversation: its tokens after the chat template, those that are learned,
and where training would cut it. Needs a model's tokenizer and config, never its weights."""

import json
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from chatbot.engine import catalog, checkpoints
from chatbot.engine.catalog import ModelEntry
from chatbot.engine.families import KIN
from chatbot.engine.prompts import TrainingExample, tokenise_conversation
from chatbot.errors import BadInput, ChatbotError
from chatbot.messages import Conversation, Message
from chatbot.training import data
from chatbot.training.config import TrainingConfig
from chatbot.training.telling import Telling
from chatbot.training.token_text import bytes_of, pieces
from chatbot.training.weighing import telling_tokens

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

Kind = Literal["user", "assistant", "system", "template", "end"]
"""Whose words a token holds; "template" writes role markers and the like, "end" ends a turn."""

LONGEST = TrainingConfig.max_length
"""Tokens of a conversation that training reads where nobody chose another number."""
MOST_READERS = 4
_DROPPED = "\ufdd0"
"""A character that the renderer leaves out (engine/shapes)."""
_PROBE = re.compile(rb"\xee\x80\x80\d+\xee\x80\x81")


@dataclass(frozen=True, slots=True)
class Token:
    """One token as the model reads it.

    Attributes:
        text: what it stands for; single bytes of a character as ⟨E2 9C⟩.
        turn: the turn, from 1, whose words it holds; 0 for the template's own.
        trained: whether the model learns to say it.
        part_of: the characters that it holds only a part of, else "".
        telling: whether it is learned and belongs to a word that tells what was asked for.
    """

    id: int
    text: str
    kind: Kind
    turn: int
    trained: bool
    part_of: str = ""
    telling: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """A conversation in tokens.

    Attributes:
        limit: tokens of it that training would read at most.
        cut: index of the first token that training would not read; None where it reads all.
        kept: how many turns training would read; 0 where it leaves the conversation out.
    """

    tokens: tuple[Token, ...]
    limit: int
    cut: int | None
    kept: int

    @property
    def learned(self) -> int:
        """Tokens that are learned, those behind the cut not counted."""
        return sum(token.trained for token in self.tokens[: self.cut])


class Reader:
    """Reads conversations as a model of the catalog does. For several threads."""

    def __init__(self, entry: ModelEntry) -> None:
        self.entry = entry
        self._lock = threading.Lock()
        self._tokenizer: PreTrainedTokenizerFast | None = None

    @cached_property
    def window(self) -> int:
        """Tokens that the model can see.

        Raises:
            BadInput: its config can't be read.
        """
        folder = _config_folder(self.entry)
        kin = KIN[self.entry.family]
        try:
            config = json.loads((folder / "config.json").read_text("utf-8"))
            return int(config.get(kin.window_key, kin.usual_window))
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise _damaged(self.entry, error) from error

    @property
    def tokenizer(self) -> "PreTrainedTokenizerFast":
        """The model's tokenizer; the first call loads it, and the libraries where need be.

        Raises:
            BadInput: it can't be read.
        """
        with self._lock:
            if self._tokenizer is None:
                self._tokenizer = _load(self.entry)
            return self._tokenizer

    def limit(self, max_length: int = LONGEST) -> int:
        """Tokens of a conversation that training reads, `max_length` being its setting."""
        return min(max_length, self.window)

    def look(
        self,
        conversation: Conversation,
        max_length: int = LONGEST,
        telling: Telling | None = None,
    ) -> Seen:
        """The conversation in tokens, exactly those that training reads.

        Args:
            telling: finds the telling words among them; None looks for none.

        Raises:
            BadInput: it has no turns, the template refuses their order, or the model is damaged.
        """
        tokenizer, limit = self.tokenizer, self.limit(max_length)
        example = tokenise_conversation(tokenizer, conversation.messages)
        tokens = tuple(_tokens(tokenizer, conversation.messages, example))
        if telling is not None:
            told = set(telling_tokens(tokenizer, telling, conversation, example))
            tokens = tuple(replace(t, telling=n in told) for n, t in enumerate(tokens))
        read = data.tokenise(tokenizer, [conversation], limit)
        if not read.examples:
            return Seen(tokens, limit, 0, 0)
        if not read.cut:
            return Seen(tokens, limit, None, len(conversation.messages))
        kept = turns_kept(
            lambda messages: len(tokenise_conversation(tokenizer, messages).ids),
            conversation.messages,
            limit,
        )
        return Seen(tokens, limit, len(read.examples[0].ids), kept)


def reader_of(name_or_path: str | Path) -> Reader:
    """The reader of a model by catalog name or folder; a new one when its files have changed.

    Raises:
        NotAvailable, BadInput: there is no such model, or it is damaged.
    """
    entry = catalog.resolve(name_or_path)
    key = (entry.name, *_signature(entry))
    with _making:
        reader = _readers.pop(key, None) or Reader(entry)
        _readers[key] = reader
        while len(_readers) > MOST_READERS:
            del _readers[next(iter(_readers))]
    return reader


def turns_kept(
    length: Callable[[Sequence[Message]], int], messages: Sequence[Message], limit: int
) -> int:
    """How many turns training reads: all, or those up to the last answer that fits, or none.

    Args:
        length: tokens of these messages.
    """
    if length(messages) <= limit:
        return len(messages)
    fitting = (end for end in reversed(ends(messages)) if length(messages[:end]) <= limit)
    return next(fitting, 0)


def ends(messages: Sequence[Message]) -> list[int]:
    """The numbers of turns after which training may cut: each answer's own."""
    return [n for n, message in enumerate(messages, start=1) if message.role == "assistant"]


_readers: dict[tuple[object, ...], Reader] = {}
_making = threading.Lock()


def _tokens(
    tokenizer: "PreTrainedTokenizerFast", messages: Sequence[Message], example: TrainingExample
) -> Iterator[Token]:
    parts = bytes_of(tokenizer, example.ids)
    spans = _spans(tokenizer, messages, b"".join(parts))
    control = {number for number, token in tokenizer.added_tokens_decoder.items() if token.special}
    learned = {i for i, trained in zip(example.ids, example.trained, strict=True) if trained}
    ending = (control & learned) | {tokenizer.eos_token_id}
    position = 0
    for number, trained, piece in zip(example.ids, example.trained, pieces(parts), strict=True):
        while position < len(spans) and spans[position][1] <= piece.start:
            position += 1
        turn = 0
        kind: Kind = "template"
        if number in control:
            kind = "end" if number in ending else "template"
        elif position < len(spans) and spans[position][0] < piece.end:
            turn, kind = position + 1, messages[position].role
        elif not spans and trained:
            kind = "assistant"
        yield Token(number, piece.text, kind, turn, trained, piece.part_of)


def _spans(
    tokenizer: "PreTrainedTokenizerFast", messages: Sequence[Message], text: bytes
) -> list[tuple[int, int]]:
    """Where each turn's words stand in the text, in bytes.

    Found by rendering the same turns with other words: what stands between those is the template's.
    Empty where the template writes something else for other words.
    """
    probes = [Message(m.role, f"\ue000{n}\ue001") for n, m in enumerate(messages)]
    rendered = tokenise_conversation(tokenizer, probes)
    frames = _PROBE.split(b"".join(bytes_of(tokenizer, rendered.ids)))
    if len(frames) != len(messages) + 1 or not text.startswith(frames[0]):
        return []
    spans, position = [], len(frames[0])
    for message, frame in zip(messages, frames[1:], strict=True):
        plain = message.text.encode("utf-8", "replace").decode("utf-8").replace(_DROPPED, "")
        forms = (plain, plain.rstrip(), plain.lstrip(), plain.strip())
        words = (form.encode() for form in forms)
        found = next((w for w in words if text.startswith(w + frame, position)), None)
        if found is None:
            return []
        spans.append((position, position + len(found)))
        position += len(found) + len(frame)
    return spans if position == len(text) else []


def _load(entry: ModelEntry) -> "PreTrainedTokenizerFast":
    from chatbot.engine.loading import load_tokenizer

    try:
        return load_tokenizer(entry)
    except ChatbotError:
        raise
    except Exception as error:  # whatever a damaged folder makes the libraries raise
        raise _damaged(entry, error) from error


def _damaged(entry: ModelEntry, error: Exception) -> BadInput:
    return BadInput(
        f"The tokenizer of {entry.title} can't be read.",
        value=str(error).strip().partition("\n")[0],
        remedy="Download or save the checkpoint again, or choose another model.",
    )


def _config_folder(entry: ModelEntry) -> Path:
    return entry.path if entry.base is None else catalog.resolve(entry.base).path


def _signature(entry: ModelEntry) -> Iterator[tuple[str, int, int]]:
    """Path, size and time of change of the small files that decide how it reads."""
    folders = {_config_folder(entry), entry.path}
    if (tokenizer := checkpoints.tokenizer_folder(entry.path)) is not None:
        folders.add(tokenizer)
    for folder in sorted(folders):
        for path in sorted(folder.iterdir()):
            if path.suffix in (".json", ".jinja", ".txt") and path.is_file():
                status = path.stat()
                yield str(path), status.st_size, status.st_mtime_ns
