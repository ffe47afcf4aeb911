"""Where a fine-tuned model came from: an adapter says so, a full checkpoint's run does."""

import json
import shutil
from pathlib import Path

import pytest

from chatbot.engine import catalog
from chatbot.training.config import TrainingConfig
from chatbot.training.origins import base_of


@pytest.fixture
def tuned(home: Path, tiny_gpt2: Path) -> Path:
    """A full checkpoint in a run, and its base."""
    shutil.copytree(tiny_gpt2, home / "models" / "tiny")
    shutil.copytree(tiny_gpt2, home / "models" / "runs" / "mine" / "checkpoint-8")
    return home / "models" / "runs" / "mine"


def settings(run: Path, **changed: object) -> None:
    from dataclasses import asdict

    config = asdict(TrainingConfig(method="full", base_model="tiny")) | changed
    (run / "config.json").write_text(json.dumps(config), encoding="utf-8")


def entry(run: Path) -> catalog.ModelEntry:
    return catalog.resolve(f"runs/{run.name}/checkpoint-8")


def test_a_full_checkpoint_came_from_its_runs_base(tuned: Path) -> None:
    settings(tuned)
    base = base_of(entry(tuned))
    assert base is not None
    assert base.name == "tiny"


def test_a_model_from_scratch_has_no_base(tuned: Path) -> None:
    settings(tuned, method="scratch")
    assert base_of(entry(tuned)) is None


def test_a_base_that_is_gone_is_none(tuned: Path) -> None:
    settings(tuned)
    shutil.rmtree(tuned.parents[1] / "tiny")
    assert base_of(entry(tuned)) is None


def test_a_model_that_was_put_there_has_no_base(tuned: Path) -> None:
    assert base_of(catalog.resolve("tiny")) is None
    assert base_of(entry(tuned)) is None  # its run has no settings


def test_a_damaged_run_is_no_error(tuned: Path) -> None:
    (tuned / "config.json").write_text("{", encoding="utf-8")
    assert base_of(entry(tuned)) is None
