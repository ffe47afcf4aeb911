"""What is wrong with a set of conversations, said so that a layperson can mend it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from chatbot.dataset import ailments
from chatbot.messages import Conversation, Message, Role

Severity = Literal["error", "warning"]

FEWEST = 20
"""Below this many conversations a fine-tune learns single sentences instead of a voice."""

_SPEAKERS = {"user": "the user", "assistant": "the bot", "system": "the system text"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend. `row` counts from 1; None speaks of the whole set.

    An "error" can't be learned from as it stands; a "warning" makes the result worse. `mend` is
    the key of the ailment where one click mends it.
    """

    severity: Severity
    row: int | None
    message: str
    remedy: str
    mend: str = ""


def check(
    conversations: Sequence[Conversation], rows: Sequence[int] | None = None
) -> list[Finding]:
    """All findings, in the order of the rows, those of the whole set first.

    Args:
        rows: the row numbers to report, where they are not simply 1, 2, 3, ...
    """
    findings = list(_of_the_set(conversations))
    first_of: dict[tuple[Message, ...], int] = {}
    first_alike: dict[tuple[tuple[Role, str], ...], int] = {}
    for position, conversation in enumerate(conversations):
        row = rows[position] if rows else position + 1
        findings += of_one(conversation, row)
        earlier = first_of.setdefault(conversation.messages, row)
        if earlier != row and any(message.text.strip() for message in conversation.messages):
            findings.append(
                Finding(
                    "warning",
                    row,
                    f"It is the same as conversation {earlier}, word for word.",
                    "Delete one of them: what stands twice is learned twice as strongly.",
                )
            )
            continue
        letters = tuple((message.role, _letters(message.text)) for message in conversation.messages)
        alike = first_alike.setdefault(letters, row)
        if alike != row and any(words for _, words in letters):
            findings.append(
                Finding(
                    "warning",
                    row,
                    f"It is the same as conversation {alike} but for signs and capitals.",
                    "Delete one of them, or ask in other words.",
                )
            )
    return findings


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def of_one(conversation: Conversation, row: int) -> list[Finding]:
    """The findings that one conversation shows by itself."""
    messages = conversation.messages
    if not messages:
        return [Finding("error", row, "It has no turns.", "Write a question and an answer.")]
    findings = [
        Finding(
            "error",
            row,
            f"Turn {number} ({_SPEAKERS[message.role]}) is empty.",
            "Write it or delete the turn.",
        )
        for number, message in enumerate(messages, start=1)
        if not message.text.strip()
    ]
    findings += _order(messages, row)
    if not any(message.role == "assistant" for message in messages):
        findings.append(
            Finding("error", row, "The bot says nothing in it.", "Add an answer of the bot.")
        )
    elif messages[-1].role != "assistant":
        findings.append(
            Finding(
                "warning",
                row,
                f"It ends with {_SPEAKERS[messages[-1].role]}, not with the bot.",
                "Add the bot's answer or delete the last turn: only answers are learned.",
            )
        )
    return [*findings, *_of_the_words(conversation, row)]


def _of_the_words(conversation: Conversation, row: int) -> Iterator[Finding]:
    for number, key in ailments.of_conversation(conversation):
        ailment = ailments.AILMENTS[key]
        said = f"Turn {number} {ailment.says}"
        yield Finding("warning", row, said, ailment.remedy, key if ailment.mended else "")
    for number, message in enumerate(conversation.messages, start=1):
        if message.role == "assistant" and len(message.text) > ailments.LONGEST_ANSWER:
            yield Finding(
                "warning",
                row,
                f"Turn {number} is very long ({len(message.text):,} characters).",
                "The bot learns to go on like this; shorten it, or split it into several turns.",
            )


def _of_the_set(conversations: Sequence[Conversation]) -> Iterator[Finding]:
    if not conversations:
        yield Finding("error", None, "There are no conversations.", "Write some or upload a file.")
    elif len(conversations) < FEWEST:
        yield Finding(
            "warning",
            None,
            "One conversation is very little."
            if len(conversations) == 1
            else f"{len(conversations)} conversations are very few.",
            f"Write at least {FEWEST}; a hundred and more give the bot a voice of its own.",
        )


def _order(messages: Sequence[Message], row: int) -> Iterator[Finding]:
    """The system text first, then the user and the bot in turn: the first place where it breaks."""
    expected = "user"
    for number, message in enumerate(messages, start=1):
        if message.role == "system":
            if number == 1:
                continue
            yield Finding(
                "error", row, f"Turn {number} is a system text.", "Only the first turn may be one."
            )
            return
        if message.role != expected:
            who = _SPEAKERS[message.role]
            yield Finding(
                "error",
                row,
                f"Turn {number} is {who} speaking twice in a row."
                if number > 1 and messages[number - 2].role == message.role
                else f"It begins with {who}, not with the user.",
                "Put the turns in order: the user and the bot speak in turn, the user first.",
            )
            return
        expected = "assistant" if expected == "user" else "user"
