"""What the model is told of what it can't see any more: facts, then a gist, then what bears on the
question; all within a share of its window.

What changes seldom stands first, with the persona, so that its reading is kept from turn to turn.
What was recalled for one question stands beside that question. Turns that don't fit go in blocks
instead of one by one: until the next block goes, the beginning of the prompt stays as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Any

from chatbot.memory.gist import Count, Said, gist, said
from chatbot.memory.ledger import Known
from chatbot.memory.recall import bearing
from chatbot.messages import Message, user

SHARE = 5
"""The memory takes at most a fifth of the window."""
BLOCK = 8
"""Turns are left out an eighth of the window at a time."""
FACTS = "What you know about the user, in the user's own words:"
GIST = "From earlier in this conversation, which you can't see any more:"


@dataclass(frozen=True)
class Room:
    """What a model has room for, in tokens.

    Attributes:
        window: that it can see.
        reserve: to keep free for the answer.
        count: of each text.
        per_message: that its template adds to a message.
        header: that its template adds before an answer.
    """

    window: int
    reserve: int
    count: Count
    per_message: int
    header: int


@dataclass(frozen=True)
class Told:
    """What the model reads before it answers.

    Attributes:
        messages: persona and memory, the turns that fit, and the question.
        left_out: oldest messages of the conversation that are not among them.
        facts: how many facts it is told.
        gist: sentences of the turns that were left out.
        recalled: sentences that bear on the question.
    """

    messages: tuple[Message, ...]
    left_out: int = 0
    facts: int = 0
    gist: tuple[str, ...] = ()
    recalled: tuple[str, ...] = ()

    @property
    def anything(self) -> bool:
        """Whether memory added something."""
        return bool(self.facts or self.gist or self.recalled)

    def summed_up(self) -> dict[str, Any]:
        """What memory added, for a receipt."""
        return {"facts": self.facts, "gist": len(self.gist), "recalled": list(self.recalled)}


@dataclass(frozen=True)
class Remembered:
    """What there is to tell: see `Ledger` for `private` and `since`."""

    facts: tuple[Known, ...] = ()
    private: frozenset[int] = field(default_factory=frozenset)
    since: int = 0


def bare(persona: str, messages: Sequence[Message]) -> Told:
    """Without a memory."""
    system = [Message("system", persona)] if persona.strip() else []
    return Told((*system, *messages))


def tell(persona: str, messages: Sequence[Message], memory: Remembered, room: Room) -> Told:
    """Persona, memory and as many of the newest turns as fit.

    Args:
        messages: the conversation, oldest first; the last is the question.
    """
    *earlier, question = messages
    persona = persona.strip()
    sizes = [n + room.per_message for n in room.count([m.text for m in messages])]
    fixed = room.header + sizes[-1] + room.reserve + room.per_message
    fixed += room.count([persona])[0] if persona else 0
    budget = min(room.window // SHARE, max(0, room.window - fixed))
    by_weight = [known.fact.line for known in _by_weight(memory.facts)]
    lines = _fitting(by_weight, budget * 2 // 3, room, FACTS)  # the rest is for what is recalled
    # In the order told: a fact more then leaves those before it where they are.
    shown = [k.fact.line for k in memory.facts if k.fact.line in lines]
    facts_text = _block(FACTS, shown)
    used = _size(facts_text, room)
    if len(shown) == len(memory.facts) and sum(sizes[:-1]) + fixed + used <= room.window:
        return replace(bare(_system(persona, facts_text), messages), facts=len(shown))
    left_out = _cut(earlier, sizes[:-1], room.window - fixed - budget, room.window // BLOCK)
    out_of_sight = said(earlier[:left_out], memory.private, memory.since)
    rest = budget - used
    kept = gist(out_of_sight, rest // 2 - _size(GIST, room), room.count)
    gist_text = _block(GIST, [one.line for one in kept])
    rest -= _size(gist_text, room)
    recalled = _fitting(_bearing(question.text, memory.facts, out_of_sight), rest, room)
    asked = user(f"({' '.join(recalled)}) {question.text}") if recalled else question
    told = bare(_system(persona, facts_text, gist_text), [*earlier[left_out:], asked])
    return replace(
        told,
        left_out=left_out,
        facts=len(shown),
        gist=tuple(one.line for one in kept),
        recalled=tuple(recalled),
    )


def _bearing(question: str, facts: Sequence[Known], out_of_sight: Sequence[Said]) -> list[str]:
    """What bears on the question. Facts and what is in the gist as well: a small model finds what
    stands beside the question, and seldom what stands a thousand tokens before it."""
    told = [_sentence(known.fact.line) for known in facts]
    told += [one.text if one.person else f"You said: {one.text}" for one in out_of_sight]
    lines = list(dict.fromkeys(told))
    return [lines[place] for place in bearing(question, lines)]


def _sentence(line: str) -> str:
    return line if line.endswith((".", "!", "?")) else f"{line}."


def _by_weight(facts: Sequence[Known]) -> list[Known]:
    """Who and where first, then the newest."""
    newest_first = list(reversed(facts))
    return sorted(newest_first, key=lambda known: not known.fact.kind)


def _cut(earlier: Sequence[Message], sizes: Sequence[int], room: int, block: int) -> int:
    """How many messages to leave out, so that the others have room: whole blocks of tokens of
    them, up to the beginning of a turn."""
    before = [0, *accumulate(sizes)]
    too_many = before[-1] - max(room, 0)
    if too_many <= 0:
        return 0
    starts = [i for i, m in enumerate(earlier) if m.role == "user" and before[i] >= too_many]
    wanted = -(-too_many // max(block, 1)) * max(block, 1)
    return next((i for i in starts if before[i] >= wanted), (starts or [len(earlier)])[-1])


def _fitting(lines: Sequence[str], budget: int, room: Room, heading: str = "") -> list[str]:
    """As many of the lines as fit below their heading, whole ones, the first ones first."""
    if not lines:
        return []
    # One more each for the line's end, and some between the parts.
    left = budget - room.count([heading])[0] - 3
    taken = []
    for line, tokens in zip(lines, room.count([f"- {line}" for line in lines]), strict=True):
        if tokens + 1 <= left:
            taken.append(line)
            left -= tokens + 1
    return taken


def _block(heading: str, lines: Sequence[str]) -> str:
    return "\n".join([heading, *(f"- {line}" for line in lines)]) if lines else ""


def _size(text: str, room: Room) -> int:
    return room.count([text])[0] + 2 if text else 0


def _system(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)
