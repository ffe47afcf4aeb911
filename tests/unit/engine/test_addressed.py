"""Whatever an address says becomes settings that work, and what was wrong is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.engine.addressed import from_address
from chatbot.engine.sampling import LIMITS, PRESETS, SamplingParams

START = PRESETS["Factual"]


def test_what_the_address_names_is_taken_and_the_rest_stays() -> None:
    query = {"temperature": ["1.25"], "top_k": ["7"], "seed": ["3"], "chat": ["x"], "stop": ["Bye"]}
    params, said = from_address(query, START)
    assert said == []
    assert params == SamplingParams(1.25, START.top_p, 7, 1.0, seed=3, stop=("Bye",))


@pytest.mark.parametrize(
    ("name", "text", "taken", "words"),
    [
        ("temperature", "9", 2.0, "it can be from 0 to 2. 2 is used."),
        ("temperature", "-1", 0.0, "0 is used."),
        ("top_p", "0", 0.01, "it can be above 0 to 1. 0.01 is used."),
        ("top_k", "many", START.top_k, "no number: many. It is left out."),
        ("seed", "nan", None, "no number"),
        ("min_p", "1e999", 0.0, "no number"),
        ("max_new_tokens", "999999", 2048, "2048 is used."),
        ("typical_p", "<script>alert(1)</script>", 1.0, "no number: <script>alert(1)</sc…"),
    ],
)
def test_what_cannot_be_is_told(name: str, text: str, taken: float | None, words: str) -> None:
    params, [said] = from_address({name: [text]}, START)
    assert getattr(params, name) == taken
    assert words in said


@given(
    st.dictionaries(st.sampled_from([*LIMITS, "stop", "other"]), st.lists(st.text(), max_size=10))
)
def test_any_address_gives_settings(query: dict[str, list[str]]) -> None:
    params, _ = from_address(query, START)
    assert isinstance(params, SamplingParams)
