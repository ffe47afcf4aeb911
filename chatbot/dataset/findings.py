"""What the doctor says of a conversation or of the whole set."""

from dataclasses import dataclass, replace
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend. `row` counts from 1; None speaks of the whole set.

    An "error" can't be learned from as it stands; a "warning" makes the result worse.

    Attributes:
        mend: a key of `MENDS` where one click mends it, else "".
        kind: what findings of this sort have in common, a key of `KINDS`; "" for what an import
            says of a row.
    """

    severity: Severity
    row: int | None
    message: str
    remedy: str
    mend: str = ""
    kind: str = ""

    def at(self, row: int) -> "Finding":
        return replace(self, row=row)


KINDS: dict[str, str] = {
    "set": "The set as a whole",
    "no-turns": "Without a turn",
    "empty-turn": "Empty turns",
    "order": "Turns out of order",
    "no-answer": "The bot says nothing",
    "ending": "Not ended by the bot",
    "copy": "Word for word the same",
    "near-copy": "Nearly the same",
    "contradiction": "Contradictions",
    "too-long": "Longer than training reads",
    "long-answer": "Very long answers",
    "short-answer": "Answers that say nothing",
    "language": "Mixed languages",
    "markers": "Marks of a chat template",
    "markup": "Leftover markup",
    "rubble": "Letters turned to rubble",
    "lost": "Lost letters",
    "unseen": "Characters that nobody sees",
    "place": "Places not filled in",
    "key": "Passwords and keys",
    "mail": "E-mail addresses",
    "phone": "Phone numbers",
    "link": "Links",
}
"""Title of every kind, the gravest first."""
