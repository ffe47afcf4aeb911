"""The sketches show what a setting does, in the direction in which the sampler does it."""

import pytest

from chatbot.engine.sampling import LIMITS
from chatbot.engine.sketches import GONE, LOGITS, sketch

TOP, LAST = 0, len(LOGITS) - 1


def test_a_hotter_distribution_is_flatter() -> None:
    cold, usual, hot = (sketch("temperature", value) for value in (0.3, 1.0, 2.0))
    assert cold[1] < usual[1] < hot[1]
    assert sketch("temperature", 0) == "█" + GONE * LAST


@pytest.mark.parametrize("name", ["top_p", "typical_p"])
def test_less_of_the_mass_leaves_fewer(name: str) -> None:
    left = [len(LOGITS) - sketch(name, value).count(GONE) for value in (0.05, 0.3, 0.6, 0.9, 1.0)]
    assert left == sorted(left)
    assert left[0] >= 1
    assert left[-1] == len(LOGITS)


def test_top_k_leaves_so_many_and_zero_all() -> None:
    assert [sketch("top_k", value).count(GONE) for value in (0, 1, 3, 12, 200)] == [0, 11, 9, 0, 0]


def test_min_p_drops_from_the_end() -> None:
    assert GONE not in sketch("min_p", 0)
    assert sketch("min_p", 1.0) == "█" + GONE * LAST
    assert sketch("min_p", 0.3).rstrip(GONE).count(GONE) == 0


def test_a_penalty_sinks_what_was_said() -> None:
    assert sketch("repetition_penalty", 1.8)[1] < sketch("repetition_penalty", 1.0)[1]
    assert sketch("repetition_penalty", 0.6)[1] > sketch("repetition_penalty", 1.0)[1]


def test_each_setting_can_be_drawn_at_both_ends() -> None:
    for name, limits in LIMITS.items():
        least = limits.lowest or (0.05 if limits.above else 0)
        assert bool(sketch(name, least)) == bool(sketch(name, limits.highest)) == (name != "seed")
