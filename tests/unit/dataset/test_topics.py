"""Topics as a map: alike lies together, always the same, and nothing is too odd for it."""

import warnings
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.dataset import topics
from chatbot.dataset.topics import TopicMap, topic_map
from chatbot.messages import Conversation, Message, assistant, user

FOOD = ("soup", "bread", "butter", "onion", "pepper")
SHIPS = ("harbour", "anchor", "sail", "captain", "storm")


def talk(*texts: str) -> Conversation:
    return Conversation(tuple((user, assistant)[n % 2](text) for n, text in enumerate(texts)))


def two_subjects(count: int) -> list[Conversation]:
    rows = []
    for n in range(count):
        a, b, c = (5 * n // 7, n // 2, n // 3)
        for kind in (FOOD, SHIPS):
            rows.append(
                talk(f"What about {kind[a % 5]} and {kind[b % 5]}, {n}?", f"The {kind[c % 5]} is.")
            )
    return rows


def test_conversations_about_the_same_are_one_topic_and_close_together() -> None:
    made = topic_map(two_subjects(6))
    assert len(made.topics) == 2
    assert [point.index for point in made.points] == list(range(12))
    food = {point.topic for point in made.points if point.index % 2 == 0}
    ships = {point.topic for point in made.points if point.index % 2 == 1}
    assert len(food) == len(ships) == 1
    assert food != ships
    named = made.topics[food.pop()].name.split(", ")
    assert set(named) <= set(FOOD)
    assert [topic.size for topic in made.topics] == [6, 6]


def test_the_same_set_gives_the_same_map() -> None:
    rows = two_subjects(20)
    assert topic_map(rows) == topic_map(rows)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5])
def test_few_are_a_map_too(count: int) -> None:
    made = topic_map([talk(f"word{n} other{n}") for n in range(count)])
    assert len(made.points) == made.total == count
    assert sum(topic.size for topic in made.topics) == count
    assert len({(point.x, point.y) for point in made.points}) == count


def test_equal_ones_lie_beside_each_other() -> None:
    made = topic_map([talk("Who are you?", "Wick.")] * 40)
    assert len(made.topics) == 1
    assert len({(point.x, point.y) for point in made.points}) == 40


def test_conversations_without_text_are_left_out() -> None:
    made = topic_map([talk(""), talk("Tea?"), Conversation(()), talk(" \n")])
    assert [point.index for point in made.points] == [1]
    assert topic_map([talk("")]) == TopicMap((), (), 0)


def test_a_system_text_says_nothing_about_the_topic() -> None:
    shared = Message("system", "You are Wick, keeper of the light, and like tea.")
    rows = two_subjects(6)
    told = [Conversation((shared, *row.messages)) for row in rows]
    assert topic_map(told) == topic_map(rows)


@pytest.mark.parametrize(
    "texts",
    [
        ["😀", "🎉🎉", "🐟", "🐟 🎉", "😀😀"],
        ["你是谁我是灯塔看守人", "你喜欢茶吗", "今天的天气很好", "灯塔在哪里", "茶在哪里"],
        ["ใครอยู่ที่นั่น", "สวัสดี", "ขอบคุณ", "ชา", "เรือ"],
        ["?", "!", "...", "??", "--"],
        ["a", "b", "c", "d", "e"],
    ],
)
def test_any_script_is_named(texts: list[str]) -> None:
    made = topic_map([talk(text) for text in texts])
    assert len(made.points) == len(texts)
    assert all(topic.name for topic in made.topics)


def test_a_large_set_is_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topics, "MOST_POINTS", 30)
    monkeypatch.setattr(topics, "_LAID_OUT", 20)
    rows = two_subjects(40)
    made = topic_map(rows)
    assert made.total == 80
    assert len(made.points) == 30
    indices = [point.index for point in made.points]
    assert all(a < b for a, b in pairwise(indices))
    assert indices != list(range(30))
    assert topic_map(rows, seed=1) != made


def test_the_largest_topic_comes_first() -> None:
    rows = [*two_subjects(10), *(row for row in two_subjects(24)[1::2])]
    sizes = [topic.size for topic in topic_map(rows).topics]
    assert sizes == sorted(sizes, reverse=True)
    assert sum(sizes) == len(rows)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.text(max_size=12), max_size=3), max_size=14))
def test_whatever_is_said_makes_a_map_without_a_warning(rows: list[list[str]]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = topic_map([talk(*row) for row in rows])
    spoken = [n for n, row in enumerate(rows) if any(text.strip() for text in row)]
    assert [point.index for point in made.points] == spoken
    assert all(-1.5 < value < 1.5 for point in made.points for value in (point.x, point.y))
    assert all(0 <= point.topic < len(made.topics) for point in made.points)
