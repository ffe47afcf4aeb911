"""The history of runs: the list, names and notes, deleting, training again, comparing."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from chatbot.dataset.importers import dump
from chatbot.engine.device import Placement
from chatbot.messages import Conversation, assistant, user
from chatbot.training import runs, shelf
from chatbot.training.config import TrainingConfig
from chatbot.training.runs import Run, list_runs, process_start
from chatbot.training.saving import export
from chatbot.training.trainable import build
from pages.ui.errors import UNEXPECTED
from pages.ui.fine_tune_state import Key
from pages.ui.run_actions import DELETE, EDIT, FILL, GO_ON, continued
from pages.ui.run_compare import compared_figure

PAGE = Path(__file__).with_name("history_page.py")
CONFIG = TrainingConfig(base_model="tiny", lora_rank=8, learning_rate=1e-3, max_steps=9, seed=7)


@pytest.fixture
def lab(home: Path, tiny_gpt2: Path) -> Path:
    """A home with a tiny model and twelve conversations."""
    shutil.copytree(tiny_gpt2, home / "models" / "tiny")
    talks = [Conversation((user(f"Question {n}?"), assistant("Tea."))) for n in range(12)]
    (home / "data" / "custom_chat_data.json").write_bytes(dump(talks))
    return home


def made(lab: Path, run_id: str, config: TrainingConfig = CONFIG, state: str = "finished") -> Run:
    run = Run(lab / "models" / "runs" / run_id)
    run.path.mkdir(parents=True)
    shutil.copy(lab / "data" / "custom_chat_data.json", run.path / "data.json")
    (run.path / "config.json").write_text(config.to_json())
    rows = [{"step": 0, "eval_loss": 6.0}, {"step": 1, "loss": 5.5}, {"step": 2, "eval_loss": 5.0}]
    (run.path / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    owner = {"pid": os.getpid(), "process_started": process_start(os.getpid())}
    content = {"state": state, "step": 2, "total_steps": 4, **owner}
    (run.path / "status.json").write_text(json.dumps(content))
    return run


def small_adapter(folder: Path, config: TrainingConfig) -> None:
    """An adapter of no effect on the lab's tiny model, as a run leaves it."""
    trainable = build(config, [], Placement("cpu", "float32", "test"))
    export(trainable.model, trainable.tokenizer, folder, base=trainable.base)


def opened() -> AppTest:
    return ran(AppTest.from_file(str(PAGE), default_timeout=60))


def ran(at: AppTest) -> AppTest:
    at.run()
    assert not at.exception
    assert UNEXPECTED not in [error.value for error in at.error]
    return at


def choose(at: AppTest, run: Run, action: str) -> AppTest:
    at.menu_button(key=f"{Key.RUN_MENU}_{run.id}").click(action)
    return ran(at)


def press(at: AppTest, key: str) -> AppTest:
    at.button(key=key).click()
    return ran(at)


def keys(elements: Any) -> list[str | None]:
    return [element.key for element in elements]


def texts(at: AppTest) -> str:
    kinds = (at.text, at.caption, at.markdown, at.error, at.warning, at.toast)
    return "\n".join(element.value for kind in kinds for element in kind)


def test_without_runs_there_is_no_history(lab: Path) -> None:
    assert "All runs" not in [heading.value for heading in opened().subheader]


def test_each_run_says_what_it_was_and_what_came_of_it(lab: Path) -> None:
    made(lab, "a")
    made(lab, "b", state="failed")
    said = texts(opened())
    assert ":red-badge[Failed]" in said
    assert r"best held\-out loss 5\.000 · training loss 5\.500" in said
    assert r"LoRA on tiny · 2 of 4 steps" in said


def test_a_run_whose_settings_are_damaged_is_listed_and_can_be_deleted(lab: Path) -> None:
    run = made(lab, "a")
    (run.path / "config.json").write_text("{")
    at = opened()
    assert "settings can't be read" in texts(at)
    assert len(at.menu_button(key=f"{Key.RUN_MENU}_a").options) == 2
    choose(at, run, DELETE)
    assert list_runs() == []


def test_a_name_and_a_note_are_kept_and_shown_letter_by_letter(lab: Path) -> None:
    run = made(lab, "a")
    at = choose(opened(), run, EDIT)
    at.text_input(key=f"{Key.RUN_NAME}_a").set_value("**Tea** [x](http://y)")
    at.text_area(key=f"{Key.RUN_NOTE}_a").set_value("Too <b>sweet</b>.")
    press(at, "ft_run_save_a")
    assert (shelf.label(run), shelf.note(run)) == ("**Tea** [x](http://y)", "Too <b>sweet</b>.")
    assert r"\*\*Tea\*\* \[x\]" in texts(at)
    assert r"Too \<b\>sweet" in texts(at)
    assert f"{Key.RUN_NAME}_a" not in keys(at.text_input)


