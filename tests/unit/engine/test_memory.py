"""Readings: what is kept, what is forgotten, and that the buffer shows the right tokens."""

import pytest
import torch

from chatbot.engine import memory
from chatbot.engine.memory import Reading, Readings, split


def fill(reading: Reading, *pieces: tuple[int, ...]) -> None:
    """Read pieces as a model would: a key that holds the token's id."""
    for piece in pieces:
        states = torch.tensor(piece, dtype=torch.float32)[None, None, :, None].expand(1, 3, -1, 4)
        for layer in range(2):
            reading.cache.update(states, states + 0.5, layer)
        reading.pieces.append(piece)


def shown(reading: Reading) -> list[int]:
    keys = reading.cache.layers[1].keys
    assert keys is not None
    assert keys.shape[:2] == (1, 3)
    return keys[0, 2, :, 3].int().tolist()


def test_it_shows_all_tokens_while_it_grows() -> None:
    reading = Reading(2)
    pieces = [tuple(range(n, n + 50)) for n in range(0, 500, 50)]
    fill(reading, *pieces)
    assert shown(reading) == list(range(500))
    values = reading.cache.layers[0].values
    assert values is not None
    assert values[0, 0, :, 0].tolist() == [n + 0.5 for n in range(500)]
    assert reading.cache.get_seq_length() == reading.tokens == 500
    assert 500 <= reading.room < 1000


def test_it_keeps_the_pieces_that_are_the_same() -> None:
    reading = Reading(2)
    fill(reading, (1, 2), (3,), (4, 5, 6))
    assert reading.keep_common([(1, 2), (3,), (7, 8)]) == 2
    assert shown(reading) == [1, 2, 3]
    fill(reading, (9,))
    assert shown(reading) == [1, 2, 3, 9]
    assert reading.keep_common([(1,), (2,), (3,)]) == 0
    assert reading.tokens == 0
    fill(reading, (5,))
    assert shown(reading) == [5]


def test_it_forgets_words_beyond_its_pieces() -> None:
    reading = Reading(2)
    fill(reading, (1, 2))
    fill(reading, (3,))
    reading.pieces.pop()
    reading.forget_unfinished()
    assert shown(reading) == [1, 2]


def test_long_pieces_are_cut_at_fixed_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "LARGEST_PIECE", 4)
    assert split([(1, 2), tuple(range(9)), (3, 4, 5, 6)]) == [
        (1, 2),
        (0, 1, 2, 3),
        (4, 5, 6, 7),
        (8,),
        (3, 4, 5, 6),
    ]


def test_the_oldest_conversations_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MOST_CONVERSATIONS", 2)
    readings = Readings(2)
    for key in "abc":
        reading = readings.take(key)
        fill(reading, (1, 2, 3))
        readings.give_back(key, reading)
    assert [key in readings for key in "abc"] == [False, True, True]
    readings.give_back("b", readings.take("b"))
    readings.give_back("d", readings.take("d"))
    assert [key in readings for key in "bcd"] == [True, False, True]


def test_all_together_they_stay_below_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MOST_TOKENS", 300)
    readings = Readings(2)
    for key in "abc":
        reading = readings.take(key)
        fill(reading, tuple(range(100)))
        readings.give_back(key, reading)
    assert [key in readings for key in "abc"] == [False, True, True]


def test_a_reading_is_used_by_one_at_a_time_and_needs_a_key() -> None:
    readings = Readings(2)
    reading = readings.take("a")
    readings.give_back("a", reading)
    assert readings.take("a") is reading
    assert readings.take("a") is not reading
    readings.give_back("", reading)
    assert "" not in readings
