"""Whether the turns of a conversation can be learned from, and the mends that are safe."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from chatbot.dataset.findings import Finding
from chatbot.messages import Conversation, Message

_SPEAKERS = {"user": "the user", "assistant": "the bot", "system": "the system text"}


def findings(conversation: Conversation) -> list[Finding]:
    """What is wrong with its turns; without a row."""
    messages = conversation.messages
    if not messages:
        return [_error("It has no turns.", "Write a question and an answer.", kind="no-turns")]
    found = [
        _error(
            f"Turn {number} ({_SPEAKERS[message.role]}) is empty.",
            "Write it or delete the turn.",
            mend="empty",
            kind="empty-turn",
        )
        for number, message in enumerate(messages, start=1)
        if not message.text.strip()
    ]
    found += _order(messages)
    if not any(message.role == "assistant" for message in messages):
        found.append(
            _error("The bot says nothing in it.", "Add an answer of the bot.", kind="no-answer")
        )
    elif messages[-1].role != "assistant":
        found.append(
            Finding(
                "warning",
                None,
                f"It ends with {_SPEAKERS[messages[-1].role]}, not with the bot.",
                "Add the bot's answer or delete the last turn: only answers are learned.",
                mend="ending",
                kind="ending",
            )
        )
    return found


def _order(messages: Sequence[Message]) -> Iterator[Finding]:
    """The system text first, then the user and the bot in turn: the first place where it breaks."""
    expected = "user"
    for number, message in enumerate(messages, start=1):
        if message.role == "system":
            if number == 1:
                continue
            yield _error(
                f"Turn {number} is a system text.", "Only the first turn may be one.", kind="order"
            )
            return
        if message.role != expected:
            twice = number > 1 and messages[number - 2].role == message.role
            who = _SPEAKERS[message.role]
            yield _error(
                f"Turn {number} is {who} speaking twice in a row."
                if twice
                else f"It begins with {who}, not with the user.",
                "Put the turns in order: the user and the bot speak in turn, the user first.",
                mend="twice" if twice else "beginning",
                kind="order",
            )
            return
        expected = "assistant" if expected == "user" else "user"


def _error(message: str, remedy: str, *, mend: str = "", kind: str) -> Finding:
    return Finding("error", None, message, remedy, mend, kind)


# --- mends ------------------------------------------------------------------------------------


def without_empty_turns(conversation: Conversation) -> Conversation | None:
    """None where no turn would be left."""
    return _with(conversation, [m for m in conversation.messages if m.text.strip()])


def joined(conversation: Conversation) -> Conversation | None:
    """What one speaker says in several turns in a row, as one turn."""
    joined_turns = []
    for _, turns in groupby(conversation.messages, key=lambda message: message.role):
        first, *more = turns
        words = "\n".join(filter(str.strip, (first.text, *(m.text for m in more))))
        joined_turns.append(replace(first, text=words) if more else first)
    return _with(conversation, joined_turns)


def ended_by_the_bot(conversation: Conversation) -> Conversation | None:
    """Without what comes after the bot's last answer."""
    messages = list(conversation.messages)
    while messages and messages[-1].role != "assistant":
        messages.pop()
    return _with(conversation, messages)


def begun_by_the_user(conversation: Conversation) -> Conversation | None:
    """Without what comes before the user's first turn, but for a system text at the very beginning;
    None where the user says nothing."""
    messages = conversation.messages
    system = [m for m in messages[:1] if m.role == "system"]
    rest = list(messages[len(system) :])
    while rest and rest[0].role != "user":
        rest.pop(0)
    return _with(conversation, [*system, *rest] if rest else [])


def _with(conversation: Conversation, messages: Sequence[Message]) -> Conversation | None:
    if not messages:
        return None
    if tuple(messages) == conversation.messages:
        return conversation
    return replace(conversation, messages=tuple(messages))
