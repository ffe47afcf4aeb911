"""Presets of one's own: kept by name, without the seed, and never lost to a broken file."""

import json
from pathlib import Path

import pytest

from chatbot import presets
from chatbot.engine.sampling import SamplingParams
from chatbot.errors import BadInput

BOLD = SamplingParams(temperature=1.4, top_k=7, stop=("Bye",), seed=5)


def test_saved_settings_come_back_without_the_seed(home: Path) -> None:
    assert presets.saved() == {}
    assert presets.save("  Bedtime\n stories ", BOLD) == "Bedtime stories"
    assert presets.saved() == {
        "Bedtime stories": SamplingParams(temperature=1.4, top_k=7, stop=("Bye",))
    }
    presets.save("Calm", SamplingParams(temperature=0.1))
    presets.save("Bedtime stories", SamplingParams(temperature=0.9))
    assert list(presets.saved()) == ["Bedtime stories", "Calm"]
    assert presets.saved()["Bedtime stories"].temperature == 0.9


def test_what_is_deleted_can_be_saved_again(home: Path) -> None:
    presets.save("Bold", BOLD)
    settings = presets.delete("Bold")
    assert settings is not None
    assert presets.saved() == {}
    assert presets.delete("Bold") is None  # another tab was first
    presets.save("Bold", settings)
    assert presets.saved() == {"Bold": settings}


@pytest.mark.parametrize("name", ["", "  \n", "\u200b", "x" * 31, "Factual", "creative"])
def test_a_name_that_cannot_be_is_told(home: Path, name: str) -> None:
    with pytest.raises(BadInput, match="name"):
        presets.save(name, BOLD)
    assert presets.saved() == {}


def test_there_is_an_end_to_presets(home: Path) -> None:
    for number in range(presets.MOST):
        presets.save(f"Number {number}", BOLD)
    with pytest.raises(BadInput, match="as many presets"):
        presets.save("One more", BOLD)
    presets.save("Number 3", BOLD)  # in the place of another


@pytest.mark.parametrize(
    "content", ["{", "3", '[{"name": "x"}]', '[{"name": "x", "settings": {"temperature": 9}}]']
)
def test_a_broken_file_is_told_and_stays(home: Path, content: str) -> None:
    path = home / "data" / "presets.json"
    path.write_text(content)
    for use in (presets.saved, lambda: presets.save("Bold", BOLD), lambda: presets.delete("Bold")):
        with pytest.raises(BadInput, match="can't be read"):
            use()
    assert path.read_text() == content


def test_the_file_is_plain_json(home: Path) -> None:
    presets.save("Süß 🍬", BOLD)
    [row] = json.loads((home / "data" / "presets.json").read_text(encoding="utf-8"))
    assert row["name"] == "Süß 🍬"
    assert row["settings"]["top_k"] == 7
