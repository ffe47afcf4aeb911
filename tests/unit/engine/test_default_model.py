"""What a new chat begins with: the promoted model while it is there, else the first installed."""

import shutil
from pathlib import Path

import pytest

from chatbot.engine import catalog, default_model
from chatbot.errors import NotAvailable


@pytest.fixture
def models(home: Path, tiny_gpt2: Path) -> Path:
    """Two models, and a run with a checkpoint."""
    folder = home / "models"
    for name in ("one", "two", "runs/mine/checkpoint-10"):
        shutil.copytree(tiny_gpt2, folder / name)
    return folder


def begins_with() -> str:
    return default_model.first(catalog.list_models()).name


def test_promoted_it_is_the_first_until_it_is_taken_back(models: Path) -> None:
    before = begins_with()
    default_model.promote("two")
    assert begins_with() == "two"
    assert default_model.missing(catalog.list_models()) == ""
    default_model.demote()
    default_model.demote()
    assert begins_with() == before


def test_one_that_is_gone_gives_way_and_is_named(models: Path) -> None:
    before = begins_with()
    default_model.promote("two")
    shutil.rmtree(models / "two")
    assert begins_with() == before
    assert default_model.missing(catalog.list_models()) == "two"
    with pytest.raises(NotAvailable):
        default_model.promote("two")


def test_a_run_that_went_on_stays_the_default_with_its_better_checkpoint(models: Path) -> None:
    default_model.promote("runs/mine/checkpoint-10")
    (models / "runs/mine/checkpoint-10").rename(models / "runs/mine/checkpoint-20")
    assert begins_with() == "runs/mine/checkpoint-20"
    assert default_model.missing(catalog.list_models()) == ""


@pytest.mark.parametrize("content", ["", "[]", '{"model": 7}', "\x00"])
def test_a_damaged_choice_is_none(models: Path, content: str) -> None:
    before = begins_with()
    (models / "default.json").write_text(content, encoding="utf-8")
    assert default_model.promoted() == ""
    assert begins_with() == before
