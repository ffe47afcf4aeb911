"""One conversation being edited: what one can do to it, and how it meets the store.

Nothing here is lost: a save goes through where the conversation stands by now, or says that
somebody else changed it.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from chatbot.dataset.snapshot import Snapshot
from chatbot.dataset.store import ConversationStore
from chatbot.errors import BadInput, Conflict
from chatbot.messages import Conversation, Message, Role


def blank() -> Conversation:
    """A new conversation: a question and an answer to be written."""
    return Conversation((Message("user", ""), Message("assistant", "")))


def is_blank(conversation: Conversation) -> bool:
    return not any(message.text.strip() for message in conversation.messages)


def other_role(role: Role) -> Role:
    return "assistant" if role == "user" else "user"


def next_role(conversation: Conversation) -> Role:
    """Who speaks next."""
    last = conversation.messages[-1].role if conversation.messages else "assistant"
    return other_role(last)


@dataclass(frozen=True, slots=True)
class Draft:
    """A conversation that is being edited.

    Attributes:
        index, version: where it stood, and in which version of the file.
        base: what stood there: what a save expects to find.
        conversation: what the editor shows, `base` plus what is not saved yet.
        turns: a name for each turn that stays with it when turns are moved, added or deleted.
    """

    index: int
    version: str
    base: Conversation
    conversation: Conversation
    turns: tuple[str, ...]

    @classmethod
    def of(cls, snapshot: Snapshot, index: int) -> "Draft":
        base = snapshot.conversations[index]
        return cls(index, snapshot.version, base, base, names(len(base.messages)))

    @property
    def unsaved(self) -> bool:
        return self.conversation != self.base

    def with_texts(self, texts: Sequence[str]) -> "Draft":
        """The same turns with these texts."""
        messages = zip(self.conversation.messages, texts, strict=True)
        return self._with([replace(message, text=text) for message, text in messages], self.turns)

    def with_text(self, turn: str, text: str) -> "Draft":
        """Another text in one turn."""
        texts = [message.text for message in self.conversation.messages]
        texts[self.turns.index(turn)] = text
        return self.with_texts(texts)

    def with_turn(self, role: Role | None = None, after: str | None = None) -> "Draft":
        """An empty turn more, of whoever speaks next unless `role` says otherwise.

        Args:
            after: the turn that it follows; the last one by default.
        """
        at = len(self.turns) if after is None else self.turns.index(after) + 1
        spoken = self.conversation.messages[:at]
        new = Message(role or next_role(Conversation(spoken)), "")
        return self._replaced(at, at, [new])

    def split(self, turn: str, at: int) -> "Draft":
        """Two turns out of one: what stands from character `at` on is said by the other speaker.

        Raises:
            BadInput: there are no words on one of the two sides.
        """
        place = self.turns.index(turn)
        message = self.conversation.messages[place]
        before, after = message.text[:at].rstrip(), message.text[at:].lstrip()
        if not before or not after:
            raise BadInput(
                "A turn is split where the cursor stands, and there are no words on one side.",
                remedy="Put the cursor between the words that two turns are to be made of.",
            )
        pair = [replace(message, text=before), Message(other_role(message.role), after)]
        return self._replaced(place, place + 1, pair)

    def joined(self, turn: str) -> "Draft":
        """The turn and the one before it as one, spoken by who spoke first.

        Raises:
            BadInput: it is the first turn.
        """
        place = self.turns.index(turn)
        if place == 0:
            raise BadInput("There is no turn before the first one to join it with.")
        first, second = self.conversation.messages[place - 1 : place + 1]
        words = "\n".join(filter(None, (first.text.rstrip(), second.text.lstrip())))
        return self._replaced(place - 1, place + 1, [replace(first, text=words)])

    def duplicated(self, turn: str) -> "Draft":
        """The turn once more, right after itself."""
        place = self.turns.index(turn)
        return self._replaced(place + 1, place + 1, [self.conversation.messages[place]])

    def answered(self, text: str) -> "Draft":
        """The bot's words at the end are these: in the place of what it says there, or added."""
        messages = self.conversation.messages
        end = len(messages)
        while end and messages[end - 1].role == "assistant":
            end -= 1
        return self._replaced(end, len(messages), [Message("assistant", text)])

    def with_marks_of(self, conversation: Conversation) -> "Draft":
        """The same turns with the tags, note and other keys of `conversation`."""
        marked = replace(self.conversation, extra=conversation.extra)
        return replace(self, conversation=marked)

    def without_turn(self, turn: str) -> "Draft":
        at = self.turns.index(turn)
        messages, turns = self.conversation.messages, self.turns
        return self._with(messages[:at] + messages[at + 1 :], turns[:at] + turns[at + 1 :])

    def moved(self, turn: str, by: int) -> "Draft":
        """The turn `by` places further down (negative: up), within the conversation."""
        messages, turns = list(self.conversation.messages), list(self.turns)
        at = turns.index(turn)
        to = min(max(at + by, 0), len(turns) - 1)
        messages.insert(to, messages.pop(at))
        turns.insert(to, turns.pop(at))
        return self._with(messages, tuple(turns))

    def spoken_by_the_other(self, turn: str) -> "Draft":
        """The user's turn becomes the bot's, the bot's (or a system text) the user's."""
        messages = list(self.conversation.messages)
        at = self.turns.index(turn)
        messages[at] = replace(messages[at], role=other_role(messages[at].role))
        return self._with(messages, self.turns)

    def _replaced(self, start: int, end: int, messages: Sequence[Message]) -> "Draft":
        """Other turns, with names of their own, in the place of those from `start` to `end`."""
        old, turns = self.conversation.messages, self.turns
        return self._with(
            (*old[:start], *messages, *old[end:]),
            (*turns[:start], *names(len(messages)), *turns[end:]),
        )

    def _with(self, messages: Sequence[Message], turns: tuple[str, ...]) -> "Draft":
        conversation = Conversation(tuple(messages), self.conversation.extra)
        return replace(self, conversation=conversation, turns=turns)

    # Against the store

    def saved(self, store: ConversationStore, group: str = "") -> "Draft":
        """Write it, wherever its conversation stands by now.

        Raises:
            Conflict: the conversation was changed or deleted elsewhere; nothing was written.
            ChatbotError: it could not be saved.
        """
        draft = self
        for attempt in (1, 2):
            try:
                version = store.replace(draft.index, draft.base, draft.conversation, group=group)
            except Conflict:
                snapshot = store.snapshot()
                place = self.place_in(snapshot, store)
                if attempt == 2 or place is None or snapshot.conversations[place] != self.base:
                    raise
                draft = replace(self, index=place, version=snapshot.version)
            else:
                return replace(draft, version=version, base=draft.conversation)
        raise AssertionError("unreachable")

    def place_in(self, snapshot: Snapshot, store: ConversationStore) -> int | None:
        """Where the conversation stands in a later snapshot, changed or not; None if it is gone."""
        if snapshot.version == self.version:
            return self.index
        place = store.follow(self.index, self.version)
        if place is not None and place < len(snapshot.conversations):
            return place
        same = [n for n, other in enumerate(snapshot.conversations) if other == self.base]
        return min(same, key=lambda n: abs(n - self.index), default=None)

    def caught_up(self, snapshot: Snapshot, store: ConversationStore) -> "Draft | None":
        """The draft in a later snapshot; None if its conversation is gone.

        Where nothing is unsaved it shows what stands there now; turns that did not change keep
        their names.

        Raises:
            Conflict: something is unsaved and the conversation was changed or deleted elsewhere.
        """
        if snapshot.version == self.version:
            return self
        place = self.place_in(snapshot, store)
        now = None if place is None else snapshot.conversations[place]
        if place is not None and now == self.base:
            return replace(self, index=place, version=snapshot.version)
        if self.unsaved:
            raise Conflict("This conversation was changed elsewhere in the meantime.")
        if place is None or now is None:
            return None
        turns = list(names(len(now.messages)))
        matcher = SequenceMatcher(
            None, [repr(m) for m in self.base.messages], [repr(m) for m in now.messages], False
        )
        for old, new, length in matcher.get_matching_blocks():
            turns[new : new + length] = self.turns[old : old + length]
        return Draft(place, snapshot.version, now, now, tuple(turns))


def names(count: int) -> tuple[str, ...]:
    """Fresh names for so many turns."""
    return tuple(uuid.uuid4().hex[:12] for _ in range(count))
