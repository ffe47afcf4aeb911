"""Tokens and figures as the lab spells them, so that a person can see every one."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from chatbot.training.token_text import bytes_of

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

_SIGNS: Mapping[str, str] = {" ": "·", "\n": "↵", "\t": "→", "\r": "␍", "\u00a0": "⍽"}
_UNSEEN = re.compile(
    "[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)

_SCALES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0)
"""Shares that the longest bar may stand for: a few, so that bars can be compared while one slides.
"""


def readable(
    tokenizer: "PreTrainedTokenizerFast", ids: Sequence[int], *, running: bool = False
) -> list[str]:
    """Each token with signs for blanks, line ends and control characters; bytes that are no whole
    character as ⟨E2 9C⟩. Ids beyond the tokenizer (padding of the weights) are named by number.

    Args:
        running: they are shown as a running text: blanks and line ends stay what they are.
    """
    known = len(tokenizer)
    parts = iter(bytes_of(tokenizer, [number for number in ids if number < known]))
    return [_spelled(next(parts), running) if n < known else f"(unused {n})" for n in ids]


def _spelled(part: bytes, running: bool) -> str:
    if not part:
        return "(nothing)"
    text, rest = "", part
    while rest:
        try:
            text, rest = text + rest.decode("utf-8"), b""
        except UnicodeDecodeError as error:
            broken = rest[error.start : error.end]
            text += rest[: error.start].decode("utf-8") + f"⟨{broken.hex(' ').upper()}⟩"
            rest = rest[error.end :]
    kept = " \n\t" if running else ""
    spelled = "".join(_SIGNS.get(a, a) if a not in kept else a for a in text)
    return _UNSEEN.sub(
        lambda found: found[0] if found[0] in kept else f"U+{ord(found[0]):04X}", spelled
    )


def percent(share: float) -> str:
    """`31 %`, `2.4 %`, `0.03 %`, `below 0.01 %`; never `100 %` for less than all."""
    value = 100 * share
    if value == 0:
        return "0 %"
    if value < 0.01:
        return "< 0.01 %"
    if value < 0.995:
        return f"{value:.2f} %"
    if value < 9.95:
        return f"{value:.1f} %"
    if share < 1 and value >= 99.5:
        return f"{min(value, 99.9):.1f} %"
    return f"{value:.0f} %"


def tokens_counted(number: int) -> str:
    return "1 token" if number == 1 else f"{number:,} tokens"


def scale_for(largest: float) -> float:
    """The share that a bar of full width stands for."""
    return next((scale for scale in _SCALES if largest <= scale), 1.0)
