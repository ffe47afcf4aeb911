"""What tokens stand for: the bytes behind each id, even where it holds a part of a character."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

_BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")
"""How a vocabulary of word pieces spells a byte that no piece of it holds."""
_SPACE = "\u2581"
"""How it spells a space."""
_THIN = "\u2009"
"""A thin space, which nobody takes for one of the text."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One token's part of the text.

    Attributes:
        text: its characters; bytes that are not a whole character stand in ⟨E2 9C⟩.
        start, end: its place in the text, in bytes of UTF-8.
        part_of: the characters that it cuts through; "" where it holds whole ones.
    """

    text: str
    start: int
    end: int
    part_of: str = ""


def bytes_of(tokenizer: "PreTrainedTokenizerFast", ids: Sequence[int]) -> list[bytes]:
    """What each id stands for, as UTF-8; joined they are the text that was tokenised.

    Exact for byte-level vocabularies (GPT-2, SmolLM2, Llama 3); those of word pieces may show one
    space more at the start.
    """
    from tokenizers import decoders

    added = tokenizer.added_tokens_decoder
    of_bytes = isinstance(tokenizer.backend_tokenizer.decoder, decoders.ByteLevel)
    result = []
    for number, name in zip(ids, tokenizer.convert_ids_to_tokens(list(ids)), strict=True):
        if number in added:
            result.append(added[number].content.encode("utf-8", "replace"))
        elif of_bytes:
            result.append(_spelled_in_bytes(name))
        elif found := _BYTE.fullmatch(name):
            result.append(bytes.fromhex(found[1]))
        else:
            result.append(name.replace(_SPACE, " ").encode("utf-8", "replace"))
    return result


def pieces(parts: Sequence[bytes]) -> list[Piece]:
    """The tokens' bytes as text, each with its place."""
    whole = b"".join(parts)
    result, start = [], 0
    for part in parts:
        end = start + len(part)
        result.append(_piece(whole, start, end))
        start = end
    return result


def _piece(whole: bytes, start: int, end: int) -> Piece:
    if not _inside(whole, start) and not _inside(whole, end):
        return Piece(whole[start:end].decode("utf-8", "replace"), start, end)
    first, last = start, end
    while first < end and _inside(whole, first):
        first += 1
    while last > first and _inside(whole, last):
        last -= 1
    text = (
        _hexadecimal(whole[start:first])
        + whole[first:last].decode("utf-8", "replace")
        + _hexadecimal(whole[last:end])
    )
    left, right = start, end
    while _inside(whole, left):
        left -= 1
    while _inside(whole, right):
        right += 1
    return Piece(text, start, end, whole[left:right].decode("utf-8", "replace"))


def _inside(whole: bytes, position: int) -> bool:
    """Whether a character is going on there: UTF-8's later bytes begin with the bits 10."""
    return 0 < position < len(whole) and whole[position] & 0xC0 == 0x80


def _hexadecimal(part: bytes) -> str:
    return f"⟨{part.hex(' ').upper().replace(' ', _THIN)}⟩" if part else ""


def _spelled_in_bytes(name: str) -> bytes:
    known = _byte_of_letter()
    return bytes(known[letter] for letter in name if letter in known)


@cache
def _byte_of_letter() -> dict[str, int]:
    """GPT-2's spelling of bytes (Radford et al. 2019): visible characters of Latin-1 stand for
    themselves, the other bytes in order for the characters from 256 on."""
    visible = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in visible]
    spelled = {chr(byte): byte for byte in visible}
    return spelled | {chr(256 + place): byte for place, byte in enumerate(others)}
