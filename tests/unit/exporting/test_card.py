"""Model cards: what a run tells, the licence of its base, and text that stays text."""

import json
from pathlib import Path

import pytest

from chatbot.dataset import personas
from chatbot.engine import catalog
from chatbot.exporting.card import card
from chatbot.exporting.formats import Wish
from chatbot.exporting.licences import Licence, licence_of
from chatbot.exporting.provenance import Provenance, provenance_of
from chatbot.training.config import TrainingConfig
from chatbot.training.scores.memorization import Copied
from chatbot.training.scores.results import Answer, Asked, Model, Scores


def asked(question: str, answer: str) -> Asked:
    copied = Copied(0.5, 4, "i am a model", 1)
    before = Answer("I am a model.", False, copied)
    return Asked("fact", question, ("keeper",), "", before, Answer(answer, True, copied))


def scores(checkpoint: str) -> Scores:
    return Scores(
        when="2026-11-26T12:00:00+00:00",
        decoding="greedy",
        seconds=1.0,
        before=Model("tiny", "0" * 12),
        after=Model(f"runs/r/{checkpoint}", "1" * 12),
        asked=tuple(asked(f"Question {n}?", f"Answer ```{n}```") for n in range(8)),
        loss_before=4.0,
        loss_after=2.0,
        held_out=8,
    )


@pytest.fixture
def run(models: Path, adapter: Path) -> Path:
    """A finished LoRA run on `tiny` with scores; returns its checkpoint."""
    folder = models / "runs" / "r"
    folder.mkdir(parents=True)
    config = TrainingConfig(base_model="tiny", method="lora")
    (folder / "config.json").write_text(config.to_json())
    (folder / "status.json").write_text('{"state": "finished", "best_checkpoint": "checkpoint-4"}')
    (folder / "data.json").write_text("[]")
    (folder / "run.json").write_text(json.dumps({"trained_on": 24}))
    adapter.rename(folder / "checkpoint-4")
    scores("checkpoint-4").save(folder)
    return folder / "checkpoint-4"


def text_of(known: Provenance, wish: Wish, answers: tuple[tuple[str, str], ...] = ()) -> str:
    return card(
        known,
        wish,
        "mine",
        answers or known.answers,
        window=256,
        parameters=1234,
        stops=("\nUser:",),
    )


def test_a_run_tells_all_that_a_card_needs(run: Path, models: Path) -> None:
    personas.rename(personas.FIRST, "Wick [the] *keeper*")
    (models / "tiny" / "README.md").write_text("---\nlicense: mit\n---\n# Tiny\n")

    known = provenance_of(catalog.resolve("runs/r/checkpoint-4"))
    text = text_of(known, Wish("folder"))

    assert text.startswith("---\nlicense: mit\nlibrary_name: transformers\n")
    assert r"Wick \[the\] \*keeper\*" in text
    assert known.dataset_version in text
    assert "- Conversations to learn from: 24" in text
    assert "It was fine-tuned from tiny." in text
    assert "a LoRA adapter, merged into the base" in text
    assert "| Perplexity on held-out conversations | 54.6 | 7.4 |" in text
    assert "| Facts of the persona right | 0 of 8 | 8 of 8 |" in text
    assert "> Question 0?\nAnswer ```0```" in text
    assert "\n````\n> Question 0?" in text  # no answer closes the block
    assert "MIT License" in text
    assert 'model="mine"' in text
    assert "stop at `User:`" in text


def test_scores_of_another_checkpoint_are_not_its_own(run: Path) -> None:
    scores("checkpoint-2").save(run.parent)
    (run.parent / "samples.jsonl").write_text(
        '{"step": 2, "question": "Q", "answer": "of two"}\n'
        '{"step": 4, "question": "Q", "answer": "of four"}\n'
    )
    known = provenance_of(catalog.resolve("runs/r/checkpoint-4"))
    assert known.scores is None
    assert known.answers == (("Q", "of four"),)


def test_a_model_without_a_run_has_a_card_too(models: Path) -> None:
    known = provenance_of(catalog.resolve("tiny"))
    text = text_of(known, Wish("gguf-f16"), (("Hi", "Ho"),))
    assert "licence of the base model is not known" in text
    assert "license:" not in text
    assert "ollama create mine -f Modelfile" in text
    assert "Settings of the training" not in text


@pytest.mark.parametrize(
    ("name", "id", "hub_id"),
    [
        ("gpt2", "mit", "openai-community/gpt2"),
        ("models--openai-community--gpt2-medium", "mit", "openai-community/gpt2-medium"),
        ("distilgpt2", "apache-2.0", "distilbert/distilgpt2"),
        ("microsoft/DialoGPT-small", "mit", "microsoft/DialoGPT-small"),
        ("smollm2-135m-instruct", "apache-2.0", "HuggingFaceTB/SmolLM2-135M-Instruct"),
        ("HuggingFaceTB/SmolLM2-360M", "apache-2.0", "HuggingFaceTB/SmolLM2-360M"),
        ("pocket-gpt2", "", ""),
        ("my-gpt2-x", "", ""),
        ("tiny", "", ""),
    ],
)
def test_licences_of_known_bases(name: str, id: str, hub_id: str, tmp_path: Path) -> None:
    assert licence_of(name, tmp_path) == Licence(id, hub_id)


def test_a_card_of_the_base_has_the_word(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("---\ntags:\n- a\nlicense: 'CC-BY-4.0'\n---\nlicense: mit")
    assert licence_of("gpt2", tmp_path).id == "cc-by-4.0"
    (tmp_path / "README.md").write_text("# license: mit\nlicense: mit\n")
    assert licence_of("tiny", tmp_path).id == ""


@pytest.mark.parametrize(
    ("noted", "licence"),
    [
        ('{"id": "ada/keeper", "licence": "MIT"}', Licence("mit", "ada/keeper")),
        ('{"id": "ada/x: [y]", "licence": "a\\nb"}', Licence()),
        ('{"brought": "a folder"}', Licence()),
        ("[]", Licence()),
        ("{", Licence()),
    ],
)
def test_what_was_noted_when_it_was_fetched(noted: str, licence: Licence, tmp_path: Path) -> None:
    (tmp_path / "origin.json").write_text(noted)
    assert licence_of("tiny", tmp_path) == licence
