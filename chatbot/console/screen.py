"""How the console looks: colours where wanted, an answer as it comes, what made it."""

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from chatbot.services import ServiceReceipt

if TYPE_CHECKING:
    from chatbot.chat_bot import Reply
    from chatbot.engine.receipts import Receipt

PROMPT, ANSWER = "You: ", "Bot: "
_STYLES = {"name": "1;36", "aside": "2", "trouble": "31"}


def wants_colour(stream: TextIO) -> bool:
    """Only at a terminal that knows colours, and not where somebody asked for none
    (https://no-color.org)."""
    plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    return stream.isatty() and not plain


@dataclass(frozen=True)
class Screen:
    """Prints to standard output; troubles go to standard error."""

    colour: bool = False

    def styled(self, text: str, style: str) -> str:
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self.colour and text else text

    def say(self, lines: Iterable[str]) -> None:
        """Something about the chat, not of it."""
        for line in lines:
            print(self.styled(visible(line), "aside"))

    def trouble(self, error: object) -> None:
        print(self.styled(visible(str(error)), "trouble"), file=sys.stderr)

    def answer(self, reply: "Reply") -> None:
        """Print an answer as it comes, and then what made it. Whatever interrupts it stops it."""
        try:
            print(self.styled(ANSWER, "name"), end="", flush=True)
            for chunk in reply:
                print(visible(chunk.text), end="", flush=True)
            print()
        finally:
            reply.stop()
        if reply.receipt is not None:
            self.say([f"     [{in_short(reply.receipt)}]"])
            print()


def visible(text: str) -> str:
    """Without what would command the terminal: a model or a file may write such things."""
    return "".join(letter for letter in text if letter in "\n\t" or letter.isprintable())


def in_short(receipt: "Receipt | ServiceReceipt") -> str:
    """What made an answer, in a line."""
    if isinstance(receipt, ServiceReceipt):
        return f"{receipt.source}. {receipt.note}" if receipt.note else receipt.source
    left_out = f", {receipt.left_out} oldest messages left out" if receipt.left_out else ""
    return (
        f"{receipt.model} {receipt.hash}, seed {receipt.seed}, "
        f"{receipt.tokens_per_second:.0f} tokens/s{left_out}"
    )
