"""What is wrong with a set of conversations, said so that a layperson can mend it."""

from collections.abc import Iterator, Sequence

from chatbot.dataset.comparing import compare
from chatbot.dataset.examining import examine
from chatbot.dataset.findings import Finding
from chatbot.messages import Conversation

FEWEST = 20
"""Below this many conversations a fine-tune learns single sentences instead of a voice."""


def check(
    conversations: Sequence[Conversation], rows: Sequence[int] | None = None
) -> list[Finding]:
    """All findings, in the order of the rows, those of the whole set first.

    Args:
        rows: the row numbers to report, where they are not simply 1, 2, 3, ...
    """
    signs = [examine(conversation) for conversation in conversations]
    compared = compare(signs, rows)
    findings = list(of_the_set(len(conversations)))
    for index, sign in enumerate(signs):
        row = rows[index] if rows else index + 1
        findings += [f.at(row) for f in (*sign.findings, *compared.get(index, ()))]
    return findings


def of_the_set(conversations: int) -> Iterator[Finding]:
    """What so many conversations, whatever they are, suffer from."""
    if not conversations:
        yield Finding(
            "error",
            None,
            "There are no conversations.",
            "Write some or upload a file.",
            kind="set",
        )
    elif conversations < FEWEST:
        yield Finding(
            "warning",
            None,
            "One conversation is very little."
            if conversations == 1
            else f"{conversations} conversations are very few.",
            f"Write at least {FEWEST}; a hundred and more give the bot a voice of its own.",
            kind="set",
        )
