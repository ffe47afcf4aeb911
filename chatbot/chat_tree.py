"""A chat as a tree: every version of every question and answer is kept, and one path is shown.

A turn is a question with one answer. Turns with the same parent and the same `asked` are versions
of one answer; those with the same parent and another `asked` are versions of the question. Each
turn remembers which turn was last shown after it, so that a branch comes back as it was left.
Pure: every function returns a new tree.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

from chatbot.errors import BadInput, Conflict

TurnState = Literal["waiting", "answering", "done", "stopped", "failed", "cut off"]
UNFINISHED: tuple[TurnState, ...] = ("waiting", "answering")


@dataclass(frozen=True, slots=True)
class Turn:
    """One question and what became of it.

    Attributes:
        answer: what was shown of the answer so far.
        receipt: what made the answer (see `generation.Receipt`), once it is complete.
        problem: why there is no answer, where the state is "failed".
        tokens: ids that the model gave for the answer; () where a person wrote it.
        edited: a person wrote or corrected the answer.
        disliked: a person found it a bad answer.
        id: its number in the chat, from 1; 0: not numbered yet.
        parent: id of the turn before it; 0: none.
        asked: id of the turn in which this very question came up first.
        next: id of the turn that is shown after it; 0: none.
        gone: taken out by a deletion, or by going back before it was made.
    """

    question: str
    answer: str = ""
    state: TurnState = "waiting"
    receipt: Mapping[str, Any] | None = None
    problem: str = ""
    tokens: tuple[int, ...] = ()
    edited: bool = False
    disliked: bool = False
    id: int = 0
    parent: int = 0
    asked: int = 0
    next: int = 0
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Tree:
    """All turns by id. `first`: the turn that is shown first; 0: none."""

    turns: Mapping[int, Turn] = field(default_factory=lambda: MappingProxyType({}))
    first: int = 0

    def path(self) -> tuple[Turn, ...]:
        """The turns that are shown, in their order."""
        found = []
        at = self.first
        while at:
            found.append(self.turns[at])
            at = found[-1].next
        return tuple(found)

    def turn(self, turn_id: int) -> Turn:
        """
        Raises:
            Conflict: there is no such turn (any more).
        """
        turn = self.turns.get(turn_id)
        if turn is None or turn.gone:
            raise not_here()
        return turn


def not_here() -> Conflict:
    return Conflict(
        "This message is no longer part of the conversation.",
        remedy="It was changed elsewhere, such as in another tab; here is how it stands.",
    )


def answer_versions(tree: Tree, turn_id: int) -> tuple[int, ...]:
    """Ids of all answers to this turn's question, oldest first."""
    turn = tree.turn(turn_id)
    return tuple(t.id for t in _children(tree, turn.parent) if t.asked == turn.asked)


def question_versions(tree: Tree, turn_id: int) -> tuple[int, ...]:
    """For each version of this turn's question, oldest first, the turn to show for it: this turn
    itself for its own, and the newest answer for the others."""
    turn = tree.turn(turn_id)
    newest: dict[int, int] = {}
    for sibling in _children(tree, turn.parent):
        newest[sibling.asked] = sibling.id
    newest[turn.asked] = turn.id
    return tuple(newest[asked] for asked in sorted(newest))


def ask(tree: Tree, question: str) -> tuple[Tree, int]:
    """A new question after the last turn shown."""
    path = tree.path()
    return _added(tree, Turn(question, parent=path[-1].id if path else 0))


def answer_again(tree: Tree, turn_id: int) -> tuple[Tree, int]:
    """A new version of an answer, still to be made; the old ones stay, with what follows them.
    An answer without a word is no version."""
    turn = _finished(tree, turn_id)
    wordless = not turn.answer and not _children(tree, turn_id)
    tree, new = _added(tree, Turn(turn.question, parent=turn.parent, asked=turn.asked))
    return (_without(tree, turn_id) if wordless else tree), new


def ask_otherwise(tree: Tree, turn_id: int, question: str) -> tuple[Tree, int]:
    """A new version of a question, still to be answered."""
    turn = _finished(tree, turn_id)
    return _added(tree, Turn(question, parent=turn.parent))


