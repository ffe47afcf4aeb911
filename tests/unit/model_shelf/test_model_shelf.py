"""Models that are named, noted, deleted and brought back; and those that somebody needs."""

import json
import shutil
import time
from pathlib import Path

import pytest

from chatbot import paths
from chatbot.engine import catalog, default_model
from chatbot.engine.catalog import ModelEntry
from chatbot.errors import BadInput, ChatbotError, Conflict, NotAvailable
from chatbot.model_shelf import about, deleting, units
from chatbot.training.config import TrainingConfig
from chatbot.training.runs import get_run


@pytest.fixture
def models(home: Path, tmp_path: Path, tiny_gpt2: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """models/ with a model that was brought, `tiny`, and a finished run on it, `r`."""
    monkeypatch.setattr("chatbot.paths.PROJECT", tmp_path / "project")
    folder = home / "models"
    shutil.copytree(tiny_gpt2, folder / "tiny")
    run_on("tiny", folder, "r", "full")
    return folder


def run_on(base: str, models: Path, name: str, method: str, **status: object) -> Path:
    """A run's folder with one checkpoint, a copy of `tiny`."""
    folder = models / "runs" / name
    folder.mkdir(parents=True)
    config = TrainingConfig(base_model=base, method=method)  # type: ignore[arg-type]
    (folder / "config.json").write_text(config.to_json())
    (folder / "data.json").write_text("[]")
    (folder / "status.json").write_text(json.dumps({"state": "finished", **status}))
    shutil.copytree(models / "tiny", folder / "checkpoint-4")
    return folder


def make_adapter(models: Path, base: str) -> None:
    """As much of an adapter as the catalog looks at."""
    folder = models / "adapter"
    folder.mkdir()
    settings = {"peft_type": "LORA", "r": 2, "base_model_name_or_path": base}
    (folder / "adapter_config.json").write_text(json.dumps(settings))
    shutil.copy(models / "tiny" / "model.safetensors", folder / "adapter_model.safetensors")


def entry(name: str) -> ModelEntry:
    return catalog.resolve(name)


def names() -> list[str]:
    return [each.name for each in catalog.list_models() if each.installed]


def test_a_name_is_shown_wherever_models_are_and_the_folder_keeps_its_own(models: Path) -> None:
    about.rename(entry("tiny"), "  Wick the keeper ")
    about.rename(entry("runs/r/checkpoint-4"), "Second try")
    assert entry("tiny").title == "Wick the keeper"
    assert entry("runs/r/checkpoint-4").title == "Second try · step 4"
    assert about.label(entry("tiny")) == "Wick the keeper"
    about.rename(entry("tiny"), "")
    assert entry("tiny").title == "tiny"


def test_a_note_is_kept_with_the_model_or_its_run(models: Path) -> None:
    for name in ("tiny", "runs/r/checkpoint-4"):
        about.set_note(entry(name), f" of {name} ")
        assert about.note(entry(name)) == f"of {name}"
    with pytest.raises(BadInput, match="longer"):
        about.set_note(entry("tiny"), "x" * 2001)


@pytest.mark.parametrize("name", ["a/b", "..\\c", "x\ny", "\x07", "n" * 81, ".hidden"])
def test_names_with_slashes_or_control_characters_are_refused(models: Path, name: str) -> None:
    with pytest.raises(BadInput):
        about.rename(entry("tiny"), name)
    assert entry("tiny").title == "tiny"


def test_a_damaged_about_file_harms_nothing(models: Path) -> None:
    for content in ("[]", "{", '{"label": 3}', '{"label": "a\\nb"}', '{"note": []}'):
        (models / "tiny" / "about.json").write_text(content)
        assert entry("tiny").title == "tiny"
        assert about.note(entry("tiny")) == ""


def test_what_was_deleted_comes_back(models: Path) -> None:
    gone = deleting.delete(entry("runs/r/checkpoint-4"))
    brought = deleting.delete(entry("tiny"))
    assert names() == []
    assert [each.key for each in deleting.deleted()] == [brought.key, gone.key]

    deleting.undelete(brought.key)
    deleting.undelete(gone.key)

    assert sorted(names()) == ["runs/r/checkpoint-4", "tiny"]
    assert deleting.deleted() == []
    with pytest.raises(NotAvailable, match="brought back"):
        deleting.undelete(brought.key)


def test_a_new_model_of_the_name_is_not_overwritten(models: Path) -> None:
    gone = deleting.delete(entry("tiny"))
    shutil.copytree(models / "runs" / "r" / "checkpoint-4", models / "tiny")
    with pytest.raises(Conflict, match="again"):
        deleting.undelete(gone.key)


def test_the_trash_is_emptied_of_what_is_old(models: Path) -> None:
    old = models / ".trash" / f"older.{time.time_ns() - 8 * 24 * 3600 * 10**9}"
    foreign = models / ".trash" / "no-number"
    for folder in (old, foreign):
        folder.mkdir(parents=True)
    deleting.delete(entry("tiny"))
    assert not old.exists()
    assert foreign.exists()
    assert [each.name for each in deleting.deleted()] == ["tiny"]


def test_a_name_in_the_trash_that_leads_elsewhere_is_no_model(models: Path) -> None:
    (models / ".trash" / f"..%2F..%2Fdata.{time.time_ns()}").mkdir(parents=True)
    assert deleting.deleted() == []


def refusal(name: str, in_use: tuple[str, ...] = ()) -> str:
    with pytest.raises(ChatbotError) as caught:
        deleting.delete(entry(name), in_use=in_use)
    assert entry(name).path.is_dir()
    return str(caught.value)


def test_what_is_in_use_is_not_deleted(models: Path) -> None:
    assert "in use" in refusal("tiny", ("tiny",))
    assert "in use" in refusal("runs/r/checkpoint-4", (str(models / "runs/r/checkpoint-4"),))
    default_model.promote("tiny")
    assert "New chats begin" in refusal("tiny")


def test_the_base_of_an_adapter_is_not_deleted(models: Path) -> None:
    make_adapter(models, "tiny")
    assert "adapter" in refusal("tiny")
    deleting.delete(entry("adapter"))
    deleting.delete(entry("tiny"))


def test_the_base_of_a_run_that_waits_is_not_deleted(models: Path) -> None:
    run_on("tiny", models, "next", "full", state="waiting")
    assert "starts from this" in refusal("tiny")


def test_a_run_that_is_going_on_keeps_its_model(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    folder = run_on("tiny", models, "now", "scratch", state="running", pid=os.getpid())
    monkeypatch.setattr("chatbot.training.runs.going_on_here", {folder.resolve()})
    assert get_run("now").status().state == "running"
    assert "going on" in refusal("runs/now/checkpoint-4")


def test_what_came_with_the_lab_is_left_alone(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(models / "tiny", models / "checkpoint-420")
    for act in (deleting.delete, lambda e: about.rename(e, "Mine")):
        with pytest.raises(BadInput, match="belongs to the lab"):
            act(entry("pocket-gpt2"))
    shutil.copytree(models / "tiny", tmp_path / "elsewhere")
    with pytest.raises(BadInput, match="outside"):
        deleting.delete(entry(str(tmp_path / "elsewhere")))


def test_a_model_that_is_gone_is_a_sentence(models: Path) -> None:
    gone = entry("tiny")
    shutil.rmtree(models / "tiny")
    with pytest.raises(NotAvailable, match="deleted meanwhile"):
        deleting.delete(gone)
    with pytest.raises(NotAvailable, match="deleted meanwhile"):
        about.rename(gone, "Mine")
    assert not (models / "tiny").exists()


def test_the_disk_that_it_takes_counts_each_file_once(models: Path) -> None:
    weights = models / "tiny" / "model.safetensors"
    before = units.size(entry("tiny"))
    assert before > weights.stat().st_size
    (models / "tiny" / "same.safetensors").hardlink_to(weights)
    (models / "tiny" / "link").symlink_to(weights)
    assert units.size(entry("tiny")) == before
    assert units.size(entry("runs/r/checkpoint-4")) > before  # with its run


def test_a_download_in_the_hubs_own_layout_goes_as_a_whole(models: Path) -> None:
    snapshot = models / "models--owner--name" / "snapshots" / "abc"
    shutil.copytree(models / "tiny", snapshot)
    name = "models--owner--name/snapshots/abc"
    gone = deleting.delete(entry(name))
    assert not (models / "models--owner--name").exists()
    deleting.undelete(gone.key)
    assert entry(name).path.resolve() == snapshot.resolve()
    assert paths.models_dir() == models
