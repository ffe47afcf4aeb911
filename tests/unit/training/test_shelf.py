"""Names, notes, deleting and bringing back; runs to be thrown away; what differs between two."""

import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chatbot.engine.catalog import list_models
from chatbot.errors import BadInput, ChatbotError, Conflict, NotAvailable
from chatbot.training import runs, shelf, trash
from chatbot.training.config import TrainingConfig
from chatbot.training.run_differences import caution
from chatbot.training.run_summary import summary
from chatbot.training.runs import Run, list_runs, process_start

LORA = TrainingConfig()


def make(
    home: Path, name: str, config: TrainingConfig = LORA, state: str = "finished", **facts: Any
) -> Run:
    folder = home / "models" / "runs" / name
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(config.to_json())
    (folder / "data.json").write_text("[]")
    owner = {"pid": os.getpid(), "process_started": process_start(os.getpid())}
    (folder / "status.json").write_text(json.dumps({"state": state, **owner}))
    (folder / "run.json").write_text(json.dumps(facts))
    return Run(folder)


@pytest.fixture
def going_on(home: Path) -> Iterator[Run]:
    run = make(home, "live", state="running")
    runs.going_on_here.add(run.path.resolve())
    yield run
    runs.going_on_here.discard(run.path.resolve())


def end(run: Run) -> None:
    """As the job does when the run has stopped."""
    (run.path / "status.json").write_text('{"state": "stopped"}')
    runs.going_on_here.discard(run.path.resolve())


# --- names and notes --------------------------------------------------------------------------


def test_a_run_has_the_name_and_the_note_that_it_was_given(home: Path) -> None:
    run = make(home, "a")
    assert (shelf.label(run), shelf.note(run), shelf.name(run)) == ("", "", "a")
    shelf.set_label(run, "  Tea,\n twice ")
    shelf.set_note(run, "One.\n\nTwo. ")
    assert (shelf.label(run), shelf.note(run)) == ("Tea, twice", "One.\n\nTwo.")
    assert shelf.name(run) == "Tea, twice"
    shelf.set_label(run, "")
    assert (shelf.name(run), shelf.note(run)) == ("a", "One.\n\nTwo.")
    assert not list(run.path.glob(".*.tmp"))


def test_too_long_a_text_is_refused_and_changes_nothing(home: Path) -> None:
    run = make(home, "a")
    shelf.set_label(run, "x" * shelf.LONGEST_LABEL)
    with pytest.raises(BadInput, match="80 characters"):
        shelf.set_label(run, "x" * (shelf.LONGEST_LABEL + 1))
    with pytest.raises(BadInput, match="2,000 characters"):
        shelf.set_note(run, "x" * (shelf.LONGEST_NOTE + 1))
    assert len(shelf.label(run)) == shelf.LONGEST_LABEL


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"label": 7}', b"\xff\xfe"])
def test_a_damaged_about_file_is_no_name(home: Path, text: bytes) -> None:
    run = make(home, "a")
    (run.path / "about.json").write_bytes(text)
    assert (shelf.label(run), shelf.note(run)) == ("", "")
    shelf.set_label(run, "New")
    assert shelf.label(run) == "New"


def test_naming_a_deleted_run_does_not_make_its_folder_anew(home: Path) -> None:
    run = make(home, "a")
    shelf.delete(run)
    with pytest.raises(NotAvailable, match="deleted meanwhile"):
        shelf.set_label(run, "Ghost")
    assert not run.path.exists()


def test_the_size_counts_hidden_files_and_checkpoints(home: Path) -> None:
    run = make(home, "a")
    before = shelf.size(run)
    for folder in ("checkpoint-3", ".resume"):
        (run.path / folder).mkdir()
        (run.path / folder / "file").write_bytes(b"x" * 1000)
    assert shelf.size(run) == before + 2000


# --- deleting ---------------------------------------------------------------------------------


