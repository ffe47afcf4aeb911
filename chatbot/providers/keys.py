"""Keys of providers: held for this process only, and shown by nothing that prints them."""

import os
from collections.abc import Mapping
from typing import Any, NoReturn

from chatbot.errors import BadInput

NAMES: Mapping[str, str] = {
    "openai": "OPENAI_API_KEY",
    "gemini": "GEMINI_API_KEY",
    "own": "PROVIDER_API_KEY",
}
"""Environment variables, by the kind of provider. A key goes to its own provider only: a server
of one's own never gets OpenAI's."""
LONGEST = 1_000
HIDDEN = "(hidden)"


class Key:
    """A key that no print, log, copy to disk or `asdict` shows; only `reveal` does.

    Raises:
        BadInput: it has characters that no key has, such as those of a broken paste.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str = "") -> None:
        text = text.strip()
        if len(text) > LONGEST or not text.isascii() or not text.isprintable() or " " in text:
            raise BadInput(
                "This is not a key: it is too long, or has blanks or special characters in it.",
                remedy="Copy it once more from the provider's page.",
            )
        self._text = text

    def reveal(self) -> str:
        return self._text

    def hide_in(self, text: str) -> str:
        """The text without the key."""
        return text.replace(self._text, HIDDEN) if self._text else text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return f"Key{HIDDEN if self else '()'}"

    __str__ = __repr__

    def __copy__(self) -> "Key":
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "Key":
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("A key is not written anywhere.")


def key_from_environment(kind: str, secrets: Mapping[str, object] | None = None) -> Key:
    """The key under the provider's usual name; an empty one where there is none.

    Args:
        secrets: what `.streamlit/secrets.toml` says; looked at after the environment.

    Raises:
        BadInput: what stands there is no key.
    """
    name = NAMES.get(kind, "")
    found = os.environ.get(name) or (secrets or {}).get(name)
    return Key(found) if isinstance(found, str) else Key()
