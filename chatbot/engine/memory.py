"""What the model has read, kept as keys and values: one growing cache, and those of a few chats.

Everything that is kept was computed in the fixed pieces of `Prompt`, so that it holds the same
bits whatever was asked before: an answer can't depend on whether its chat was remembered.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence

import torch
from transformers import Cache
from transformers.cache_utils import DynamicLayer

LARGEST_PIECE = 256
"""Tokens computed in one go: what one long prompt can make the other chats wait for."""
MOST_CONVERSATIONS = 8
MOST_TOKENS = 32_768
"""Kept for all chats together; 0.75 GB for SmolLM2 in bfloat16 (23 KB a token)."""
_ROOM = 128
"""Tokens by which a buffer is rounded up."""


def split(pieces: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """The pieces as they are computed: long ones cut at multiples of `LARGEST_PIECE`."""
    return [
        piece[start : start + LARGEST_PIECE]
        for piece in pieces
        for start in range(0, len(piece), LARGEST_PIECE)
    ]


class Reading:
    """One conversation as the model has read it: its pieces, and a cache for the library."""

    def __init__(self, layers: int) -> None:
        self.cache = Cache(layers=[_GrowingLayer() for _ in range(layers)])
        self.pieces: list[tuple[int, ...]] = []

    @property
    def tokens(self) -> int:
        """How many tokens the complete pieces have."""
        return sum(map(len, self.pieces))

    def keep_common(self, pieces: Sequence[tuple[int, ...]]) -> int:
        """Forget all from the first piece that differs; returns how many pieces are left."""
        count = 0
        for mine, wanted in zip(self.pieces, pieces, strict=False):
            if mine != wanted:
                break
            count += 1
        del self.pieces[count:]
        self.forget_unfinished()
        return count

    def forget_unfinished(self) -> None:
        """Forget what was read beyond the complete pieces, such as the words of an answer."""
        tokens = self.tokens
        for layer in self._layers():
            layer.keep(tokens)

    @property
    def room(self) -> int:
        """Tokens that the buffers take up, used or not."""
        return max((layer.capacity for layer in self._layers()), default=0)

    def _layers(self) -> "Iterator[_GrowingLayer]":
        for layer in self.cache.layers:
            assert isinstance(layer, _GrowingLayer)
            yield layer


class Readings:
    """The last few conversations, by key. Belongs to one thread; the oldest are forgotten."""

    def __init__(self, layers: int) -> None:
        self._layers = layers
        self._kept: OrderedDict[str, Reading] = OrderedDict()

    def take(self, conversation: str) -> Reading:
        """Take a conversation out, so that nobody else can use it meanwhile; new if unknown."""
        return self._kept.pop(conversation, None) or Reading(self._layers)

    def give_back(self, conversation: str, reading: Reading) -> None:
        """Keep it; without a key it is dropped."""
        if not conversation:
            return
        self._kept[conversation] = reading
        self._kept.move_to_end(conversation)
        while self._kept and (
            len(self._kept) > MOST_CONVERSATIONS
            or sum(kept.room for kept in self._kept.values()) > MOST_TOKENS
        ):
            self._kept.popitem(last=False)

    def __contains__(self, conversation: str) -> bool:
        return conversation in self._kept

    def clear(self) -> None:
        self._kept.clear()


class _GrowingLayer(DynamicLayer):
    """Keys and values of one layer in a buffer with room: a token is added without a copy of all.

    Stored as (tokens, heads, width) and shown as (1, heads, tokens, width), so that the memory
    layout of a token does not depend on the size of the buffer.
    """

    def __init__(self) -> None:
        super().__init__()
        self._key_buffer: torch.Tensor | None = None
        self._value_buffer: torch.Tensor | None = None
        self._length = 0

    @property
    def capacity(self) -> int:
        return 0 if self._key_buffer is None else int(self._key_buffer.shape[0])

    def update(
        self,
        key_states: torch.Tensor,
        value_states: torch.Tensor,
        *args: object,
        **kwargs: object,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Add the keys and values of new tokens, (1, heads, new, width); returns all of them."""
        start, end = self._length, self._length + key_states.shape[2]
        if end > self.capacity:
            self._key_buffer = _grown(self._key_buffer, key_states, start, end)
            self._value_buffer = _grown(self._value_buffer, value_states, start, end)
        assert self._key_buffer is not None
        assert self._value_buffer is not None
        self._key_buffer[start:end] = key_states[0].transpose(0, 1)
        self._value_buffer[start:end] = value_states[0].transpose(0, 1)
        self.is_initialized = True
        self._show(end)
        assert self.keys is not None
        assert self.values is not None
        return self.keys, self.values

    def get_seq_length(self) -> int:
        return self._length

    def keep(self, length: int) -> None:
        """Forget all but the first `length` tokens."""
        if length < self._length:
            self._show(length)

    def _show(self, length: int) -> None:
        assert self._key_buffer is not None
        assert self._value_buffer is not None
        self._length = length
        self.keys = self._key_buffer[:length].transpose(0, 1).unsqueeze(0)
        self.values = self._value_buffer[:length].transpose(0, 1).unsqueeze(0)


def _grown(
    buffer: torch.Tensor | None, states: torch.Tensor, used: int, needed: int
) -> torch.Tensor:
    """A larger buffer with the first `used` tokens of the old one."""
    capacity = -(-max(needed, used + used // 2) // _ROOM) * _ROOM
    larger = states.new_empty((capacity, states.shape[1], states.shape[3]))
    if buffer is not None:
        larger[:used] = buffer[:used]
    return larger
