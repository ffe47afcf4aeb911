"""The settings check themselves, and become the library's processors in its order."""

import math
import subprocess
import sys
from typing import Any

import pytest

from chatbot.engine.sampling import LIMITS, PRESETS, SamplingParams, processors
from chatbot.errors import BadInput


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", -0.1),
        ("temperature", 2.01),
        ("temperature", math.nan),
        ("temperature", math.inf),
        ("temperature", "1"),
        ("temperature", True),
        ("temperature", None),
        ("top_p", 0),
        ("top_p", 1.01),
        ("top_k", -1),
        ("top_k", 2.5),
        ("repetition_penalty", 0.4),
        ("repetition_penalty", 2.1),
        ("max_new_tokens", 0),
        ("max_new_tokens", 2049),
        ("seed", -1),
        ("seed", 2**32),
        ("seed", 1.0),
        ("min_p", -0.1),
        ("min_p", 1.1),
        ("typical_p", 0),
        ("no_repeat_ngram", 21),
        ("no_repeat_ngram", 2.0),
    ],
)
def test_a_setting_out_of_range_is_named(name: str, value: Any) -> None:
    with pytest.raises(BadInput) as error:
        SamplingParams(**{name: value})
    assert error.value.message.startswith(f"{name} must be")
    assert str(LIMITS[name]) in error.value.message


def test_the_ends_of_the_ranges_are_allowed() -> None:
    SamplingParams(0, 1, 0, 0.5, 1, 0)
    SamplingParams(2, 1e-9, 1_000_000, 2.0, 2048, 2**32 - 1)


@pytest.mark.parametrize("stop", [("",), ("  ",), ("a" * 61,), (3,), "ahoy " * 20, None])
def test_a_stop_word_that_is_none_is_named(stop: Any) -> None:
    with pytest.raises(BadInput) as error:
        SamplingParams(stop=stop)
    assert "stop word must be" in error.value.message


def test_stop_words_come_back_from_json_and_are_few() -> None:
    assert SamplingParams(stop=["Bye", "\n\n"]) == SamplingParams(stop=("Bye", "\n\n"))  # type: ignore[arg-type]
    assert SamplingParams(stop="Bye").stop == ("Bye",)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="too many"):
        SamplingParams(stop=tuple("abcdefghi"))


def test_presets() -> None:
    assert 0.5 <= PRESETS["Factual"].temperature <= 0.8
    assert 0.8 <= PRESETS["Creative"].temperature <= 1.0
    assert PRESETS["Creative"].repetition_penalty == 1.2
    assert PRESETS["Factual"].repetition_penalty == 1.0


def names(**settings: Any) -> list[str]:
    return [type(processor).__name__ for processor in processors(SamplingParams(**settings))]


def test_processors_come_in_the_librarys_order_and_only_where_needed() -> None:
    everything = names(
        temperature=0.5,
        top_p=0.5,
        top_k=5,
        repetition_penalty=1.1,
        min_p=0.1,
        typical_p=0.9,
        no_repeat_ngram=3,
    )
    assert everything == [
        "RepetitionPenaltyLogitsProcessor",
        "NoRepeatNGramLogitsProcessor",
        "TemperatureLogitsWarper",
        "TopKLogitsWarper",
        "TopPLogitsWarper",
        "MinPLogitsWarper",
        "TypicalLogitsWarper",
    ]
    assert names(temperature=1.0, top_p=1.0, top_k=0) == []
    assert names(temperature=0, repetition_penalty=1.1, no_repeat_ngram=2) == everything[:2]
    assert names(temperature=1.0, top_p=1, top_k=3) == ["TopKLogitsWarper"]


def test_pages_can_import_settings_and_catalog_without_torch() -> None:
    code = (
        "import sys, chatbot.engine.sampling, chatbot.engine.catalog, chatbot.chat_bot\n"
        "print([m for m in ('torch', 'transformers', 'numpy', 'streamlit') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
