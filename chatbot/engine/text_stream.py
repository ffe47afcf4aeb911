"""Tokens in, clean text out: no half characters, no half stop strings, and who said what."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

BROKEN = "\ufffd"
"""What a decoder writes for bytes that are no complete character (yet)."""
_LONGEST_WINDOW = 48
_CONTEXT = 8
"""Tokens that are decoded again and again, and those kept for context when that gets long."""


@dataclass(frozen=True)
class Alternative:
    """A token that could have come, with the model's own probability for it."""

    id: int
    text: str
    probability: float


@dataclass(frozen=True)
class Token:
    """A token of the answer. `probability` and `alternatives` (the best 5) are the model's own:
    temperature 1, before any setting."""

    id: int
    text: str
    probability: float
    alternatives: tuple[Alternative, ...]


@dataclass(frozen=True)
class Chunk:
    """A piece of an answer: text that is final, and the tokens it came with."""

    text: str
    tokens: tuple[Token, ...]


class TextStream:
    """Turns tokens into chunks whose texts, put together, are the answer.

    Blanks before the first word are left out. Text that may be the beginning of a stop string is
    held back until that is decided.

    Args:
        decode: ids to text, special tokens left out.
        stop_strings: texts that end the answer and don't belong to it.
    """

    def __init__(self, decode: Callable[[list[int]], str], stop_strings: Sequence[str]) -> None:
        self._decode = decode
        self._stops = tuple(stop_strings)
        self._window: list[int] = []
        self._settled = ""  # the text of the window so far, without a half character
        self._held = ""  # settled text that is not shown yet
        self._shown = 0  # length of the settled text before `_held`
        self._started = False
        self._waiting: list[tuple[int, Token]] = []  # with the position where their text begins
        self.ended_by = ""
        """The stop string that has come."""

    @property
    def ended(self) -> bool:
        return bool(self.ended_by)

    def stop_at(self, stop_strings: Sequence[str]) -> None:
        """Other texts end the answer from now on."""
        self._stops = tuple(stop_strings)

    def go_on_after(self, tokens: Sequence[int], text: str) -> None:
        """Nothing was pushed yet, but the answer has these tokens and this text already."""
        self._window = list(tokens[-_LONGEST_WINDOW:])
        self._settled = self._decode(self._window).removesuffix(BROKEN)
        self._started = bool(text)

    def push(self, token: Token) -> Chunk | None:
        """Add a token; returns what can be shown now."""
        self._waiting.append((self._shown + len(self._held), token))
        self._held += self._fresh_text(token.id)
        found = [(at, stop) for stop in self._stops if (at := self._held.find(stop)) >= 0]
        if found:
            at, self.ended_by = min(found)
            self._held = self._held[:at]
            return self._show(len(self._held))
        return self._show(len(self._held) - self._doubtful())

    def finish(self) -> Chunk | None:
        """The rest. Half a character at the very end is dropped."""
        if self.ended:
            return None
        chunk = self._show(len(self._held))
        rest = tuple(token for _, token in self._waiting)
        self._waiting.clear()
        if not rest:
            return chunk
        text, tokens = (chunk.text, chunk.tokens) if chunk else ("", ())
        return Chunk(text, tokens + rest)

    def _fresh_text(self, token_id: int) -> str:
        self._window.append(token_id)
        text = self._decode(self._window)
        settled = text.removesuffix(BROKEN)
        fresh = settled[len(self._settled) :]
        self._settled = settled
        if len(self._window) > _LONGEST_WINDOW and settled == text:
            self._window = self._window[-_CONTEXT:]
            self._settled = self._decode(self._window)
        return fresh

    def _doubtful(self) -> int:
        """How many characters at the end may be the beginning of a stop string."""
        longest = 0
        for stop in self._stops:
            for size in range(min(len(stop) - 1, len(self._held)), longest, -1):
                if self._held.endswith(stop[:size]):
                    longest = size
                    break
        return longest

    def _show(self, size: int) -> Chunk | None:
        text, self._held = self._held[:size], self._held[size:]
        self._shown += size
        if not self._started:
            text = text.lstrip()
            self._started = bool(text)
        if not text:
            return None
        tokens = tuple(token for start, token in self._waiting if start < self._shown)
        self._waiting = [pair for pair in self._waiting if pair[0] >= self._shown]
        return Chunk(text, tokens)
