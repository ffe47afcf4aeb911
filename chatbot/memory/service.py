"""The memory as a service: what it is told and asked is answered without any model."""

from collections.abc import Sequence
from contextlib import suppress

from chatbot.errors import ChatbotError
from chatbot.memory.ledger import MOST_FACTS, Known, Ledger, Outcome, wished
from chatbot.memory.statements import LONGEST_FACT
from chatbot.memory.told import Room, Told, tell
from chatbot.memory.view import Memory, View, questions
from chatbot.messages import Message
from chatbot.services import ServiceAnswer, Situation, said

NAME = "memory"
MOST_RECITED = 30
_STILL_THERE = "Your own words still stand in this conversation; deleting the message removes them."


class MemoryService:
    """Takes what it is told to remember, says what it knows, forgets; and tells the model."""

    name = NAME

    def __init__(self, memory: Memory | None = None) -> None:
        self.memory = memory or Memory()

    def answer(self, situation: Situation) -> ServiceAnswer | None:
        """To a message that is about the memory and nothing else.

        Raises:
            ChatbotError: something that was kept can't be erased.
        """
        asked = questions(situation.messages)
        ledger = Ledger.of(asked)
        outcome = ledger.take(situation.text, len(asked) + 1)
        if outcome is None or not outcome.wish.alone:
            return None
        view = self.memory.look(situation.conversation, situation.owner, situation.messages)
        if outcome.wish.act == "recite":
            return self._recited(outcome, view, situation)
        if outcome.wish.act == "forget":
            return self._forgotten(outcome, view, situation)
        return self._taken(outcome, view, situation)

    def remind(
        self,
        conversation: str,
        owner: str,
        persona: str,
        messages: Sequence[Message],
        room: Room,
    ) -> Told:
        """What the model reads before it answers the last of these messages."""
        view = self.memory.look(conversation, owner, messages)
        return tell(persona, messages, view.remembered, room)

    def keep_up(self, conversation: str, owner: str, messages: Sequence[Message]) -> None:
        """Keep for the owner's next conversations what these messages told, where that is wanted.
        A full disk must not cost the answer."""
        if owner:
            view = self.memory.look(conversation, owner, messages)
            with suppress(ChatbotError):
                self.memory.keep_up(conversation, owner, view)

    def _taken(self, outcome: Outcome, view: View, situation: Situation) -> ServiceAnswer:
        if outcome.wish.too_long:
            return _says(
                f"That is too long to remember: {outcome.wish.too_long:,} characters. Tell me in "
                f"at most {LONGEST_FACT}.",
                situation,
            )
        if not outcome.added:
            return _says(
                f"I hold {MOST_FACTS} facts from this conversation already, and have no room for "
                "more. Erase some of them under “Memory”, or say “forget everything”.",
                situation,
            )
        sentences = [_acknowledged(known) for known in outcome.added]
        if view.keep and situation.owner:
            sentences.append("I keep it for your next chats as well.")
        return _says(" ".join(sentences), situation)

    def _recited(self, outcome: Outcome, view: View, situation: Situation) -> ServiceAnswer | None:
        if outcome.wish.what == "name":
            name = next((known.fact for known in view.facts if known.fact.kind == "name"), None)
            return _says(name.said, situation) if name else None  # a persona may know better
        if not view.facts:
            return _says(
                "Nothing yet. Tell me with “remember that …” or “my name is …”.",
                situation,
                note=view.problem,
            )
        lines = [known.fact.said for known in view.facts[-MOST_RECITED:]]
        more = len(view.facts) - len(lines)
        first = f"The last {len(lines)} of {len(view.facts)} things:\n" if more else ""
        return _says(first + "\n".join(lines), situation, note=view.problem)

    def _forgotten(self, outcome: Outcome, view: View, situation: Situation) -> ServiceAnswer:
        """What was told here is forgotten by the message itself; what was written by hand, put in
        other words or kept from other conversations is erased where it is."""
        all_known = (*view.kept, *view.hidden, *view.own)
        meant = wished(outcome.wish, all_known) if outcome.wish.what != "that" else []
        read_off = {known.key for known in outcome.removed}
        self.memory.forget(
            situation.conversation,
            situation.owner,
            [known for known in meant if known.chat or known.key not in read_off],
        )
        gone = {(known.chat, known.key): known for known in (*outcome.removed, *meant)}
        if not gone:
            return _says("There is nothing like that in my memory.", situation)
        if outcome.wish.what == "everything":
            text = "I have forgotten everything you told me."
        else:
            lines = dict.fromkeys(f"“{known.fact.line}”" for known in gone.values())
            text = f"I have forgotten {', '.join(lines)}."
        return _says(text, situation, note=_STILL_THERE if outcome.removed else "")


def _acknowledged(known: Known) -> str:
    fact = known.fact
    if fact.kind == "name":
        return f"Nice to meet you, {fact.text}. I'll remember your name."
    if fact.kind:
        place = "live in" if fact.kind == "home" else "come from"
        return f"I'll remember that you {place} {fact.text}."
    return f"I'll remember: {fact.text}"


def _says(text: str, situation: Situation, note: str = "") -> ServiceAnswer:
    return said(NAME, text, "What you told it, without any model", situation, note=note)