def test_cancel_changes_nothing(lab: Path) -> None:
    run = made(lab, "a")
    at = choose(opened(), run, EDIT)
    at.text_input(key=f"{Key.RUN_NAME}_a").set_value("Tea")
    press(at, "ft_run_cancel_a")
    assert shelf.label(run) == ""
    choose(at, run, EDIT)
    assert at.text_input(key=f"{Key.RUN_NAME}_a").value == ""


def test_delete_can_be_undone(lab: Path) -> None:
    run = made(lab, "a")
    at = choose(opened(), run, DELETE)
    assert list_runs() == []
    press(at, Key.UNDELETE)
    assert list_runs() == [run]
    assert Key.UNDELETE not in keys(at.button)


def test_another_tab_can_bring_it_back(lab: Path) -> None:
    run = made(lab, "a")
    shelf.delete(run)
    press(opened(), f"{Key.UNDELETE}_a")
    assert list_runs() == [run]


def test_a_run_that_goes_on_offers_no_deletion(lab: Path) -> None:
    run = made(lab, "a", state="running")
    runs.going_on_here.add(run.path.resolve())
    try:
        offered = " ".join(opened().menu_button(key=f"{Key.RUN_MENU}_a").options)
    finally:
        runs.going_on_here.discard(run.path.resolve())
    assert FILL in offered
    assert DELETE not in offered


def test_a_model_that_is_chatted_with_is_not_deleted(lab: Path, tiny_gpt2: Path) -> None:
    run = made(lab, "a")
    shutil.copytree(tiny_gpt2, run.path / "checkpoint-2")
    at = opened()
    at.session_state["model"] = "runs/a/checkpoint-2"
    choose(at, run, DELETE)
    assert "chat uses a model" in texts(at)
    assert list_runs() == [run]


def test_what_another_tab_deleted_is_a_sentence(lab: Path) -> None:
    run = made(lab, "a")
    at = opened()
    shelf.delete(run)
    choose(at, run, DELETE)
    assert "no such run" in texts(at)


def test_train_again_fills_the_form(lab: Path) -> None:
    config = replace(CONFIG, method="full", epochs=3, held_out=0.25, questions=("Who?", "Tea?"))
    run = made(lab, "a", config)
    at = choose(opened(), run, FILL)
    assert "form holds the settings" in texts(at)
    assert at.selectbox(key=Key.BASE).value == "tiny"
    assert at.button_group(key=Key.METHOD).value == "full"
    assert at.session_state[Key.QUESTIONS] == "Who?\nTea?"
    shown = {
        name: at.number_input(key=f"ft_field_{name}_full_balanced").value
        for name in ("epochs", "learning_rate", "max_steps", "held_out", "seed")
    }
    assert shown == {
        "epochs": 3.0,
        "learning_rate": 1e-3,
        "max_steps": 9,
        "held_out": 0.25,
        "seed": 7,
    }
    assert "form holds the settings" not in texts(ran(at))


def test_a_base_that_is_gone_is_said(lab: Path) -> None:
    run = made(lab, "a", replace(CONFIG, base_model="gone", dataset="/nowhere.json"))
    at = choose(opened(), run, FILL)
    assert "gone, can't be chosen" in texts(at).replace("\\", "")
    assert "learned from is not in the list" in texts(at)


def test_an_adapter_learns_on_from_its_checkpoint(lab: Path) -> None:
    run = made(lab, "a")
    at = opened()
    assert GO_ON not in " ".join(at.menu_button(key=f"{Key.RUN_MENU}_a").options)
    small_adapter(run.path / "checkpoint-2", CONFIG)
    at = choose(opened(), run, GO_ON)
    assert at.selectbox(key=Key.BASE).value == "runs/a/checkpoint-2"
    assert at.button_group(key=Key.METHOD).value == "lora"
    assert at.number_input(key="ft_field_seed_lora_balanced").value == 7
    assert not at.button(key=Key.START).disabled
    assert continued(run) == replace(CONFIG, base_model="runs/a/checkpoint-2")


