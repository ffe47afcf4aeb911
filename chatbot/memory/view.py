"""What is known in a conversation: what it told, what was changed by hand, what was kept for it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from chatbot.errors import BadInput, ChatbotError
from chatbot.memory.ledger import HAND, MOST_FACTS, Known, Ledger
from chatbot.memory.notes import ByHand, Kept, Notes, without
from chatbot.memory.statements import LONGEST_FACT, Fact, one_line
from chatbot.memory.telling import fact_of
from chatbot.memory.told import Remembered
from chatbot.messages import Message

T = TypeVar("T")


@dataclass(frozen=True)
class View:
    """
    Attributes:
        own: facts of this conversation.
        kept: facts from the owner's other conversations that are known here.
        hidden: facts of those that this conversation knows better, such as another name.
        remembered: both, as the model is told.
        keep: whether facts are kept for the next conversations.
        problem: a sentence on what could not be read; "" where all could.
    """

    own: tuple[Known, ...]
    kept: tuple[Known, ...]
    hidden: tuple[Known, ...]
    remembered: Remembered
    keep: bool
    problem: str = ""

    @property
    def facts(self) -> tuple[Known, ...]:
        return self.remembered.facts


@dataclass(frozen=True)
class Before:
    """What was known before all was erased."""

    by_hand: ByHand
    kept: Kept


class Memory:
    """What conversations remember.

    Args:
        notes: where changes by hand, and what is kept, are saved.
    """

    def __init__(self, notes: Notes | None = None) -> None:
        self.notes = notes or Notes()

    def look(self, conversation: str, owner: str, messages: Sequence[Message]) -> View:
        """What is known after these messages. What can't be read is left out, and told."""
        ledger = Ledger.of(questions(messages))
        by_hand, problem = _tried(lambda: self.notes.by_hand(conversation), ByHand())
        kept, other_problem = _tried(lambda: self.notes.kept(owner), Kept())
        elsewhere = tuple(k for k in kept.facts if kept.on and k.chat != conversation)
        touched = {*by_hand.erased, *by_hand.changed}
        # What was erased or put right by hand is not recalled in the words it was told in.
        corrected = {known.told for known in ledger.facts if known.key in touched}
        own = _own(ledger, by_hand)
        others = _unlike(_latest(elsewhere), own)
        remembered = Remembered(
            (*others, *own), frozenset(ledger.private | corrected), since=ledger.since
        )
        hidden = tuple(known for known in elsewhere if known not in others)
        return View(own, others, hidden, remembered, kept.on, problem or other_problem)

    def keep_up(self, conversation: str, owner: str, view: View, *, new: bool = True) -> None:
        """Bring what is kept for the owner's next conversations up to what this one knows.

        Args:
            new: also what is not kept yet.

        Raises:
            ChatbotError: it can't be saved.
        """
        if not view.keep:
            return

        def kept_up(kept: Kept) -> Kept:
            mine = {k.key: replace(k, chat=conversation, told=0) for k in view.own}
            stays = [
                mine.get(known.key, known) if known.chat == conversation else known
                for known in kept.facts
                if known.chat != conversation or known.key in mine
            ]
            there = {known.key for known in stays if known.chat == conversation}
            there |= {key for key in mine if f"{conversation}|{key}" in kept.dropped}
            # In the order of telling over all conversations: of two names the last one counts.
            more = [known for key, known in mine.items() if new and key not in there]
            return replace(kept, facts=(*stays, *more))

        self.notes.change_kept(owner, kept_up)

    def keep(self, conversation: str, owner: str, messages: Sequence[Message], on: bool) -> None:
        """Switch keeping on or off. Off, what was kept so far stays, and is not told.

        Raises:
            BadInput: the owner can't be known again.
            ChatbotError: it can't be saved.
        """
        if not owner:
            raise BadInput(
                "Your browser keeps no cookies, so it can't be known again in the next chat.",
                remedy="Allow cookies for this page, or tell the bot anew in each chat.",
            )
        self.notes.change_kept(owner, lambda kept: replace(kept, on=on))
        self.keep_up(conversation, owner, self.look(conversation, owner, messages))

    def forget(self, conversation: str, owner: str, facts: Sequence[Known]) -> None:
        """Erase these facts of a conversation's view, wherever they are from.

        Raises:
            ChatbotError: it can't be saved.
        """
        own = {known.key for known in facts if not known.chat}
        mine = [replace(known, chat=conversation) for known in facts if not known.chat]

        def erased(by_hand: ByHand) -> ByHand:
            added = tuple(known for known in by_hand.added if known.key not in own)
            told = own - {known.key for known in by_hand.added}
            changed = {key: text for key, text in by_hand.changed.items() if key not in own}
            return ByHand(added, changed, by_hand.erased | told)

        if own:
            self.notes.change_by_hand(conversation, erased)
        gone = [known for known in facts if known.chat]
        if owner and facts:
            self.notes.change_kept(owner, lambda kept: _dropped(kept, gone, mine))

    def forget_all(self, conversation: str, owner: str, messages: Sequence[Message]) -> "Before":
        """Erase all that is known here, what was kept among it; returns what brings it back.

        Raises:
            ChatbotError: it can't be saved.
        """
        by_hand, _ = _tried(lambda: self.notes.by_hand(conversation), ByHand())
        kept, _ = _tried(lambda: self.notes.kept(owner), Kept())
        told = {known.key for known in Ledger.of(questions(messages)).facts}
        self.notes.change_by_hand(conversation, lambda now: ByHand(erased=now.erased | told))
        self.notes.change_kept(owner, lambda now: without(now, list(now.facts)))
        return Before(by_hand, kept)

    def bring_back(self, conversation: str, owner: str, before: "Before") -> None:
        """Undo `forget_all`.

        Raises:
            ChatbotError: it can't be saved.
        """
        self.notes.change_by_hand(conversation, lambda now: before.by_hand)
        self.notes.change_kept(owner, lambda now: before.kept)

    def add(self, conversation: str, text: str, messages: Sequence[Message]) -> None:
        """A fact written by hand, after these messages.

        Raises:
            BadInput: it is empty or too long, or there are too many.
            ChatbotError: it can't be saved.
        """
        fact = usable(text)

        def added(by_hand: ByHand) -> ByHand:
            if len(by_hand.added) >= MOST_FACTS:
                raise BadInput(
                    f"There are {MOST_FACTS} facts that were written by hand already.",
                    remedy="Erase some of them first.",
                )
            number = (
                max((int(known.key.removeprefix(HAND)) for known in by_hand.added), default=0) + 1
            )
            known = Known(f"{HAND}{number}", fact, len(questions(messages)))
            return replace(by_hand, added=(*by_hand.added, known))

        self.notes.change_by_hand(conversation, added)

    def change(self, conversation: str, owner: str, known: Known, text: str) -> None:
        """Other words for a fact.

        Raises: as `add`.
        """
        fact = usable(text)
        if known.chat:

            def kept_changed(kept: Kept) -> Kept:
                same = (known.chat, known.key)
                facts = [
                    replace(k, fact=fact) if (k.chat, k.key) == same else k for k in kept.facts
                ]
                return replace(kept, facts=tuple(facts))

            self.notes.change_kept(owner, kept_changed)
            return

        def changed(by_hand: ByHand) -> ByHand:
            if any(k.key == known.key for k in by_hand.added):
                facts = [replace(k, fact=fact) if k.key == known.key else k for k in by_hand.added]
                return replace(by_hand, added=tuple(facts))
            return replace(by_hand, changed={**by_hand.changed, known.key: fact.line})

        self.notes.change_by_hand(conversation, changed)


