"""What an edit did to the list of conversations: applied, turned round, and named for people."""

from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.messages import Conversation

_TITLE_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Edit:
    """One conversation at `index`: added (no `before`), deleted (no `after`) or replaced."""

    index: int
    before: Conversation | None
    after: Conversation | None

    def inverse(self) -> "Edit":
        return Edit(self.index, self.after, self.before)

    def apply(self, conversations: list[Conversation]) -> None:
        if self.before is None and self.after is not None:
            conversations.insert(self.index, self.after)
        elif self.after is None:
            del conversations[self.index]
        else:
            conversations[self.index] = self.after

    def follow(self, index: int) -> int | None:
        """Where the conversation at `index` stands after this edit; None where it was deleted."""
        if self.before is None:
            return index + 1 if index >= self.index else index
        if self.after is None:
            if index == self.index:
                return None
            return index - 1 if index > self.index else index
        return index


@dataclass(frozen=True, slots=True)
class Swap:
    """The whole list replaced: names of the stored versions before and after."""

    before: str
    after: str

    def inverse(self) -> "Swap":
        return Swap(self.after, self.before)


Change = Edit | Swap


def title(conversation: Conversation) -> str:
    """What a conversation is called in lists: the first thing that the user says in it."""
    spoken = [m for m in conversation.messages if m.text.strip()]
    asked = [m for m in spoken if m.role == "user"]
    if not spoken:
        return "Empty conversation"
    text = " ".join((asked or spoken)[0].text.split())
    return text if len(text) <= _TITLE_LENGTH else text[: _TITLE_LENGTH - 1].rstrip() + "…"


def label_of(edit: Edit) -> str:
    """What an edit did, as one says it: 'Edited “Who are you?”'."""
    if edit.before is None:
        assert edit.after is not None
        return "New conversation" if _blank(edit.after) else f"Added “{title(edit.after)}”"
    if edit.after is None:
        return f"Deleted “{title(edit.before)}”"
    before, after = edit.before.messages, edit.after.messages
    named = f"“{title(edit.after if _blank(edit.before) else edit.before)}”"
    if len(after) > len(before):
        return f"Added a turn to {named}"
    if len(after) < len(before):
        return f"Deleted a turn of {named}"
    if before != after and _sorted(before) == _sorted(after):
        return f"Moved a turn of {named}"
    return f"Edited {named}"


def _sorted(messages: Sequence[object]) -> list[str]:
    return sorted(map(repr, messages))


def _blank(conversation: Conversation) -> bool:
    return not any(message.text.strip() for message in conversation.messages)


def first_difference(before: Sequence[Conversation], after: Sequence[Conversation]) -> int | None:
    """The first index at which two lists differ, within the second; None where they don't."""
    for index, (old, new) in enumerate(zip(before, after, strict=False)):
        if old is not new and old != new:
            return index
    if len(before) == len(after) or not after:
        return None
    return min(len(before), len(after) - 1)
