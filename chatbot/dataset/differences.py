"""What changed between two texts, two conversations, or two sets of them: word by word."""

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from chatbot.dataset.marks import is_liked, note_of, tags_of
from chatbot.messages import Conversation, Message, Role

Kind = Literal["same", "added", "removed"]
Piece = tuple[Kind, str]

MOST_COMPARISONS = 4_000_000
"""Words of one text times words of the other, above which only their common ends are looked for."""

# A word with the spaces before it; one letter of scripts that don't put spaces between words.
_WORD = re.compile(
    r"\s*[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff]"
    r"|\s*\w+|\s*[^\w\s]|\s+"
)


@dataclass(frozen=True, slots=True)
class TurnChange:
    """One turn before and after; a new one has no `speaker_before`, a lost one no `speaker`."""

    speaker_before: Role | None
    speaker: Role | None
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class ConversationChange:
    """One conversation before and after.

    Attributes:
        index_before, index: where it stood and stands; None for a new and for a deleted one.
        turns: all of its turns, the unchanged ones too.
        marks: what changed besides, in words.
    """

    index_before: int | None
    index: int | None
    turns: tuple[TurnChange, ...]
    marks: tuple[str, ...]

    @property
    def words(self) -> tuple[int, int]:
        """(words added, words removed)."""
        count: Counter[Kind] = Counter()
        for turn in self.turns:
            for kind, text in turn.pieces:
                count[kind] += sum(any(c.isalnum() for c in word) for word in _WORD.findall(text))
        return count["added"], count["removed"]


def compare(
    before: Sequence[Conversation], after: Sequence[Conversation]
) -> list[ConversationChange]:
    """The conversations that are not the same in both, in the order of `after`.

    One that merely stands elsewhere counts as unchanged. A changed one is recognised by standing
    between the same neighbours. Takes time in proportion to the lists.
    """
    lost, new = _leftovers(before, after)
    pairs = _paired(lost, new)
    paired_lost = {old for old, _ in pairs}
    paired_new = {now: old for old, now in pairs}
    changes: list[tuple[int, int, ConversationChange]] = []
    for now in new:
        old = paired_new.get(now)
        change = between(
            None if old is None else before[old], after[now], index_before=old, index=now
        )
        changes.append((new[now], 1, change))
    for old in lost:
        if old not in paired_lost:
            changes.append((lost[old], 0, between(before[old], None, index_before=old, index=None)))
    return [change for _, _, change in sorted(changes, key=lambda entry: entry[:2])]


def between(
    before: Conversation | None,
    after: Conversation | None,
    *,
    index_before: int | None = None,
    index: int | None = None,
) -> ConversationChange:
    """One conversation before and after; None where it was not there."""
    old = before.messages if before else ()
    new = after.messages if after else ()
    marks = _marks(before, after) if before and after else ()
    return ConversationChange(index_before, index, tuple(_turns(old, new)), marks)


def pieces(before: str, after: str) -> tuple[Piece, ...]:
    """The two texts in one: joined without the added pieces they are `before`, without the removed
    ones `after`."""
    if before == after:
        return (("same", before),) if before else ()
    if not before or not after:
        return (("added", after) if after else ("removed", before),)
    old, new = _WORD.findall(before), _WORD.findall(after)
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    found: list[Piece] = [("same", "".join(old[:start]))]
    middle_old, middle_new = old[start : len(old) - end], new[start : len(new) - end]
    if len(middle_old) * len(middle_new) > MOST_COMPARISONS:
        found += [("removed", "".join(middle_old)), ("added", "".join(middle_new))]
    else:
        matcher = SequenceMatcher(None, middle_old, middle_new, autojunk=False)
        for _, a, b, c, d in matcher.get_opcodes():
            if middle_old[a:b] == middle_new[c:d]:
                found.append(("same", "".join(middle_old[a:b])))
            else:
                found.append(("removed", "".join(middle_old[a:b])))
                found.append(("added", "".join(middle_new[c:d])))
    found.append(("same", "".join(old[len(old) - end :])))
    return tuple((kind, text) for kind, text in found if text)


def _leftovers(
    before: Sequence[Conversation], after: Sequence[Conversation]
) -> tuple[dict[int, int], dict[int, int]]:
    """(index: how many of those that stayed stand before it) of what is only in `before`, and of
    what is only in `after`."""
    start = 0
    for old, new in zip(before, after, strict=False):
        if old is not new and old != new:
            break
        start += 1
    end = 0
    limit = min(len(before), len(after)) - start
    while end < limit:
        old, new = before[-1 - end], after[-1 - end]
        if old is not new and old != new:
            break
        end += 1
    there = [_key(c) for c in before[start : len(before) - end]]
    here = [_key(c) for c in after[start : len(after) - end]]
    return _beyond(there, Counter(here), start), _beyond(here, Counter(there), start)


def _beyond(keys: Sequence[Hashable], others: Counter[Hashable], start: int) -> dict[int, int]:
    """The places of the keys that the others don't have (so often)."""
    left, stayed = {}, start
    for index, key in enumerate(keys, start=start):
        if others[key] > 0:
            others[key] -= 1
            stayed += 1
        else:
            left[index] = stayed
    return left


def _paired(lost: dict[int, int], new: dict[int, int]) -> list[tuple[int, int]]:
    """Which of the lost ones became which of the new ones: those in the same gap, in order."""
    gaps: dict[int, list[int]] = defaultdict(list)
    for index in reversed(lost):
        gaps[lost[index]].append(index)
    return [(gaps[gap].pop(), index) for index, gap in new.items() if gaps[gap]]


def _key(conversation: Conversation) -> Hashable:
    return (conversation.messages, repr(conversation.extra) if conversation.extra else "")


def _turns(old: Sequence[Message], new: Sequence[Message]) -> Iterator[TurnChange]:
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for _, a, b, c, d in matcher.get_opcodes():
        for place in range(max(b - a, d - c)):
            was = old[a + place] if a + place < b else None
            now = new[c + place] if c + place < d else None
            yield TurnChange(
                was.role if was else None,
                now.role if now else None,
                pieces(was.text if was else "", now.text if now else ""),
            )


def _marks(before: Conversation, after: Conversation) -> tuple[str, ...]:
    said: list[str] = []
    old, new = tags_of(before), tags_of(after)
    said += [f"tag added: {tag}" for tag in new if tag not in old]
    said += [f"tag taken away: {tag}" for tag in old if tag not in new]
    if note_of(before) != note_of(after):
        said.append(f"note: {note_of(after)}" if note_of(after) else "note taken away")
    if is_liked(before) != is_liked(after):
        said.append("liked" if is_liked(after) else "no longer liked")
    if not said and before.extra != after.extra:
        said.append("what stands beside its turns")
    return tuple(said)


def _common(first: Sequence[str], second: Sequence[str]) -> int:
    """How many words they begin with that are the same."""
    count = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        count += 1
    return count
