"""The index finds what a plain look finds, whatever was edited in between, and keeps no more."""

import gc
import weakref
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.dataset import search, text_index
from chatbot.dataset.marks import with_note, with_tags
from chatbot.dataset.search import find
from chatbot.dataset.text_index import TextIndex, words_of
from chatbot.messages import Conversation, Message

LETTERS = st.text("aAbßé\u0130\ud800\x1e\n 日👋", max_size=6)
CONVERSATIONS = st.builds(
    Conversation,
    st.lists(st.builds(Message, st.just("user"), LETTERS), max_size=3).map(tuple),
    st.just({}) | st.fixed_dictionaries({"tags": st.lists(LETTERS, max_size=2), "note": LETTERS}),
)


@pytest.fixture
def indexed(monkeypatch) -> TextIndex:
    """Even the smallest list is indexed, in blocks of three."""
    monkeypatch.setattr(search, "_FEW", 0)
    monkeypatch.setattr(text_index, "_BLOCK", 3)
    monkeypatch.setattr(search, "_index", TextIndex())
    return search._index


def plainly(conversations: Sequence[Conversation], query: str) -> list[int]:
    words = query.casefold().split()
    texts = [words_of(conversation).casefold() for conversation in conversations]
    return [n for n, text in enumerate(texts) if all(word in text for word in words)]


def test_every_word_is_looked_for_in_every_turn_in_any_case(talk, indexed):
    rows = (talk("Who are you?", "I keep the LIGHT."), talk("Straße", "MASSE"), talk("light", "no"))

    assert find(rows, "light") == [0, 2]
    assert find(rows, "Light who") == [0]
    assert find(rows, "STRASSE masse") == [1]
    assert find(rows, "you?i") == []
    assert find(rows, " \n") == [0, 1, 2]
    assert find((), "light") == []


def test_tags_and_notes_are_searched_too(talk):
    rows = (
        with_tags(talk("a", "b"), ["Greeting"]),
        with_note(talk("a", "b"), "too short"),
        talk("a", "b", other="Greeting"),
    )

    assert find(rows, "greet") == [0]
    assert find(rows, "SHORT a") == [1]


@given(
    st.lists(CONVERSATIONS, max_size=12),
    st.lists(st.tuples(st.integers(0, 12), st.none() | CONVERSATIONS, st.booleans()), max_size=8),
    st.lists(LETTERS, min_size=1, max_size=3).map(" ".join),
)
def test_the_index_equals_a_plain_look_after_any_edits(conversations, edits, query):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_index, "_BLOCK", 3)
        index = TextIndex()
        rows = tuple(conversations)
        for at, conversation, insert in [(0, None, True), *edits]:
            if conversation is not None:
                rows = (*rows[:at], conversation, *rows[at if insert else at + 1 :])
            elif not insert:
                rows = rows[:at] + rows[at + 1 :]
            words = query.casefold().split() or ["a"]
            assert index.find(rows, words) == plainly(rows, " ".join(words))


def test_an_edit_lays_out_only_its_own_block(talk, indexed, monkeypatch):
    rows = tuple(talk(f"number {n}", "ok") for n in range(30))
    find(rows, "ok")
    laid_out: list[Conversation] = []
    monkeypatch.setattr(text_index, "words_of", lambda c: laid_out.append(c) or words_of(c))

    changed = (*rows[:10], talk("changed", "ok"), *rows[11:])
    assert find(changed, "changed") == [10]
    assert len(laid_out) == 3
    shorter = (*changed[:4], *changed[5:])
    assert find(shorter, "number 29") == [28]
    assert len(laid_out) == 5


def test_added_ones_share_a_block(talk, indexed):
    rows = tuple(talk(f"number {n}", "ok") for n in range(3))
    for n in range(3, 60):
        rows = (*rows, talk(f"number {n}", "ok"))
        assert find(rows, f"number {n}") == [n]

    assert len(indexed._blocks) < 25


class Noticed(Conversation):
    """One of which can be told whether it is still held: without slots it has weak references."""


def test_what_was_replaced_is_let_go(talk, indexed):
    old = tuple(Noticed(talk(f"number {n}", "ok").messages) for n in range(7))
    gone = [weakref.ref(conversation) for conversation in old]
    find(old, "ok")
    del old
    find(tuple(talk(f"number {n}", "ok") for n in range(7)), "")

    gc.collect()
    assert not any(reference() for reference in gone)


def test_the_same_read_again_is_not_held_twice(talk, indexed):
    old = tuple(Noticed(talk(f"number {n}", "ok").messages) for n in range(7))
    gone = [weakref.ref(conversation) for conversation in old]
    find(old, "ok")
    new = tuple(Noticed(talk(f"number {n}", "ok").messages) for n in range(7))
    find(new, "ok")
    del old

    gc.collect()
    assert not any(reference() for reference in gone)