def questions(messages: Sequence[Message]) -> list[str]:
    return [message.text for message in messages if message.role == "user"]


def usable(text: str) -> Fact:
    """A fact that a person wrote.

    Raises:
        BadInput: it is empty or too long.
    """
    line = one_line(text)
    if not line:
        raise BadInput("There is nothing to remember.", remedy="Write something first.")
    if len(line) > LONGEST_FACT:
        raise BadInput(
            "This is too long to remember.",
            value=f"{len(line):,} characters",
            remedy=f"Shorten it to at most {LONGEST_FACT}.",
        )
    return fact_of(line)


def _own(ledger: Ledger, by_hand: ByHand) -> tuple[Known, ...]:
    told = [
        replace(known, fact=fact_of(by_hand.changed[known.key]))
        if known.key in by_hand.changed
        else known
        for known in ledger.facts
        if known.key not in by_hand.erased
    ]
    return _latest(sorted((*told, *by_hand.added), key=lambda known: known.told))


def _latest(facts: Sequence[Known]) -> tuple[Known, ...]:
    """Of two names the later one, and nothing twice."""
    last = {known.fact.kind or known.fact.text.casefold(): known for known in facts}
    return tuple(known for known in facts if known in last.values())


def _unlike(others: Sequence[Known], own: Sequence[Known]) -> tuple[Known, ...]:
    """Those that say nothing which `own` says, or says otherwise."""
    single = {known.fact.kind for known in own} - {""}
    said = {known.fact.text.casefold() for known in own}
    return tuple(
        known
        for known in others
        if known.fact.kind not in single and known.fact.text.casefold() not in said
    )


def _dropped(kept: Kept, gone: list[Known], mine: list[Known]) -> Kept:
    """What is kept without these; those of the conversation itself are erased there already."""
    keys = {(known.chat, known.key) for known in mine}
    stays = tuple(known for known in kept.facts if (known.chat, known.key) not in keys)
    return without(replace(kept, facts=stays), gone) if gone else replace(kept, facts=stays)


def _tried(read: Callable[[], T], otherwise: T) -> tuple[T, str]:
    try:
        return read(), ""
    except ChatbotError as error:
        return otherwise, str(error)
