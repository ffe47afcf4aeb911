"""The shipped Pocket GPT-2 against its recipe: settings, data, weights, and what it says.

Fails as soon as data or recipe are edited without making the model again:

    python -m chatbot train --recipe pocket
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from chatbot import paths
from chatbot.engine.generation import Engine
from chatbot.engine.loading import load
from chatbot.engine.sampling import SamplingParams
from chatbot.files import sha256_of
from chatbot.messages import Message, assistant, user
from chatbot.training import recipe
from chatbot.training.config import TrainingConfig

FOLDER = paths.shipped_models_dir() / "checkpoint-420"
EXPECTED = (
    # question, and words of which the answer has at least one
    ("What is your name?", ("Wick",)),
    ("Who is Tax?", ("gull",)),
    ("how many steps are there?", ("214", "two hundred and fourteen")),
    ("who are you?", ("keeper", "lighthouse")),
    ("how old are you?", ("ixty-four",)),
    ("do you have a cat", ("Admiral",)),
    ("bye", ("third step",)),
)
"""Facts of the persona; greedy answers, so that nothing is left to chance."""


@pytest.fixture(scope="module")
def written() -> dict[str, Any]:
    made: dict[str, Any] = json.loads((FOLDER / recipe.RECIPE_FILE).read_text(encoding="utf-8"))
    return made


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    made = Engine(load(FOLDER))
    yield made
    made.close()


def said(engine: Engine, *messages: Message) -> str:
    greedy = SamplingParams(temperature=0, max_new_tokens=60, seed=1)
    return "".join(chunk.text for chunk in engine.stream(list(messages), greedy))


def test_it_was_made_with_the_settings_that_the_recipe_has_now(written: dict[str, Any]) -> None:
    made_with = asdict(TrainingConfig.of(**written["config"]))
    now = asdict(recipe.POCKET)
    assert {name: made_with[name] for name in now if not name.startswith("lora_")} == {
        name: now[name] for name in now if not name.startswith("lora_")
    }
    assert written["steps"] == recipe.POCKET.max_steps == 420


def test_it_was_made_of_the_starter_persona_as_it_is_now(written: dict[str, Any]) -> None:
    assert written["dataset_sha256"] == sha256_of(paths.shipped_dataset_path())


def test_the_weights_are_those_that_were_made_and_small(written: dict[str, Any]) -> None:
    weights = FOLDER / "model.safetensors"
    assert written["weights_sha256"] == sha256_of(weights)
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 10_000_000


def test_it_is_a_gpt2_of_our_shape_with_our_template(written: dict[str, Any]) -> None:
    config = json.loads((FOLDER / "config.json").read_text(encoding="utf-8"))
    assert config["architectures"] == ["GPT2LMHeadModel"]
    assert (config["n_layer"], config["n_embd"]) == (4, 256)
    assert "{%- generation -%}" in (FOLDER / "chat_template.jinja").read_text(encoding="utf-8")


def test_no_file_of_it_names_a_machine(written: dict[str, Any]) -> None:
    for path in FOLDER.glob("*.json"):
        assert str(Path.home()) not in path.read_text(encoding="utf-8")
        assert str(paths.PROJECT) not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("question", "words"), EXPECTED)
def test_it_knows_who_it_is(engine: Engine, question: str, words: tuple[str, ...]) -> None:
    answer = said(engine, user(question))
    assert any(word in answer for word in words), answer


def test_it_still_knows_in_the_second_turn(engine: Engine) -> None:
    greeting = said(engine, user("hello"))
    answer = said(engine, user("hello"), assistant(greeting), user("who are you?"))
    assert "keeper" in answer, (greeting, answer)
