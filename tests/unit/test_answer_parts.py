"""Which settings chose which tokens: changed on the way, continued, picked, of older chats."""

from dataclasses import asdict
from typing import Any

import pytest

from chatbot.answer_parts import origin
from chatbot.engine.looking_back import NEUTRAL, Part
from chatbot.engine.sampling import SamplingParams

COLD, WARM = SamplingParams(temperature=0.5, stop=("x",)), SamplingParams(temperature=1.5)


def receipt(params: SamplingParams, new: int, **more: object) -> dict[str, Any]:
    return {"params": asdict(params), "new_tokens": new, "changes": (), **more}


def test_a_fresh_answer_is_of_one_piece() -> None:
    assert origin(receipt(COLD, 8), 8).parts == (Part(0, COLD, COLD, 0),)


def test_a_stop_word_leaves_fewer_tokens_than_were_made() -> None:
    assert origin(receipt(COLD, 10), 8).parts == (Part(0, COLD, COLD, 0),)


def test_changes_on_the_way_begin_parts_of_their_own() -> None:
    changes = [{"after": 3, "params": asdict(WARM)}, {"after": 9, "params": asdict(COLD)}]
    found = origin(receipt(COLD, 8, changes=changes), 8)
    assert found.parts == (Part(0, COLD, COLD, 0), Part(3, WARM, COLD, 0))


@pytest.mark.parametrize("more", [{"begun": 5}, {}])
def test_a_continued_answer_has_the_settings_of_both(more: dict[str, int]) -> None:
    found = origin(receipt(WARM, 4, before=receipt(COLD, 5), **more), 9)
    assert found.parts == (Part(0, COLD, COLD, 0), Part(5, WARM, WARM, 5))
    assert not found.picked


def test_words_of_a_person_have_no_settings() -> None:
    assert origin(None, 4).parts == (Part(0, None, NEUTRAL, 4),)
    assert origin({"service": "jokes"}, 4).parts == (Part(0, None, NEUTRAL, 4),)
    assert origin(receipt(WARM, 4, begun=5), 9).parts == (
        Part(0, None, WARM, 0),
        Part(5, WARM, WARM, 5),
    )


def test_a_picked_word_is_known_as_long_as_it_stands() -> None:
    """Picked in place of the third token, then the answer went on; then the second one."""
    first = receipt(COLD, 8, picked=True)
    went_on = receipt(WARM, 6, begun=3, before=first)
    found = origin(went_on, 9)
    assert found.parts == (Part(0, COLD, COLD, 0), Part(3, WARM, WARM, 3))
    assert found.picked == {2}
    again = receipt(COLD, 4, begun=2, before={**went_on, "picked": True})
    found = origin(again, 6)
    assert found.picked == {1}
    assert found.parts == (Part(0, COLD, COLD, 0), Part(2, COLD, COLD, 2))
    assert origin({**went_on, "picked": True}, 2).picked == {1}  # it could not go on


@pytest.mark.parametrize(
    "damaged",
    [{}, {"params": 3}, {"params": {"temperature": 9}}, {"params": {"temperature": "hot"}}],
)
def test_a_receipt_that_says_nothing_useful(damaged: dict[str, Any]) -> None:
    assert origin(damaged, 3).parts == (Part(0, None, NEUTRAL, 3),)


def test_a_damaged_change_is_left_out() -> None:
    changes = ["?", {"after": "2"}, {"after": 2, "params": None}]
    found = origin(receipt(COLD, 4, changes=changes), 4)
    assert found.parts == (Part(0, COLD, COLD, 0),)
