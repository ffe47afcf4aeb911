"""Filters and orders of the list."""

import pytest

from chatbot.dataset.marks import with_liked, with_note, with_tags
from chatbot.dataset.selection import LENGTHS, ORDERS, Filters, select
from chatbot.messages import Conversation, Message


@pytest.fixture
def four(talk) -> list[Conversation]:
    system = Conversation((Message("system", "Be brief."), *talk("b", "1").messages))
    return [
        with_tags(talk("d", "22"), ["sea", "tea"]),
        with_liked(system, True),
        with_note(talk("a", "1", "c", "1", "e"), "look again"),
        with_tags(talk("C", "x" * 1300, "more", "y"), ["tea"]),
    ]


@pytest.mark.parametrize(
    ("filters", "shown"),
    [
        (Filters(), [0, 1, 2, 3]),
        (Filters(tags=("tea",)), [0, 3]),
        (Filters(tags=("sea", "")), [0, 1, 2]),
        (Filters(liked=True), [1]),
        (Filters(noted=True), [2]),
        (Filters(length="single"), [0, 1]),
        (Filters(length="some"), [3]),
        (Filters(length="many"), [2]),
        (Filters(length="wordy"), [3]),
        (Filters(tags=("tea",), length="single"), [0]),
    ],
)
def test_filters_leave_what_they_say(four, filters, shown):
    assert select(four, range(4), filters) == shown


@pytest.mark.parametrize(
    ("order", "shown"),
    [
        ("file", [0, 1, 2, 3]),
        ("newest", [3, 2, 1, 0]),
        ("title", [2, 1, 3, 0]),
        ("longest", [3, 1, 2, 0]),
        ("shortest", [0, 2, 1, 3]),
        ("turns", [2, 3, 1, 0]),
    ],
)
def test_orders(four, order, shown):
    assert select(four, range(4), Filters(), order=order) == shown


def test_only_what_was_found_and_is_among_the_wanted_ones(four):
    assert select(four, [0, 2, 3], Filters(), among={2, 1}) == [2]


def test_filters_are_counted():
    assert Filters().count == 0
    assert Filters(("a", "b"), "many", True, True).count == 4


def test_every_length_and_order_has_a_title():
    assert all(name and text for name, (text, _) in LENGTHS.items())
    assert all(name and text for name, (text, _, _) in ORDERS.items())
