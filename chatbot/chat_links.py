"""How the turns of a chat hang together: the way back from a change, and links that can be trusted.

What is undone is where a turn stands, never its words. Pure, as chat_tree is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from chatbot.chat_tree import Tree, Turn

MOST_STEPS = 50
"""Steps that can be undone."""
Links = tuple[int, int, bool]
"""Parent, next and gone of a turn."""


@dataclass(frozen=True, slots=True)
class Step:
    """The way back from one change. `what` names the change for people."""

    what: str
    first: int
    links: Mapping[int, Links]


def way_back(what: str, before: Tree, after: Tree) -> Step:
    """The step that leads from `after` to `before`; turns made in between are gone there."""
    links = {}
    for turn_id, turn in after.turns.items():
        old = before.turns.get(turn_id)
        now = (turn.parent, turn.next, turn.gone)
        then = (old.parent, old.next, old.gone) if old else (turn.parent, turn.next, True)
        if then != now:
            links[turn_id] = then
    return Step(what, before.first, links)


def go_back(tree: Tree, step: Step) -> Tree:
    """The tree after a step back. Its words are those of now: only what is where changes."""
    turns = dict(tree.turns)
    for turn_id, (parent, following, gone) in step.links.items():
        if turn_id in turns:
            turns[turn_id] = replace(turns[turn_id], parent=parent, next=following, gone=gone)
    return sound(Tree(turns, step.first))


def in_a_row(turns: tuple[Turn, ...], others: Mapping[int, Turn]) -> tuple[Turn, ...]:
    """Turns as they are shown one after the other: numbered where they are not, and linked."""
    if all(turn.id for turn in turns) and _linked(turns):
        return turns
    highest = max([0, *others, *(turn.id for turn in turns)])
    numbered: list[Turn] = []
    for turn in turns:
        highest += not turn.id
        own = turn.id or highest
        parent = numbered[-1].id if numbered else 0
        numbered.append(replace(turn, id=own, parent=parent, asked=turn.asked or own, gone=False))
    ids = [turn.id for turn in numbered]
    return tuple(
        replace(turn, next=following)
        for turn, following in zip(numbered, [*ids[1:], 0], strict=True)
    )


def sound(tree: Tree) -> Tree:
    """The same tree without links that lead nowhere or in a circle."""
    turns = dict(tree.turns)
    rooted = {0}
    for turn_id in tree.turns:
        way: list[int] = []
        at = turn_id
        while at not in rooted and at in turns and at not in way:
            way.append(at)
            at = turns[at].parent
        if at not in rooted:
            turns[way[-1]] = replace(turns[way[-1]], parent=0)
        rooted.update(way)
    for turn_id, turn in turns.items():
        if turn.next and not _follows(turns, turn.next, turn_id):
            turns[turn_id] = replace(turn, next=0)
    return Tree(turns, tree.first if _follows(turns, tree.first, 0) else 0)


def _follows(turns: Mapping[int, Turn], turn_id: int, parent: int) -> bool:
    turn = turns.get(turn_id)
    return turn is not None and turn.parent == parent and not turn.gone


def _linked(turns: tuple[Turn, ...]) -> bool:
    ids = [turn.id for turn in turns]
    befores, afters = [0, *ids[:-1]], [*ids[1:], 0]
    return all(
        turn.asked and not turn.gone and (turn.parent, turn.next) == (before, after)
        for turn, before, after in zip(turns, befores, afters, strict=False)
    )
