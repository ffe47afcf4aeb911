"""Settings that fight are told of, and each mend ends the fight."""

import pytest

from chatbot.engine.conflicts import conflicts
from chatbot.engine.sampling import PRESETS, SamplingParams


@pytest.mark.parametrize(
    ("params", "said"),
    [
        (SamplingParams(temperature=0), "so Top-p has no effect"),
        (
            SamplingParams(temperature=0, top_p=0.9, min_p=0.1, typical_p=0.5),
            "so Top-p, Min-p and Typical-p have no effect",
        ),
        (SamplingParams(top_k=1), "Top-k 1 leaves one candidate"),
        (SamplingParams(repetition_penalty=1.6), "Repetition penalty of 1.6"),
        (SamplingParams(no_repeat_ngram=1), "no word piece may come twice"),
        (SamplingParams(no_repeat_ngram=2), "no two word pieces may come twice"),
        (SamplingParams(typical_p=0.5), "Typical-p drops the likeliest"),
    ],
)
def test_what_fights_is_said_and_every_mend_helps(params: SamplingParams, said: str) -> None:
    [conflict] = conflicts(params)
    assert said in conflict.what
    assert conflict.mends
    for mended in conflict.mends.values():
        assert conflict.what not in [other.what for other in conflicts(mended)]


@pytest.mark.parametrize(
    "params",
    [
        *PRESETS.values(),
        SamplingParams(),
        SamplingParams(temperature=0, top_p=1.0),
        SamplingParams(repetition_penalty=1.5),
        SamplingParams(typical_p=0.5, top_p=1.0),
        SamplingParams(min_p=0.1, no_repeat_ngram=3),
    ],
    ids=str,
)
def test_what_does_not_fight_is_left_alone(params: SamplingParams) -> None:
    assert conflicts(params) == []
