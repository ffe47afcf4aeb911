"""What a reader of a format gives: one row after the other, taken or left out, with the reason."""

from dataclasses import dataclass

from chatbot.messages import Conversation

SHOWN = 120
"""Characters of a left-out row that are shown."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a file.

    Args:
        number: where it begins, from 1: the element of a list, the line of a text, the row of a
            table (the header is row 1).
        conversation: what was taken; None where the row is left out.
        reason: why it was left out, one sentence for people.
        remedy: what they can do about it.
        text: how the left-out row begins.
        remarks: what was converted, or is in the row and not taken, a sentence each.
    """

    number: int
    conversation: Conversation | None
    reason: str = ""
    remedy: str = ""
    text: str = ""
    remarks: tuple[str, ...] = ()


def left_out(number: int, reason: str, remedy: str = "", text: object = "") -> Row:
    """A row that can't be taken; `text` is cut to what is shown."""
    shown = " ".join(str(text).split())
    if len(shown) > SHOWN:
        shown = shown[: SHOWN - 1] + "…"
    return Row(number, None, reason, remedy, shown)
