"""How the lab spells texts of tokens, so that a person can see all of them."""

import re
from collections.abc import Mapping

_SIGNS: Mapping[str, str] = {" ": "·", "\n": "↵", "\t": "→", "\r": "␍", "\u00a0": "⍽"}
_UNSEEN = re.compile(
    "[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)
_PART = "\ufffd"
"""What a decoder writes for bytes that are no whole character."""


def visible(token: str) -> str:
    """A token with signs for what nobody can see: blanks, line ends, control characters."""
    if not token:
        return "(nothing)"
    if token.strip(_PART) == "":
        return "(part of a character)"
    spelled = "".join(_SIGNS.get(letter, letter) for letter in token)
    return _UNSEEN.sub(lambda found: f"U+{ord(found[0]):04X}", spelled)


def counted(number: int, one: str) -> str:
    """`1 token`, `2,000 tokens`."""
    return f"1 {one}" if number == 1 else f"{number:,} {one}s"
