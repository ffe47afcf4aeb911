"""A chat as a tree: every version is kept, and every change can be taken back."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot import chat_tree
from chatbot.chat_links import MOST_STEPS, sound
from chatbot.chat_tree import Tree, Turn
from chatbot.errors import BadInput, Conflict
from chatbot.transcript import Transcript, new_id

THREE = (Turn("a", "1", "done"), Turn("b", "2", "done"), Turn("c", "3", "done"))


def three() -> Tree:
    return Transcript(new_id(), THREE).tree


def words(tree: Tree) -> list[tuple[str, str]]:
    return [(turn.question, turn.answer) for turn in tree.path()]


def answered(tree: Tree, turn_id: int, answer: str) -> Tree:
    turn = replace(tree.turns[turn_id], answer=answer, state="done")
    return Tree({**tree.turns, turn_id: turn}, tree.first)


def test_turns_in_a_row_are_numbered_and_linked() -> None:
    turns = three().path()
    assert [turn.id for turn in turns] == [1, 2, 3]
    assert [turn.parent for turn in turns] == [0, 1, 2]
    assert [turn.next for turn in turns] == [2, 3, 0]


def test_a_new_answer_is_a_version_and_the_old_branch_comes_back_whole() -> None:
    tree, new = chat_tree.answer_again(three(), 2)
    assert words(tree) == [("a", "1"), ("b", "")]
    assert chat_tree.answer_versions(tree, new) == (2, new)
    tree = answered(tree, new, "two")
    tree, later = chat_tree.ask(tree, "d")
    assert words(answered(tree, later, "4")) == [("a", "1"), ("b", "two"), ("d", "4")]
    tree = chat_tree.show(tree, 2)
    assert words(tree) == words(three())
    tree = chat_tree.show(tree, new)
    assert [turn.question for turn in tree.path()] == ["a", "b", "d"]  # as it was left


def test_another_question_is_a_version_of_the_question() -> None:
    tree, new = chat_tree.ask_otherwise(three(), 1, "A?")
    assert words(tree) == [("A?", "")]
    assert chat_tree.question_versions(tree, new) == (1, new)
    assert chat_tree.answer_versions(tree, new) == (new,)
    assert words(chat_tree.show(tree, 1)) == words(three())


def test_a_question_with_two_answers_is_one_version_of_the_question() -> None:
    tree, again = chat_tree.answer_again(three(), 3)
    tree = answered(tree, again, "drei")
    tree, other = chat_tree.ask_otherwise(tree, again, "C?")
    assert chat_tree.question_versions(tree, other) == (again, other)
    tree = chat_tree.show(tree, 3)
    assert chat_tree.question_versions(tree, 3) == (3, other)


def test_a_corrected_answer_keeps_what_follows_and_the_old_words() -> None:
    tree, new = chat_tree.correct(three(), 2, "TWO")
    assert words(tree) == [("a", "1"), ("b", "TWO"), ("c", "3")]
    assert tree.turns[new].edited
    assert words(chat_tree.show(tree, 2)) == [("a", "1"), ("b", "2")]
    assert words(chat_tree.show(chat_tree.show(tree, 2), new)) == words(tree)


def test_a_continued_answer_takes_the_place_of_the_shorter_one() -> None:
    tree, new = chat_tree.go_on(three(), 3)
    assert tree.turns[new].answer == "3"
    assert chat_tree.answer_versions(tree, new) == (new,)
    tree, new = chat_tree.go_on(three(), 2)
    assert chat_tree.answer_versions(tree, new) == (2, new)  # something follows the shorter one
    tree, new = chat_tree.go_on(three(), 3, begun="thr", tokens=(5, 6))
    assert chat_tree.answer_versions(tree, new) == (3, new)
    assert (tree.turns[new].answer, tree.turns[new].tokens) == ("thr", (5, 6))
    assert tree.turns[new].receipt is None


def test_a_receipt_knows_that_its_last_word_was_picked() -> None:
    made = Transcript(new_id(), (Turn("a", "1", "done", {"model": "m"}),)).tree
    tree, new = chat_tree.go_on(made, 1, begun="one", tokens=(5,))
    assert tree.turns[new].receipt == {"model": "m", "picked": True}
    tree, new = chat_tree.go_on(made, 1)
    assert tree.turns[new].receipt == {"model": "m"}


def test_what_is_deleted_leaves_what_follows() -> None:
    tree, again = chat_tree.answer_again(three(), 2)
    tree = chat_tree.show(answered(tree, again, "two"), 2)
    tree = chat_tree.delete(tree, 2)
    assert words(tree) == [("a", "1"), ("c", "3")]
    assert chat_tree.answer_versions(tree, 3) == (3,)
    assert words(chat_tree.delete(tree, 1)) == [("c", "3")]
    assert words(chat_tree.delete(chat_tree.delete(tree, 1), 3)) == []


def test_after_a_deletion_the_other_version_of_the_question_is_shown() -> None:
    tree, new = chat_tree.ask_otherwise(three(), 3, "C?")
    assert words(chat_tree.delete(answered(tree, new, "x"), new)) == words(three())


def test_what_is_gone_or_unfinished_is_refused_calmly() -> None:
    tree = chat_tree.delete(three(), 2)
    for change in (chat_tree.show, chat_tree.delete, chat_tree.answer_again):
        with pytest.raises(Conflict, match="no longer part"):
            change(tree, 2)
    growing, new = chat_tree.ask(three(), "d")
    with pytest.raises(Conflict, match="on its way"):
        chat_tree.delete(growing, new)
    nothing, last = chat_tree.ask(Tree(), "d")
    stopped = Tree({last: replace(nothing.turns[last], state="stopped")}, last)
    with pytest.raises(BadInput, match="no answer"):
        chat_tree.go_on(stopped, last)


def test_an_answer_without_a_word_is_no_version() -> None:
    tree, new = chat_tree.ask(three(), "d")
    tree = Tree({**tree.turns, new: replace(tree.turns[new], state="failed")}, tree.first)
    tree, again = chat_tree.answer_again(tree, new)
    assert chat_tree.answer_versions(tree, again) == (again,)


Deed = tuple[str, int]
DEEDS = st.lists(
    st.tuples(
        st.sampled_from(["ask", "again", "otherwise", "correct", "go on", "show", "delete"]),
        st.integers(0, 10),
    ),
    max_size=25,
)


def done(chat: Transcript, deed: Deed, number: int) -> Transcript:
    """The chat after a deed to one of its turns, whose answer is there at once."""
    what, pick = deed
    tree = chat.tree
    alive = [turn for turn in tree.turns.values() if not turn.gone]
    shown = tree.path()
    if what == "ask" or not shown:
        tree, new = chat_tree.ask(tree, f"q{number}")
    elif what == "show":
        at = shown[pick % len(shown)].id
        versions = chat_tree.answer_versions(tree, at) + chat_tree.question_versions(tree, at)
        return chat.changed(what, chat_tree.show(tree, versions[pick % len(versions)]))
    elif what == "delete":
        return chat.changed(what, chat_tree.delete(tree, alive[pick % len(alive)].id))
    else:
        at = shown[pick % len(shown)].id
        tree, new = {
            "again": lambda: chat_tree.answer_again(tree, at),
            "otherwise": lambda: chat_tree.ask_otherwise(tree, at, f"q{number}"),
            "correct": lambda: chat_tree.correct(tree, at, f"c{number}"),
            "go on": lambda: chat_tree.go_on(tree, at),
        }[what]()
    changed = chat.changed(what, tree)
    return changed.with_turn(changed.place(new), answer=f"a{number}", state="done")


@settings(max_examples=100, deadline=None)
@given(DEEDS)
def test_undo_leads_back_step_by_step_and_redo_forth_again(deeds: list[Deed]) -> None:
    stages = [Transcript(new_id(), THREE)]
    for number, deed in enumerate(deeds):
        stages.append(done(stages[-1], deed, number))
    chat = stages[-1]
    for before in reversed(stages[:-1]):
        chat = chat.undone()
        assert chat.turns == before.turns
        assert alive(chat) == alive(before)
    for after in stages[1:]:
        chat = chat.redone()
        assert words(chat.tree) == words(after.tree)
    assert (chat.turns, chat.aside) == (stages[-1].turns, stages[-1].aside)


@settings(max_examples=100, deadline=None)
@given(DEEDS)
def test_no_words_are_ever_lost_and_the_links_stay_sound(deeds: list[Deed]) -> None:
    chat = Transcript(new_id(), THREE)
    for number, deed in enumerate(deeds):
        before = chat
        chat = done(chat, deed, number)
        assert set(before.tree.turns) <= set(chat.tree.turns)
        for turn_id, turn in before.tree.turns.items():
            assert (chat.tree.turns[turn_id].question, chat.tree.turns[turn_id].answer) == (
                turn.question,
                turn.answer,
            )
        assert sound(chat.tree).path() == chat.turns
        assert not any(turn.gone for turn in chat.turns)


def alive(chat: Transcript) -> dict[int, Turn]:
    return {number: turn for number, turn in chat.tree.turns.items() if not turn.gone}


def test_only_the_last_steps_are_remembered() -> None:
    chat = Transcript(new_id(), THREE)
    for number in range(MOST_STEPS + 5):
        chat = done(chat, ("again", number), number)
    for _ in range(MOST_STEPS):
        chat = chat.undone()
    with pytest.raises(BadInput, match="nothing to undo"):
        chat.undone()


def test_a_new_change_forgets_what_was_undone() -> None:
    chat = done(Transcript(new_id(), THREE), ("delete", 0), 0).undone()
    assert chat.redo
    chat = done(chat, ("again", 0), 1)
    with pytest.raises(BadInput, match="nothing to redo"):
        chat.redone()


def test_links_in_a_circle_or_into_nothing_are_cut() -> None:
    turns = {
        1: Turn("a", id=1, asked=1, parent=2, next=2),
        2: Turn("b", id=2, asked=2, parent=1, next=9),
        3: Turn("c", id=3, asked=3, parent=8, next=3),
    }
    tree = sound(Tree(turns, 1))
    assert [turn.id for turn in tree.path()] in ([1, 2], [])
    assert tree.turns[3].parent == 0
    assert tree.turns[3].next == 0
