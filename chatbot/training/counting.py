"""How many tokens conversations have: many at once, and exactly as training counts them."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from chatbot.engine.prompts import tokenise_conversation
from chatbot.engine.templates import CHATML_TEMPLATE, MARK_END, MARK_START, PLAIN_TEMPLATE
from chatbot.errors import BadInput
from chatbot.messages import Message
from chatbot.training.seen import ends, turns_kept

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

Messages = Sequence[Message]

_UNUSUAL = "\ufdd0"
"""A character that the renderer treats apart (engine/shapes)."""


class TokenCounter:
    """Counts with one tokenizer.

    Where its template is one of our own two, texts are put together here and tokenised in one
    batch, six times as fast as one by one. A conversation that the renderer treats apart (it
    spells out a control token, or holds half a character) is counted one by one, and so is
    everything with another template.
    """

    def __init__(self, tokenizer: "PreTrainedTokenizerFast") -> None:
        from tokenizers import Tokenizer

        self._tokenizer = tokenizer
        self._template = str(tokenizer.get_chat_template())
        self._eos = str(tokenizer.special_tokens_map.get("eos_token") or "")
        self._backend: Tokenizer = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
        self._backend.no_truncation()
        self._backend.no_padding()
        self._line_break = len(self._backend.encode("\n", add_special_tokens=False))
        names = [token.content for token in tokenizer.added_tokens_decoder.values()]
        self._control = tuple(name for name in names if name and not name.isspace())
        self._first_letters = sorted({name[0] for name in self._control})

    def counts(self, conversations: Sequence[Messages]) -> list[int]:
        """Tokens of each; 0 where it has no turns or the template refuses it."""
        texts = [self._text(messages) for messages in conversations]
        quick = [text for text in texts if text is not None]
        encoded = iter(self._backend.encode_batch_fast(quick, add_special_tokens=False))
        return [
            self._exactly(messages) if text is None else len(next(encoded))
            for messages, text in zip(conversations, texts, strict=True)
        ]

    def kept(self, conversations: Sequence[Messages], limit: int) -> list[int]:
        """How many turns of each training reads where only `limit` tokens fit; see `turns_kept`.

        For conversations that are longer.
        """
        split = [self._split(messages) for messages in conversations]
        parts = [part for parts in split for part in parts or ()]
        encoded = iter(self._backend.encode_batch_fast(parts, add_special_tokens=False))
        result = []
        for messages, own in zip(conversations, split, strict=True):
            if own is None:
                result.append(turns_kept(self._exactly, messages, limit))
                continue
            sums = list(accumulate(len(next(encoded)) for _ in own))
            fitting = bisect_right(sums, limit - self._line_break)
            result.append(ends(messages)[fitting - 1] if fitting else 0)
        return result

    def _split(self, messages: Messages) -> list[str] | None:
        """The text in parts that end with an answer's end token, which nothing reaches across.

        Both templates write a line break behind it. None where that is not sure.
        """
        end = MARK_END if self._template == CHATML_TEMPLATE else self._eos
        if end not in self._control or self._text(messages) is None:
            return None
        parts, start = [], 0
        for stop in ends(messages):
            text = ("\n" if start else "") + (self._text(messages[start:stop]) or "")
            parts.append(text.removesuffix("\n"))
            start = stop
        return parts

    def _exactly(self, messages: Messages) -> int:
        try:
            return len(tokenise_conversation(self._tokenizer, messages).ids)
        except BadInput:
            return 0

    def _text(self, messages: Messages) -> str | None:
        """What the template writes; None where only the renderer knows."""
        if not messages or any(self._apart(message.text) for message in messages):
            return None
        if self._template == CHATML_TEMPLATE:
            return "".join(f"{MARK_START}{m.role}\n{m.text}{MARK_END}\n" for m in messages)
        if self._template == PLAIN_TEMPLATE:
            return "".join(f"{self._plain(message)}\n" for message in messages)
        return None

    def _plain(self, message: Message) -> str:
        if message.role == "user":
            return f"User: {message.text}"
        return f"Bot: {message.text}{self._eos}" if message.role == "assistant" else message.text

    def _apart(self, text: str) -> bool:
        if any(letter in text for letter in self._first_letters) and any(
            name in text for name in self._control
        ):
            return True
        if text.isascii():
            return False
        try:
            text.encode()
        except UnicodeEncodeError:
            return True
        return _UNUSUAL in text