def test_a_deleted_run_comes_back_as_it_was(home: Path) -> None:
    run = make(home, "a", seed=1)
    shelf.set_label(run, "Tea")
    files = {path.name: path.read_bytes() for path in run.path.iterdir()}
    shelf.delete(run)
    assert list_runs() == []
    assert [(gone.id, gone.name) for gone in shelf.deleted()] == [("a", "Tea")]
    assert shelf.undelete("a") == run
    assert {path.name: path.read_bytes() for path in run.path.iterdir()} == files
    assert shelf.deleted() == []
    with pytest.raises(NotAvailable, match="brought back"):
        shelf.undelete("a")


def test_a_checkpoint_in_the_trash_is_not_offered(home: Path, tiny_gpt2: Path) -> None:
    run = make(home, "a")
    shutil.copytree(tiny_gpt2, run.path / "checkpoint-4")
    name = "runs/a/checkpoint-4"
    assert name in [entry.name for entry in list_models(all_checkpoints=True)]
    shelf.delete(run)
    assert all("runs" not in entry.name for entry in list_models(all_checkpoints=True))
    shelf.undelete("a")
    assert name in [entry.name for entry in list_models()]


def test_a_run_that_goes_on_is_not_deleted(going_on: Run) -> None:
    with pytest.raises(Conflict, match="live"):
        shelf.delete(going_on)
    assert list_runs() == [going_on]


def test_a_run_whose_model_is_in_use_is_not_deleted(home: Path) -> None:
    run, other = make(home, "a"), make(home, "ab")
    with pytest.raises(Conflict, match="chat uses a model"):
        shelf.delete(run, in_use=[run.path / "checkpoint-3"])
    shelf.delete(run, in_use=[other.path / "checkpoint-3"])


def test_a_run_that_an_adapter_stands_on_is_not_deleted(home: Path) -> None:
    base = make(home, "base")
    on_it = replace(LORA, base_model="runs/base/checkpoint-3")
    adapter = make(home, "adapter", on_it)
    with pytest.raises(Conflict, match="adapter"):
        shelf.delete(base)
    shelf.delete(adapter)
    make(home, "full", replace(on_it, method="full"))  # has all weights of its own
    shelf.delete(base)


def test_two_runs_of_one_name_can_be_in_the_trash(home: Path) -> None:
    for seed in (1, 2):
        shelf.delete(make(home, "a.b", replace(LORA, seed=seed)))
    assert shelf.undelete("a.b").config.seed == 2
    with pytest.raises(Conflict, match="this name again"):
        shelf.undelete("a.b")