def test_the_form_takes_rank_and_alpha_of_an_adapter_that_is_chosen(lab: Path) -> None:
    run = made(lab, "a")
    small_adapter(run.path / "checkpoint-2", CONFIG)
    at = opened()
    rank, alpha = "ft_field_lora_rank_lora_balanced", "ft_field_lora_alpha_lora_balanced"
    at.selectbox(key=Key.BASE).select("tiny")
    ran(at)
    usual = at.number_input(key=rank).value
    at.selectbox(key=Key.BASE).select("runs/a/checkpoint-2")
    ran(at)
    assert (at.number_input(key=rank).value, at.number_input(key=alpha).value) == (8, 64)
    at.number_input(key=rank).set_value(16)
    ran(at)
    assert "keeps its rank and alpha" in texts(at)
    assert at.button(key=Key.START).disabled
    at.selectbox(key=Key.BASE).select("tiny")
    ran(at)
    assert at.number_input(key=rank).value == usual
    assert not at.button(key=Key.START).disabled


def test_a_model_from_scratch_goes_on_as_a_full_fine_tune(lab: Path, tiny_gpt2: Path) -> None:
    scratch = replace(CONFIG, method="scratch", learning_rate=6e-3)
    run = made(lab, "a", scratch)
    shutil.copytree(tiny_gpt2, run.path / "checkpoint-2")
    at = choose(opened(), run, GO_ON)
    assert at.selectbox(key=Key.BASE).value == "runs/a/checkpoint-2"
    assert at.button_group(key=Key.METHOD).value == "full"
    assert at.number_input(key="ft_field_seed_full_balanced").value == 7
    assert continued(run).learning_rate < scratch.learning_rate


def test_two_runs_are_compared(lab: Path) -> None:
    made(lab, "a")
    made(lab, "b", replace(CONFIG, lora_rank=16))
    at = opened()
    at.multiselect(key=Key.RUNS_COMPARED).set_value(["a", "b"])
    ran(at)
    table = next(m.value for m in at.markdown if m.value.startswith("|"))
    assert "| :small[LoRA rank] | :small[8] | :small[16] |" in table
    assert "Seed" not in table


@pytest.mark.parametrize(
    ("bases", "shown"),
    [(("/a/one", "/b/two"), ("one", "two")), (("/a/one", "/b/one"), ("/a/one", "/b/one"))],
    ids=["names differ", "folders differ"],
)
def test_two_bases_never_look_alike(
    lab: Path, bases: tuple[str, str], shown: tuple[str, str]
) -> None:
    for run_id, base in zip("ab", bases, strict=True):
        made(lab, run_id, replace(CONFIG, base_model=base))
    at = opened()
    at.multiselect(key=Key.RUNS_COMPARED).set_value(["a", "b"])
    table = next(m.value for m in ran(at).markdown if m.value.startswith("|"))
    here, there = shown
    assert f"| :small[Base model] | :small[{here}] | :small[{there}] |" in table


def test_a_deleted_run_leaves_the_comparison(lab: Path) -> None:
    run = made(lab, "a")
    for other in ("b", "c"):
        made(lab, other)
    at = opened()
    at.multiselect(key=Key.RUNS_COMPARED).set_value(["a", "b"])
    choose(ran(at), run, DELETE)
    assert at.multiselect(key=Key.RUNS_COMPARED).value == ["b"]


def test_the_table_has_a_row_a_run(lab: Path) -> None:
    made(lab, "a")
    made(lab, "b", replace(CONFIG, method="scratch"))
    at = opened()
    at.button_group(key=Key.RUNS_VIEW).set_value("Table")
    ran(at)
    frame = at.dataframe[0].value
    assert list(frame["Name"]) == ["b", "a"]
    assert list(frame["Base"]) == ["", "tiny"]


def test_long_words_of_a_table_can_be_broken(lab: Path) -> None:
    made(lab, "a")
    made(lab, "b", replace(CONFIG, dataset="x" * 95))
    at = opened()
    at.multiselect(key=Key.RUNS_COMPARED).set_value(["a", "b"])
    table = next(m.value for m in ran(at).markdown if m.value.startswith("|"))
    assert "x" * 10 + "\u200b" in table
    assert "x" * 11 not in table


def test_curves_of_one_run_share_a_colour_and_names_are_no_markup() -> None:
    rows = [{"step": 1, "loss": 3.0}, {"step": 2, "loss": 2.0}, {"step": 2, "eval_loss": 2.5}]
    figure = compared_figure([("<a href='x'>A</a>", rows), ("B" * 50, rows[:2])])
    curves = figure["data"]
    assert [curve["meta"]["color"] for curve in curves] == [0, 0, 1]
    assert [curve["showlegend"] for curve in curves] == [True, False, True]
    assert curves[0]["name"] == "&lt;a href='x'&gt;A&lt;/a&gt;"
    assert len(curves[2]["name"]) == 32
