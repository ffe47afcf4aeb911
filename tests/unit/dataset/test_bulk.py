"""One change for many conversations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.dataset import bulk
from chatbot.dataset.marks import tags_of
from chatbot.errors import BadInput
from chatbot.messages import Conversation, assistant, user


def texts(conversation: Conversation) -> list[str]:
    return [message.text for message in conversation.messages]


def test_only_the_chosen_ones_change_and_the_rest_are_the_same_objects(dozen):
    result = bulk.outcome(dozen, [1, 3], bulk.replacing("question", "Riddle"))

    assert [index for index, _, _ in result.changed] == [1, 3]
    assert texts(result.conversations[1]) == ["Riddle 2?", "Answer 2."]
    assert all(result.conversations[n] is dozen[n] for n in range(12) if n not in (1, 3))


def test_a_change_that_changes_nothing_is_none(dozen):
    result = bulk.outcome(dozen, range(12), bulk.replacing("nowhere", "x"))

    assert result.changed == ()
    assert result.conversations == dozen


def test_deleted_ones_go_and_the_others_close_up(dozen):
    result = bulk.outcome(dozen, [0, 11], bulk.deleting())

    assert result.conversations == dozen[1:11]
    assert [(index, after) for index, _, after in result.changed] == [(0, None), (11, None)]


def test_tags_are_given_once_and_taken_away(dozen):
    once = bulk.outcome(dozen, [0], bulk.tagging("  two   words "))
    assert tags_of(once.conversations[0]) == ("two words",)
    again = bulk.outcome(once.conversations, [0, 1], bulk.tagging("two words"))
    assert [index for index, _, _ in again.changed] == [1]
    gone = bulk.outcome(again.conversations, range(12), bulk.untagging("two words"))
    assert gone.conversations == dozen


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "x xalogue x xs"),
        ({"match_case": True}, "Cat xalogue x xs"),
        ({"whole_words": True}, "x catalogue x cats"),
        ({"match_case": True, "whole_words": True}, "Cat catalogue x cats"),
    ],
)
def test_find_and_replace_looks_for_what_was_asked(talk, options, expected):
    change = bulk.replacing("cat", "x", **options)

    assert texts(change(talk("Cat catalogue cat cats")))[0] == expected


def test_signs_are_looked_for_as_they_stand(talk):
    assert texts(bulk.replacing("a.b(", r"\1")(talk("a.b( axb("))) == [r"\1 axb("]


def test_a_new_name_keeps_capitals_and_leaves_other_words_alone(talk):
    change = bulk.renaming("Wick", "Ada")
    renamed = change(talk("Wick's lamp, WICK! the wick, Wicker", "I'm Wick."))

    assert texts(renamed) == ["Ada's lamp, ADA! the ada, Wicker", "I'm Ada."]


def test_places_are_filled_in(talk):
    change = bulk.filling({"name": "Ada", "home": ""})

    assert texts(change(talk("{{name}} of {{home}}"))) == ["Ada of {{home}}"]


@pytest.mark.parametrize(
    "making",
    [
        lambda: bulk.replacing("", "x"),
        lambda: bulk.tagging("  "),
        lambda: bulk.tagging("x" * 41),
        lambda: bulk.renaming("", "Ada"),
        lambda: bulk.renaming("Wick", " "),
    ],
)
def test_what_is_missing_is_said(making):
    with pytest.raises(BadInput):
        making()


@given(
    wanted=st.text(min_size=1, max_size=5),
    by=st.text(max_size=5),
    words=st.text(max_size=60),
)
def test_replacing_is_what_the_texts_say(wanted, by, words):
    change = bulk.replacing(wanted, by, match_case=True)
    conversation = Conversation((user(words), assistant("")))

    changed = change(conversation)
    assert changed is not None
    assert texts(changed)[0] == words.replace(wanted, by)