def correct(tree: Tree, turn_id: int, answer: str) -> tuple[Tree, int]:
    """A version of the answer in a person's words. What follows is shown after it from now on."""
    turn = _finished(tree, turn_id)
    tree, new = _added(
        tree,
        Turn(turn.question, answer, "done", edited=True, parent=turn.parent, asked=turn.asked),
    )
    turns = dict(tree.turns)
    for child in _children(tree, turn.id):
        turns[child.id] = replace(child, parent=new)
    turns[new] = replace(turns[new], next=turn.next)
    turns[turn.id] = replace(turn, next=0)
    return Tree(turns, tree.first), new


def go_on(
    tree: Tree, turn_id: int, begun: str | None = None, tokens: tuple[int, ...] = ()
) -> tuple[Tree, int]:
    """An answer that begins like this one and is to be continued.

    It takes this one's place, unless something follows that, or it begins with other words.

    Args:
        begun: words of the answer to begin with; by default all that this turn has.
        tokens: their ids, where they are known.

    Raises:
        BadInput: there is no word to go on from.
    """
    turn = _finished(tree, turn_id)
    in_place = begun is None and not any(_children(tree, turn_id))
    receipt = turn.receipt
    if begun is None:
        begun, tokens = turn.answer, turn.tokens
    elif receipt is not None:
        receipt = {**receipt, "picked": True}  # the last of its words is a person's
    if not begun:
        raise BadInput("There is no answer to continue.", remedy="Regenerate it instead.")
    tree, new = _added(
        tree,
        Turn(
            turn.question,
            begun,
            receipt=receipt,
            tokens=tokens,
            parent=turn.parent,
            asked=turn.asked,
        ),
    )
    return (_without(tree, turn_id) if in_place else tree), new


def show(tree: Tree, turn_id: int) -> Tree:
    """Another version in its place, with the turns that were last shown after it."""
    turn = tree.turn(turn_id)
    return _pointed(tree, turn.parent, turn.id)


def delete(tree: Tree, turn_id: int) -> Tree:
    """Take out a question with all its answers. What follows them stays, one place higher."""
    turn = tree.turn(turn_id)
    removed = answer_versions(tree, turn_id)
    for one in removed:
        _finished(tree, one)
    turns = dict(tree.turns)
    for one in removed:
        for child in _children(tree, one):
            turns[child.id] = replace(child, parent=turn.parent)
        turns[one] = replace(turns[one], next=0, gone=True)
    rest = Tree(turns, tree.first)
    others = [sibling.id for sibling in _children(rest, turn.parent)]
    following = turn.next if turn.next in others else next(reversed(others), 0)
    return _pointed(rest, turn.parent, following)


def _children(tree: Tree, parent: int) -> list[Turn]:
    """The turns that follow one, in any version, oldest first."""
    found = (turn for turn in tree.turns.values() if turn.parent == parent and not turn.gone)
    return sorted(found, key=lambda turn: turn.id)


def _without(tree: Tree, turn_id: int) -> Tree:
    return Tree({**tree.turns, turn_id: replace(tree.turns[turn_id], gone=True)}, tree.first)


def _finished(tree: Tree, turn_id: int) -> Turn:
    turn = tree.turn(turn_id)
    if turn.state in UNFINISHED:
        raise Conflict("The answer is still on its way.", remedy="Stop it first.")
    return turn


def _added(tree: Tree, turn: Turn) -> tuple[Tree, int]:
    new = max(tree.turns, default=0) + 1
    turn = replace(turn, id=new, asked=turn.asked or new)
    return _pointed(Tree({**tree.turns, new: turn}, tree.first), turn.parent, new), new


def _pointed(tree: Tree, parent: int, following: int) -> Tree:
    """`following` is shown after `parent`."""
    if not parent:
        return Tree(tree.turns, following)
    turn = replace(tree.turns[parent], next=following)
    return Tree({**tree.turns, parent: turn}, tree.first)
