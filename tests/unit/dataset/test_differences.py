"""What changed, word by word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.dataset import differences
from chatbot.dataset.differences import between, compare, pieces
from chatbot.dataset.marks import with_liked, with_note, with_tags
from chatbot.messages import Conversation, Message

TEXTS = st.text(alphabet="ab. \n猫พü", max_size=30)
TALKS = st.lists(
    st.builds(
        Message, st.sampled_from(["user", "assistant", "system"]), st.text("ab ", max_size=4)
    ),
    max_size=3,
).map(lambda messages: Conversation(tuple(messages)))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            "I like tea a lot",
            "I like coffee a lot",
            [("same", "I like"), ("removed", " tea"), ("added", " coffee"), ("same", " a lot")],
        ),
        ("", "new", [("added", "new")]),
        ("gone", "", [("removed", "gone")]),
        ("same", "same", [("same", "same")]),
        ("", "", []),
        ("我喜欢茶", "我喜欢猫", [("same", "我喜欢"), ("removed", "茶"), ("added", "猫")]),
    ],
)
def test_words_are_told_apart(before, after, expected):
    assert list(pieces(before, after)) == expected


@given(before=TEXTS, after=TEXTS)
def test_the_pieces_are_both_texts(before, after):
    found = pieces(before, after)

    assert "".join(text for kind, text in found if kind != "added") == before
    assert "".join(text for kind, text in found if kind != "removed") == after


def test_texts_too_long_to_compare_are_told_by_their_common_ends(monkeypatch):
    monkeypatch.setattr(differences, "MOST_COMPARISONS", 3)

    assert pieces("a b c d", "a x y d") == (
        ("same", "a"), ("removed", " b c"), ("added", " x y"), ("same", " d"),
    )  # fmt: skip


def test_an_edit_an_addition_and_a_deletion_are_told_in_their_places(dozen, talk):
    after = list(dozen)
    after[3] = talk("Question 4?", "Another answer.")
    after.insert(6, talk("New?", "Yes."))
    del after[9]  # the ninth of the dozen

    changes = compare(dozen, after)
    assert [(c.index_before, c.index) for c in changes] == [(3, 3), (None, 6), (8, None)]
    assert changes[0].words == (2, 2)  # "Answer 4." became "Another answer."
    assert changes[1].words == (2, 0)


def test_what_only_moved_is_no_change(dozen):
    assert compare(dozen, dozen[::-1]) == []


def test_a_copy_more_is_an_addition(dozen):
    (only,) = compare(dozen, (*dozen, dozen[0]))

    assert (only.index_before, only.index) == (None, 12)


@given(before=st.lists(TALKS, max_size=8), after=st.lists(TALKS, max_size=8))
def test_what_is_told_leads_from_one_set_to_the_other(before, after):
    changes = compare(before, after)

    gone = {change.index_before for change in changes}
    come = {change.index for change in changes}
    stayed = [c for n, c in enumerate(before) if n not in gone]
    here = [c for n, c in enumerate(after) if n not in come]
    assert sorted(map(repr, stayed)) == sorted(map(repr, here))
    told = [c for c in changes if c.index is not None]
    assert [
        "".join(text for kind, text in turn.pieces if kind != "removed")
        for c in told
        for turn in c.turns
        if turn.speaker is not None
    ] == [m.text for c in told for m in after[c.index].messages]


def test_turns_that_come_and_go_and_another_speaker(talk):
    before = talk("Hi", "Hello", "More?", "Gladly.")
    after = Conversation((*before.messages[:2], Message("assistant", "More?")))

    turns = between(before, after).turns
    assert [(t.speaker_before, t.speaker) for t in turns] == [
        ("user", "user"), ("assistant", "assistant"), ("user", "assistant"), ("assistant", None),
    ]  # fmt: skip


def test_tags_note_and_like_are_told(talk):
    before = with_tags(talk("Hi"), ["sea", "tea"])
    after = with_liked(with_note(with_tags(before, ["tea", "lamp"]), "again"), True)

    assert between(before, after).marks == (
        "tag added: lamp", "tag taken away: sea", "note: again", "liked",
    )  # fmt: skip
    assert between(talk("a", other=1), talk("a", other=2)).marks == (
        "what stands beside its turns",
    )
