"""A mend takes away what it names, and leaves alone what doesn't need it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.dataset.doctor import check
from chatbot.dataset.mends import MENDS, mend
from chatbot.messages import Conversation, Message, assistant, user

TURN = st.builds(
    Message, st.sampled_from(["system", "user", "assistant"]), st.sampled_from(["", " ", "a", "b!"])
)
TALK = st.builds(Conversation, st.lists(TURN, max_size=6).map(tuple))


@pytest.mark.parametrize(
    ("key", "before", "after"),
    [
        ("empty", (user("a"), assistant(""), assistant("b")), (user("a"), assistant("b"))),
        ("empty", (user(" "), assistant("")), None),
        ("twice", (user("a"), user("b"), assistant("c")), (user("a\nb"), assistant("c"))),
        ("ending", (user("a"), assistant("b"), user("c")), (user("a"), assistant("b"))),
        ("beginning", (assistant("a"), user("b"), assistant("c")), (user("b"), assistant("c"))),
        ("beginning", (assistant("a"),), None),
        ("copy", (user("a"), assistant("b")), None),
        ("markup", (user("a"), assistant("<b>c</b>")), (user("a"), assistant("c"))),
    ],
)
def test_each_mend(
    key: str, before: tuple[Message, ...], after: tuple[Message, ...] | None
) -> None:
    extra = {"note": "kept"}
    expected = None if after is None else Conversation(after, extra)
    assert mend(Conversation(before, extra), key) == expected


@given(TALK, st.sampled_from(["empty", "twice", "ending", "beginning"]))
def test_what_does_not_need_it_stays_and_what_does_is_rid_of_it(
    talk: Conversation, key: str
) -> None:
    needed = any(finding.mend == key for finding in check([talk]))
    after = mend(talk, key)
    if not needed:
        assert after is talk
    elif after is not None:
        assert all(f.mend != key or key == "twice" for f in check([after]))


def test_a_copy_goes() -> None:
    assert mend(Conversation((user("a"), assistant("b"))), "copy") is None


def test_every_mend_has_a_button() -> None:
    assert all(each.button for each in MENDS.values())