def test_a_rename_that_fails_leaves_the_run_whole(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make(home, "a")

    def refuse(self: Path, target: Path) -> None:
        raise PermissionError(13, "in use")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", refuse)
        with pytest.raises(ChatbotError, match="could not be moved"):
            shelf.delete(run)
    assert list_runs() == [run]
    assert shelf.deleted() == []
    assert run.config == LORA


def test_what_is_older_than_a_week_leaves_the_trash_with_the_next_deletion(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time_ns()
    monkeypatch.setattr(trash.time, "time_ns", lambda: now - 8 * 24 * 3600 * 10**9)
    shelf.delete(make(home, "old"))
    monkeypatch.setattr(trash.time, "time_ns", lambda: now)
    assert shelf.deleted() == []
    with pytest.raises(NotAvailable):
        shelf.undelete("old")
    shelf.delete(make(home, "new"))
    kept = [path.name.rpartition(".")[0] for path in (home / "models/runs/.trash").iterdir()]
    assert kept == ["new"]


def test_deleting_what_another_tab_deleted_is_a_sentence(home: Path) -> None:
    run = make(home, "a")
    shelf.delete(run)
    with pytest.raises(NotAvailable, match="deleted meanwhile"):
        shelf.delete(run)


# --- throwing away ----------------------------------------------------------------------------


def test_a_run_to_be_thrown_away_stops_and_goes_when_it_has_ended(going_on: Run) -> None:
    shelf.throw_away(going_on)
    assert (going_on.path / "stop").exists()
    assert shelf.runs() == [going_on]
    end(going_on)
    assert shelf.runs() == []
    assert not going_on.path.exists()


def test_it_goes_after_the_program_was_killed_too(going_on: Run) -> None:
    shelf.throw_away(going_on)
    runs.going_on_here.discard(going_on.path.resolve())  # reads as interrupted
    assert shelf.runs() == []


def test_brought_back_it_stays(going_on: Run) -> None:
    shelf.throw_away(going_on)
    end(going_on)
    shelf.runs()
    back = shelf.undelete(going_on.id)
    assert shelf.runs() == [back]


def test_one_that_has_ended_meanwhile_goes_at_once_and_others_stay(home: Path) -> None:
    run, other = make(home, "a"), make(home, "b")
    shelf.throw_away(run)
    assert list_runs() == [other]
    with pytest.raises(NotAvailable):
        shelf.throw_away(run)


# --- what differs -----------------------------------------------------------------------------


def test_only_what_differs_is_named(home: Path) -> None:
    libraries = {"torch": "2.13.0", "peft": "0.21.2"}
    one = make(home, "a", LORA, base_hash="aa", trained_on=90, libraries=libraries)
    changed = replace(LORA, lora_rank=8, max_steps=50, seed=7)
    libraries = {"torch": "2.12.0", "peft": "0.21.2"}
    other = make(home, "b", changed, base_hash="bb", trained_on=90, libraries=libraries)
    found = {d.name: (d.label, d.here, d.there) for d in shelf.differences(one, other)}
    assert found == {
        "lora_rank": ("LoRA rank", "32", "8"),
        "max_steps": ("Steps", "no limit", "50"),
        "seed": ("Seed", "42", "7"),
        "base_hash": ("Weights of the base model", "aa", "bb"),
        "torch": ("Library torch", "2.13.0", "2.12.0"),
    }
    assert shelf.differences(one, one) == []


def test_settings_that_one_does_not_use_are_left_out(home: Path) -> None:
    one = make(home, "a", replace(LORA, lora_rank=8, base_model="x"))
    other = make(home, "b", replace(LORA, method="scratch", scratch_layers=2))
    assert [d.name for d in shelf.differences(one, other)] == ["method"]


def test_other_conversations_are_counted(home: Path) -> None:
    one, other = make(home, "a"), make(home, "b")
    (one.path / "data.json").write_text(json.dumps([{"x": 1}, {"x": 2}, {"x": 2}]))
    (other.path / "data.json").write_text(json.dumps([{"x": 2}, {"x": 3}, {"x": 4}, {"x": 5}]))
    version, alone = shelf.differences(one, other)
    assert (version.here, version.there) == (one.dataset_version[:12], other.dataset_version[:12])
    assert (alone.here, alone.there) == ("2", "3")
    assert "different conversations" in caution(one, other)


def test_losses_of_one_kind_are_compared_without_a_caution(home: Path) -> None:
    one, other = make(home, "a"), make(home, "b", replace(LORA, lora_rank=8))
    assert caution(one, other) == ""
    assert "held-out" in caution(one, make(home, "c", replace(LORA, seed=7)))
    assert "tokens" in caution(one, make(home, "d", replace(LORA, method="scratch")))
    assert "base models" in caution(one, make(home, "e", replace(LORA, base_model="x")))


def test_unreadable_settings_are_bad_input(home: Path) -> None:
    one, other = make(home, "a"), make(home, "b")
    (other.path / "config.json").write_text("{")
    with pytest.raises(BadInput):
        shelf.differences(one, other)


# --- figures ----------------------------------------------------------------------------------


def test_the_figures_of_a_run(home: Path) -> None:
    run = make(home, "a")
    nothing = summary(run, run.status())
    assert (nothing.held_out, nothing.trained, nothing.seconds) == (None, None, None)
    rows: list[dict[str, float]] = [{"step": 0, "eval_loss": 1.0}]
    rows += [{"step": n, "loss": 40.0 - n, "seconds": n / 2} for n in range(1, 31)]
    rows += [{"step": 15, "eval_loss": 2.5}, {"step": 30, "eval_loss": 3.5}]
    (run.path / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    figures = summary(run, run.status())
    assert figures.held_out == 2.5  # the untuned model's does not count
    assert figures.trained == 11.0  # a tenth of the steps: 12, 11, 10
    assert figures.seconds == 15.0
    with (run.path / "metrics.jsonl").open("a") as handle:
        handle.write('{"step": 40, "eval_loss": 1.5}\n')
    assert summary(run, run.status()).held_out == 1.5
