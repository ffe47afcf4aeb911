"""What an edit is called in front of people."""

import pytest

from chatbot.dataset.changes import Edit, label_of, title
from chatbot.messages import Conversation, Message, assistant, user

HI = Conversation((user("Hi"), assistant("Hello")))
LONGER = Conversation((*HI.messages, user("And?"), assistant("Then.")))
BLANK = Conversation((user(""), assistant(" ")))


@pytest.mark.parametrize(
    ("before", "after", "label"),
    [
        (None, HI, "Added “Hi”"),
        (None, BLANK, "New conversation"),
        (HI, None, "Deleted “Hi”"),
        (HI, LONGER, "Added a turn to “Hi”"),
        (LONGER, HI, "Deleted a turn of “Hi”"),
        (HI, Conversation(HI.messages[::-1]), "Moved a turn of “Hi”"),
        (HI, Conversation((user("Ho"), assistant("Hello"))), "Edited “Hi”"),
        (BLANK, HI, "Edited “Hi”"),
    ],
)
def test_labels(before, after, label):
    assert label_of(Edit(0, before, after)) == label


def test_titles_are_short_and_never_empty():
    assert title(BLANK) == "Empty conversation"
    assert title(Conversation((Message("system", "Be kind."), user("Hi\n there  you")))) == (
        "Hi there you"
    )
    assert title(Conversation((assistant("Only me"),))) == "Only me"
    long = title(Conversation((user("word " * 40),)))
    assert len(long) <= 60
    assert long.endswith("word…")


def test_an_edit_and_its_inverse_cancel_out():
    for edit in (Edit(1, None, HI), Edit(1, HI, None), Edit(1, HI, LONGER)):
        rows = [BLANK, edit.before, BLANK] if edit.before else [BLANK, BLANK]
        changed = list(rows)
        edit.apply(changed)
        assert changed != rows
        edit.inverse().apply(changed)
        assert changed == rows
