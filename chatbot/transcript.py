"""A chat as it stands: what is shown, the other versions, and the way back from changes."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from chatbot import chat_links
from chatbot.chat_links import Step
from chatbot.chat_tree import UNFINISHED, Tree, Turn, not_here
from chatbot.errors import BadInput
from chatbot.messages import Message, assistant, user
from chatbot.persona_text import PersonaText

_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Transcript:
    """A chat as it stands.

    Attributes:
        turns: what is shown, one after the other.
        model, settings: what its page was last set to.
        aside: by id, all turns that are not shown: other versions, and what was taken out.
        undo, redo: the way back from the last changes, and forth again; the next one is the last.
        owner: a fingerprint of the browser that began it; "" where none is known.
        persona: who the bot is in this chat.
        without: names of services that shall not answer in this chat.
    """

    id: str
    turns: tuple[Turn, ...] = ()
    model: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    aside: Mapping[int, Turn] = field(default_factory=lambda: MappingProxyType({}))
    undo: tuple[Step, ...] = ()
    redo: tuple[Step, ...] = ()
    owner: str = ""
    persona: PersonaText = field(default_factory=PersonaText)
    without: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        object.__setattr__(self, "turns", chat_links.in_a_row(self.turns, self.aside))

    @property
    def tree(self) -> Tree:
        shown = {turn.id: turn for turn in self.turns}
        return Tree({**self.aside, **shown}, self.turns[0].id if self.turns else 0)

    def with_tree(self, tree: Tree) -> "Transcript":
        """The same chat with other turns."""
        turns = tree.path()
        shown = {turn.id for turn in turns}
        aside = {number: turn for number, turn in tree.turns.items() if number not in shown}
        return replace(self, turns=turns, aside=aside)

    def changed(self, what: str, tree: Tree) -> "Transcript":
        """The same chat with other turns, and the way back; `what` names the change for people."""
        step = chat_links.way_back(what, self.tree, tree)
        undo = (*self.undo, step)[-chat_links.MOST_STEPS :]
        return replace(self.with_tree(tree), undo=undo, redo=())

    def undone(self) -> "Transcript":
        """The chat before its last change.

        Raises:
            BadInput: there is nothing to undo.
        """
        if not self.undo:
            raise BadInput("There is nothing to undo in this conversation.")
        chat, forth = self._back(self.undo[-1])
        return replace(chat, undo=self.undo[:-1], redo=(*self.redo, forth))

    def redone(self) -> "Transcript":
        """The chat after the change that was undone last.

        Raises:
            BadInput: there is nothing to redo.
        """
        if not self.redo:
            raise BadInput("There is nothing to redo in this conversation.")
        chat, back = self._back(self.redo[-1])
        return replace(chat, redo=self.redo[:-1], undo=(*self.undo, back))

    def _back(self, step: Step) -> tuple["Transcript", Step]:
        """The chat on the other side of a step, and the step that leads here again."""
        tree = chat_links.go_back(self.tree, step)
        return self.with_tree(tree), chat_links.way_back(step.what, self.tree, tree)

    def system(self) -> list[Message]:
        """What the model is told before the conversation; nothing where nobody wrote it."""
        text = self.persona.filled()
        return [Message("system", text)] if text else []

    def messages(self, upto: int | None = None) -> list[Message]:
        """The answered turns before turn `upto`, as a conversation for the model."""
        found: list[Message] = []
        for turn in self.turns[:upto]:
            if turn.answer:
                found += [user(turn.question)] if turn.question else []
                found.append(assistant(turn.answer))
        return found

    def receipts(self, upto: int | None = None) -> list[Mapping[str, Any] | None]:
        """What made each answer in `messages(upto)`; None where a person wrote it."""
        return [turn.receipt for turn in self.turns[:upto] if turn.answer]

    def place(self, turn_id: int) -> int:
        """The index in `turns` of a turn.

        Raises:
            Conflict: it is not shown (any more).
        """
        for index in reversed(range(len(self.turns))):
            if self.turns[index].id == turn_id:
                return index
        raise not_here()

    def with_turn(self, index: int, **changes: Any) -> "Transcript":
        """The same chat with some fields of one turn replaced."""
        turns = list(self.turns)
        turns[index] = replace(turns[index], **changes)
        return replace(self, turns=tuple(turns))

    def settled(self) -> "Transcript":
        """Nobody is answering any more: unfinished turns were cut off (the server was stopped)."""
        return replace(
            self,
            turns=tuple(map(_settled, self.turns)),
            aside={number: _settled(turn) for number, turn in self.aside.items()},
        )


def _settled(turn: Turn) -> Turn:
    return replace(turn, state="cut off") if turn.state in UNFINISHED else turn


def new_id() -> str:
    """A name that can't be guessed: 128 random bits, 32 hexadecimal digits."""
    return secrets.token_hex(16)


def is_id(text: object) -> bool:
    return isinstance(text, str) and _ID.fullmatch(text) is not None
