"""Five values of one setting, and the words that two answers share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot import strips
from chatbot.engine.sampling import LIMITS, SamplingParams
from chatbot.errors import BadInput
from chatbot.strips import SCALES, marked, no_effect, variants

HERE = SamplingParams(temperature=0.7, top_p=0.9, top_k=50, max_new_tokens=400, seed=None)


def test_only_the_chosen_setting_differs() -> None:
    found = variants(HERE, "temperature", 0.0, 1.6, seed=7)
    assert [each.temperature for each in found] == [0.0, 0.4, 0.8, 1.2, 1.6]
    rest = {(each.top_p, each.top_k, each.repetition_penalty, each.seed) for each in found}
    assert rest == {(0.9, 50, 1.0, 7)}
    assert {each.max_new_tokens for each in found} == {strips.LONGEST}


def test_a_short_answer_stays_short() -> None:
    short = SamplingParams(max_new_tokens=12)
    assert {v.max_new_tokens for v in variants(short, "top_p", 0.2, 1.0, seed=1)} == {12}


@pytest.mark.parametrize("setting", list(SCALES))
def test_what_a_strip_offers_the_sampler_takes(setting: strips.Setting) -> None:
    scale = SCALES[setting]
    for low, high in ((scale.lowest, scale.highest), (scale.low, scale.high)):
        found = variants(HERE, setting, low, high, seed=1)
        assert [getattr(found[n], setting) for n in (0, -1)] == [low, high]
        assert len({getattr(each, setting) for each in found}) == strips.COLUMNS
    assert LIMITS[setting].allow(scale.lowest)
    assert LIMITS[setting].allow(scale.highest)


def test_a_range_of_one_value_is_refused() -> None:
    with pytest.raises(BadInput, match="five times the same"):
        variants(HERE, "top_p", 0.5, 0.5, seed=1)


def test_settings_that_can_change_nothing_are_told() -> None:
    assert "likeliest" in no_effect(SamplingParams(temperature=0), "top_p")
    assert "Top-k is 1" in no_effect(SamplingParams(top_k=1), "temperature")
    assert no_effect(SamplingParams(temperature=0), "repetition_penalty") == ""
    assert no_effect(HERE, "top_p") == ""


def test_the_words_that_differ_are_marked() -> None:
    assert marked("I like green tea.", "I like rain and tea.") == (
        (True, "I like"),
        (False, " green"),
        (True, " tea."),
    )
    assert marked("a walk and a red boat on the sea in rain", "the cat and a red boat on time") == (
        (False, "a walk"),
        (True, " and a red boat on"),
        (False, " the sea in rain"),
    )
    assert marked("this and that", "cats and dogs") == ((False, "this and that"),)
    assert marked("", "anything") == ()
    assert marked("all new", "") == ((False, "all new"),)


def test_what_nobody_knows_yet_is_not_marked() -> None:
    middle = "I like rain and tea in the"
    longer = marked("I like green tea and rain too and more", middle, unfinished=True)
    assert longer == ((True, "I like"), (False, " green tea"), (True, " and rain too and more"))
    ahead = middle + " evening by the sea"
    assert marked(ahead, middle, unfinished=True) == ((True, middle[:-11]), (True, ahead[15:]))
    assert marked("Not so", "", unfinished=True) == ((True, "Not so"),)


@given(st.text(), st.text(), st.booleans())
def test_the_pieces_are_the_text(text: str, other: str, unfinished: bool) -> None:
    assert "".join(piece for _, piece in marked(text, other, unfinished=unfinished)) == text
    assert all(same for same, _ in marked(text, text))
