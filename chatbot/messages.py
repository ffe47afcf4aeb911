"""Messages and conversations, and the two vocabularies for who speaks.

Files say `human` and `gpt` (ShareGPT), models say `user` and `assistant`. Inside, only the second.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from chatbot.errors import BadInput

Role = Literal["system", "user", "assistant"]

ROLE_OF_SPEAKER: Mapping[str, Role] = {
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "assistant": "assistant",
    "bot": "assistant",
    "system": "system",
}
SPEAKER_OF_ROLE: Mapping[Role, str] = {"user": "human", "assistant": "gpt", "system": "system"}


@dataclass(frozen=True, slots=True)
class Message:
    role: Role
    text: str

    def to_chat(self) -> dict[str, str]:
        """The form that chat templates read."""
        return {"role": self.role, "content": self.text}


def user(text: str) -> Message:
    return Message("user", text)


def assistant(text: str) -> Message:
    return Message("assistant", text)


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation of the persona. `extra` holds what the file said beyond the turns."""

    messages: tuple[Message, ...]
    extra: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_sharegpt(cls, row: object) -> "Conversation":
        """Read `{"conversations": [{"from": ..., "value": ...}, ...]}`.

        Raises:
            BadInput: the row has another shape; the message names the turn.
        """
        if not isinstance(row, dict) or not isinstance(row.get("conversations"), list):
            raise BadInput(
                'This is not a conversation: a "conversations" list is missing.',
                value=row,
                remedy='Each row looks like {"conversations": [{"from": "human", "value": "Hi"}]}.',
            )
        turns = cast("list[object]", row["conversations"])
        messages = tuple(_message(turn, number) for number, turn in enumerate(turns, start=1))
        return cls(messages, {key: row[key] for key in row if key != "conversations"})

    def to_sharegpt(self) -> dict[str, Any]:
        turns = [{"from": SPEAKER_OF_ROLE[m.role], "value": m.text} for m in self.messages]
        return {"conversations": turns, **self.extra}


def _message(turn: object, number: int) -> Message:
    if not isinstance(turn, dict):
        raise BadInput(
            f"Turn {number} is not a message.",
            value=turn,
            remedy='A turn looks like {"from": "human", "value": "Hi"}.',
        )
    speaker, text = turn.get("from"), turn.get("value")
    role = ROLE_OF_SPEAKER.get(speaker.strip().lower()) if isinstance(speaker, str) else None
    if role is None:
        raise BadInput(
            f"Turn {number} does not say who speaks.",
            value=speaker,
            remedy='"from" must be "human" or "gpt".',
        )
    if not isinstance(text, str):
        raise BadInput(
            f"Turn {number} has no text.", value=text, remedy='"value" must be a text in quotes.'
        )
    return Message(role, text)
