"""Tags, notes and likes beside the turns."""

import pytest

from chatbot.dataset import marks
from chatbot.errors import BadInput


def test_what_is_set_is_read_and_taken_away_without_a_trace(talk):
    plain = talk("Hi", "Ahoy", weight=2)
    marked = marks.with_liked(marks.with_note(marks.with_tags(plain, ["b", "a"]), " n "), True)

    assert marks.tags_of(marked) == ("b", "a")
    assert marks.note_of(marked) == "n"
    assert marks.is_liked(marked)
    bare = marks.with_liked(marks.with_note(marks.with_tags(marked, []), ""), False)
    assert bare == plain


def test_a_tag_is_one_line_and_stands_once(talk):
    tagged = marks.with_tags(talk("Hi"), ["two\n words", "two words", " ", "x"])

    assert marks.tags_of(tagged) == ("two words", "x")
    with pytest.raises(BadInput, match="40 characters"):
        marks.tagged(tagged, "x" * 41)


@pytest.mark.parametrize("strange", ["tea", 3, None, {"a": 1}, [1, None]])
def test_what_others_wrote_there_counts_as_nothing(talk, strange):
    conversation = talk("Hi", tags=strange, note=strange if strange != "tea" else 1, liked="yes")

    assert marks.tags_of(conversation) == ()
    assert marks.note_of(conversation) == ""
    assert not marks.is_liked(conversation)


def test_all_tags_in_order(talk):
    rows = [talk("1", tags=["b", "A"]), talk("2"), talk("3", tags=["a", "b"])]

    assert marks.all_tags(rows) == ("A", "a", "b")
