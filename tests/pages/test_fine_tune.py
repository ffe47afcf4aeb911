"""The Fine-tune page: the plan, the run that goes on, the run that ended, and every refusal."""

import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from streamlit.testing.v1 import AppTest

from chatbot.dataset.importers import dump
from chatbot.dataset.store import ConversationStore
from chatbot.engine import default_model
from chatbot.engine.catalog import resolve
from chatbot.errors import BadInput
from chatbot.messages import Conversation, assistant, user
from chatbot.training import job, queue, runs
from chatbot.training.config import TrainingConfig, preset
from chatbot.training.memory_needs import memory_needs
from chatbot.training.runs import Run, list_runs, process_start
from chatbot.training.sizes import sizes_of
from chatbot.training.speeds import Speeds
from chatbot.training.trial import Trial
from pages.ui import fine_tune_dials, fine_tune_form, resources
from pages.ui.errors import UNEXPECTED
from pages.ui.fine_tune_state import Key, field_key
from tests.pages.conftest import TRIAL
from tests.pages.dataset_page import component

PAGE = Path(__file__).parents[2] / "pages" / "fine_tune.py"
ROUTER = PAGE.with_name("router.py")
QUICK = TrainingConfig(
    method="scratch",
    epochs=1,
    scratch_layers=1,
    scratch_width=16,
    scratch_heads=1,
    scratch_vocab=300,
    evaluations=1,
    questions=("Who are you?",),
)


@pytest.fixture
def lab(home: Path, tiny_gpt2: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a tiny model and twelve conversations."""
    shutil.copytree(tiny_gpt2, home / "models" / "tiny")
    write_data(home, 12)
    return home


def write_data(home: Path, count: int) -> None:
    talks = [
        Conversation((user(f"Question {n}?"), assistant(f"Tea, {n} cups."))) for n in range(count)
    ]
    (home / "data" / "custom_chat_data.json").write_bytes(dump(talks))


def opened() -> AppTest:
    at = AppTest.from_file(str(PAGE), default_timeout=60)
    return ran(at)


def ran(at: AppTest) -> AppTest:
    at.run()
    assert not at.exception
    assert UNEXPECTED not in [error.value for error in at.error]
    return at


def made(home: Path, run_id: str, state: str, **status: Any) -> Run:
    """A run on the disk in some state, without having been trained."""
    run = Run(home / "models" / "runs" / run_id)
    run.path.mkdir(parents=True)
    shutil.copy(home / "data" / "custom_chat_data.json", run.path / "data.json")
    (run.path / "config.json").write_text(QUICK.to_json())
    rows = [{"step": 0, "eval_loss": 6.0}, {"step": 1, "loss": 5.5}, {"step": 2, "loss": 5.0}]
    (run.path / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    owner = {"pid": os.getpid(), "process_started": process_start(os.getpid())}
    content = {"state": state, "phase": "", "step": 2, "total_steps": 4, **owner, **status}
    (run.path / "status.json").write_text(json.dumps(content))
    return run


@pytest.fixture
def going_on(lab: Path) -> Iterator[Run]:
    """A run that reads as going on in this very process."""
    run = made(
        lab,
        "20260101-000000-live",
        "running",
        phase="training",
        seconds_left=75.0,
        memory=1_530_000_000,
    )
    runs.going_on_here.add(run.path.resolve())
    yield run
    runs.going_on_here.discard(run.path.resolve())


def texts(at: AppTest) -> str:
    kinds = (at.text, at.caption, at.markdown, at.error, at.info, at.subheader)
    return "\n".join(element.value for kind in kinds for element in kind)


def test_the_plan_says_what_will_be_learned_from(lab: Path) -> None:
    at = opened()
    assert "conversations to learn from" in texts(at)
    assert not at.button(key=Key.START).disabled


def test_without_conversations_the_page_sends_to_the_dataset(lab: Path) -> None:
    write_data(lab, 0)
    at = ran(AppTest.from_file(str(ROUTER), default_timeout=60))  # the link needs the other page
    at.switch_page("fine_tune.py")
    ran(at)
    assert "no conversations to learn from" in texts(at)
    assert Key.START not in [button.key for button in at.button]


def test_a_broken_data_file_is_a_sentence(lab: Path) -> None:
    (lab / "data" / "custom_chat_data.json").write_text("[{")
    at = opened()
    assert at.error
    assert Key.START not in [button.key for button in at.button]


def test_every_setting_can_be_changed_and_counts(lab: Path) -> None:
    at = opened()
    before = next(c.value for c in at.caption if "steps" in c.value and "disk" in c.value)
    at.number_input(key="ft_field_max_steps_lora_balanced").set_value(7)
    ran(at)
    after = next(c.value for c in at.caption if "disk" in c.value)
    assert "; 7 steps" in after
    assert after != before


def with_dials(at: AppTest) -> AppTest:
    resources.speeds().join(20)
    return ran(at)


def dial(at: AppTest, name: str) -> str:
    return next(str(metric.value) for metric in at.metric if metric.label == name)


def test_two_dials_tell_time_and_memory_and_follow_each_change(lab: Path) -> None:
    at = with_dials(opened())
    assert "measured by a few real steps on this machine with batch size 6" in texts(at)
    assert "400 tokens/s" in texts(at)
    time_before, memory_before = dial(at, "Time"), dial(at, "Memory")
    assert "fits" in texts(at)

    at.number_input(key="ft_field_max_steps_lora_balanced").set_value(5000)
    at.number_input(key="ft_field_batch_size_lora_balanced").set_value(64)
    ran(at)
    assert (dial(at, "Time"), dial(at, "Memory")) != (time_before, memory_before)
    assert "h " in dial(at, "Time")
    assert "yours may differ a little" in texts(at)


def test_what_does_not_fit_is_mended_with_a_click(lab: Path, monkeypatch) -> None:
    at = with_dials(opened())
    at.number_input(key="ft_field_batch_size_lora_balanced").set_value(128)
    ran(at)
    needed = memory_of(at)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: Free(round(needed * 0.9)))
    ran(at)
    assert "will not fit" in texts(at)
    at.button(key="ft_remedy").click()
    ran(at)
    assert at.number_input(key="ft_field_batch_size_lora_balanced").value < 128
    assert at.number_input(key="ft_field_gradient_accumulation_lora_balanced").value > 1
    assert "will not fit" not in texts(at)

    monkeypatch.setattr(psutil, "virtual_memory", lambda: Free(10**6))
    ran(at)
    assert "No smaller batch helps." in texts(at)
    assert not at.button(key=Key.START).disabled  # it is their machine


def memory_of(at: AppTest) -> float:
    number, unit = dial(at, "Memory").split()
    return float(number) * {"MB": 1e6, "GB": 1e9}[unit]


@dataclass
class Free:
    available: int


def test_a_trial_that_fails_is_told_and_the_run_can_still_be_started(
    lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Trial:
        raise BadInput("The steps went *wrong*.", remedy="Try less.")

    monkeypatch.setattr(Speeds, "_carry_out", broken)
    at = with_dials(opened())
    assert r"The steps went \*wrong\*" in texts(at)
    assert not at.button(key=Key.START).disabled
    monkeypatch.setattr(Speeds, "_carry_out", lambda *_: TRIAL)
    at.button(key="ft_measure").click()
    ran(at)
    with_dials(at)
    assert "400 tokens/s" in texts(at)


def test_the_command_line_is_ready_to_copy(lab: Path) -> None:
    at = opened()
    at.number_input(key="ft_field_seed_lora_balanced").set_value(7)
    ran(at)
    (command,) = (c.value for c in at.code if c.value.startswith("python"))
    assert command.startswith("python -m chatbot train --preset Balanced")
    assert command.endswith(" --seed 7")


def test_what_the_doctor_found_is_told_before(lab: Path) -> None:
    talks = [Conversation((user("Same?"), assistant("Yes."))) for _ in range(6)]
    talks += [Conversation((user(f"Q{n}?"), assistant(f"A {n}."))) for n in range(9)]
    (lab / "data" / "custom_chat_data.json").write_bytes(dump(talks))
    at = opened()
    until = time.monotonic() + 20
    while "word for word the same (5)" not in texts(at):
        assert time.monotonic() < until
        time.sleep(0.1)
        ran(at)


def test_two_settings_that_clash_are_refused_with_the_reason(lab: Path) -> None:
    at = opened()
    at.number_input(key="ft_field_max_steps_lora_balanced").set_value(2)
    ran(at)
    assert "more evaluations than steps" in texts(at)


def test_scratch_needs_no_base(lab: Path) -> None:
    at = opened()
    at.button_group(key=Key.METHOD).set_value("scratch")
    ran(at)
    assert Key.BASE not in [box.key for box in at.selectbox]


def test_start_trains_and_the_result_can_be_chatted_with(
    lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suggested = fine_tune_form.preset
    monkeypatch.setattr(
        fine_tune_form,
        "preset",
        lambda *a, **k: QUICK if k["method"] == "scratch" else suggested(*a, **k),
    )
    at = opened()
    at.button(key=Key.FROM_SCRATCH).click()
    ran(at)
    run = list_runs()[0]
    deadline = time.monotonic() + 60
    while run.status().state in runs.GOING_ON and time.monotonic() < deadline:
        time.sleep(0.1)
    assert run.status().state == "finished", run.status()
    at = opened()
    assert "Who are you?" in texts(at)
    assert Key.CHAT in [button.key for button in at.button]


def test_a_run_that_goes_on_is_shown_in_every_tab(going_on: Run) -> None:
    for _ in range(2):
        at = opened()
        assert going_on.id.replace("-", "\\-") in texts(at)
        assert [metric.value for metric in at.metric][:4] == ["5", "6", "…", "1.5 GB"]
        assert "75 s left" in at.get("progress")[0].proto.text
        assert not at.button(key=Key.STOP).disabled


def test_a_start_is_refused_where_another_program_was_faster(lab: Path) -> None:
    lock = job._take_lock()
    try:
        at = opened()
        at.button(key=Key.START).click()
        ran(at)
        assert "going on already" in texts(at)
        assert list_runs() == []
    finally:
        job._release(lock)


def test_while_one_goes_on_another_waits_and_can_be_taken_out_again(going_on: Run) -> None:
    at = opened()
    assert at.button(key=Key.START).label == "Add to the queue"
    at.button(key=Key.FROM_SCRATCH).click()
    ran(at)
    (waiting,) = queue.waiting()
    assert waiting.id.replace("-", "\\-") in texts(at)
    assert "The first one begins by itself" in texts(at)
    assert f"ft_start_now_{waiting.id}" not in [button.key for button in at.button]
    at.button(key=f"ft_remove_{waiting.id}").click()
    ran(at)
    assert queue.waiting() == []
    at.button(key=Key.UNDELETE).click()
    ran(at)
    assert queue.waiting() == [waiting]


def test_those_that_wait_after_a_restart_are_begun_by_hand(
    lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = resources.training_job()
    first, second = job.enqueue(QUICK), job.enqueue(QUICK)
    at = opened()
    assert "Nothing is going on" in texts(at)
    at.button(key=f"ft_move_up_{second.id}").click()
    ran(at)
    assert queue.waiting() == [second, first]
    at.button(key=f"ft_start_now_{second.id}").click()
    ran(at)
    job.join(60)
    assert {run.status().state for run in (first, second)} == {"finished"}


def test_a_preset_comes_fitted_to_little_memory(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    talks = resources.store().snapshot().conversations
    config = preset("Balanced", method="lora", base_model="tiny", conversations=len(talks))
    sizes = sizes_of(config, resolve("tiny"))
    needs = memory_needs(config, sizes, fine_tune_dials.tokens_of(talks), bfloat16=False)
    little = SimpleNamespace(available=needs.total - 1)
    monkeypatch.setattr(fine_tune_dials.psutil, "virtual_memory", lambda: little)
    at = opened()
    at.selectbox(key=Key.BASE).set_value("tiny")
    ran(at)
    assert "fitted to the free memory" in texts(at)
    batch = at.number_input(key=field_key("batch_size", "lora", "Balanced")).value
    added = at.number_input(key=field_key("gradient_accumulation", "lora", "Balanced")).value
    assert batch < config.batch_size
    assert batch * added == config.conversations_a_step


def test_stop_asks_the_run_to_stop(going_on: Run) -> None:
    at = opened()
    at.button(key=Key.STOP).click()
    ran(at)
    assert (going_on.path / "stop").exists()


def test_pause_asks_the_run_to_pause(going_on: Run) -> None:
    at = opened()
    at.button(key=Key.PAUSE).click()
    ran(at)
    assert (going_on.path / "stop").read_text(encoding="utf-8").startswith("pause")


def test_a_paused_run_is_resumed_first_of_all(lab: Path) -> None:
    made(lab, "20260101-000000-paused", "paused", message="Paused at step 2.")
    at = opened()
    assert "Paused at step 2." in texts(at)
    assert at.button(key=Key.RESUME).proto.type == "primary"


def test_the_best_so_far_is_offered_while_it_trains(going_on: Run, tiny_gpt2: Path) -> None:
    at = opened()
    assert Key.CHAT_SO_FAR not in [button.key for button in at.button]
    shutil.copytree(tiny_gpt2, going_on.path / "checkpoint-2")
    ran(at)
    at.button(key=Key.CHAT_SO_FAR).click()
    at.run()
    assert at.session_state["model"] == f"runs/{going_on.id}/checkpoint-2"


def test_a_run_becomes_the_default_of_new_chats_and_back(lab: Path, tiny_gpt2: Path) -> None:
    run = made(lab, "20260101-000000-done", "finished")
    shutil.copytree(tiny_gpt2, run.path / "checkpoint-2")
    at = opened()
    at.button(key=Key.DEFAULT).click()
    ran(at)
    assert default_model.promoted() == f"runs/{run.id}/checkpoint-2"
    assert at.button(key=Key.DEFAULT).label == "Back to the built-in default"
    at.button(key=Key.DEFAULT).click()
    ran(at)
    assert default_model.promoted() == ""


def test_a_killed_run_is_interrupted_and_can_be_resumed(lab: Path) -> None:
    made(lab, "20260101-000000-killed", "running", phase="training", pid=2**22 + 1)
    at = opened()
    assert "was ended at step 2" in texts(at)
    assert Key.RESUME in [button.key for button in at.button]


def test_a_failed_run_says_why_as_text(lab: Path) -> None:
    made(lab, "20260101-000000-failed", "failed", error="Too **large**.", resumable=False)
    at = opened()
    assert [error.value for error in at.error] == [r"Too \*\*large\*\*\."]
    assert Key.CHAT not in [button.key for button in at.button]


def test_the_curve_is_told_in_a_sentence_and_drawn_as_chosen(lab: Path) -> None:
    run = made(lab, "20260101-000000-done", "finished")
    rows = [
        {"step": n, "loss": 6 * 0.97**n, "learning_rate": 6e-3, "grad_norm": 1.0, "seconds": n}
        for n in range(1, 60)
    ]
    (run.path / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    at = opened()
    assert r"Still learning\: the training loss fell from about 5\.31" in texts(at)
    at.button_group(key="ft_chart_picture").set_value("Gradient norm")
    at.toggle(key="ft_chart_log").set_value(True)
    ran(at)
    assert component(at, Key.CHART)["figure"]["layout"]["yaxis"] == {
        "title": {"text": "Gradient norm"},
        "type": "log",
    }


def test_before_and_after_stand_side_by_side(lab: Path) -> None:
    run = made(lab, "20260101-000000-done", "finished")
    rows = [
        {"step": step, "question": "Name?", "answer": answer, "model": "m", "hash": mark, "seed": 1}
        for step, answer, mark in ((0, "Untuned <b>x</b>", "aaaa"), (4, "Tuned", "bbbb"))
    ]
    (run.path / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    at = opened()
    assert r"Untuned \<b\>x\</b\>" in texts(at)
    assert "Tuned" in texts(at)
    assert "weights aaaa" in texts(at)
    assert "weights bbbb" in texts(at)


def test_the_user_s_own_questions_are_pinned_to_the_run(lab: Path) -> None:
    at = opened()
    at.text_area(key=Key.QUESTIONS).set_value("Who are you?\n\n  Is tea wet?  ")
    ran(at)
    (command,) = (c.value for c in at.code if c.value.startswith("python"))
    assert "'--question=Who are you?' '--question=Is tea wet?'" in command
    at.text_area(key=Key.QUESTIONS).set_value("\n".join(f"Q{n}?" for n in range(9)))
    ran(at)
    assert "too many questions" in texts(at)


def test_a_run_is_thrown_away_and_can_be_brought_back(going_on: Run) -> None:
    at = opened()
    at.button(key=Key.THROW_AWAY).click()
    ran(at)
    assert going_on.path.exists()  # until its present step is done
    runs.going_on_here.discard(going_on.path.resolve())
    ran(at)
    assert not going_on.path.exists()
    assert "Bring back" in " ".join(str(button.label) for button in at.button)


def test_another_run_is_shown_on_a_click(lab: Path) -> None:
    made(lab, "20260101-000000-old", "failed", error="The old one.")
    made(lab, "20260102-000000-new", "failed", error="The new one.")
    at = opened()
    assert [error.value for error in at.error] == [r"The new one\."]
    at.button(key=f"{Key.RUN}_20260101-000000-old").click()
    ran(at)
    assert [error.value for error in at.error] == [r"The old one\."]


def test_the_version_that_a_run_learned_from_is_named(lab: Path) -> None:
    store = ConversationStore(lab / "data" / "custom_chat_data.json")
    store.snapshot()
    run = made(lab, "20260101-000000-done", "finished")
    (run.path / "run.json").write_text(json.dumps({"dataset_sha256": run.dataset_version}))
    store.delete(0, store.snapshot().conversations[0])

    assert "It learned from My bot in the version of" in texts(at := opened())
    assert r"\(1 change since\)" in texts(at)
    assert "Learned on" not in texts(at)


def test_where_and_in_which_number_format_a_run_learned_is_told(lab: Path) -> None:
    run = made(lab, "20260101-000000-done", "finished")
    (run.path / "run.json").write_text(json.dumps({"device": "cpu", "dtype": "float32"}))
    assert r"Learned on\: processor, float32" in texts(opened())


@pytest.fixture
def memory(lab: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The machine's free memory; `needed` is what Balanced takes with LoRA on the tiny model."""
    talks = resources.store().snapshot().conversations
    config = preset("Balanced", method="lora", base_model="tiny", conversations=len(talks))
    tokens = fine_tune_dials.tokens_of(talks)
    needs = memory_needs(config, sizes_of(config, resolve("tiny")), tokens, bfloat16=False)
    free = SimpleNamespace(available=needs.total - 1, needed=needs.total, usual=config.batch_size)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    return free


def on_tiny() -> AppTest:
    at = opened()
    at.selectbox(key=Key.BASE).set_value("tiny")
    return ran(at)


def batches(at: AppTest) -> tuple[int, int]:
    names = ("batch_size", "gradient_accumulation")
    size, added = (at.number_input(key=field_key(n, "lora", "Balanced")).value for n in names)
    return size, added


def test_what_is_said_of_the_fit_is_what_the_fields_hold(memory: SimpleNamespace) -> None:
    at = on_tiny()
    size, added = batches(at)
    assert size < memory.usual
    assert f"{added} batches of {size} a step instead of 1 of {memory.usual}" in texts(at)
    (command,) = (c.value for c in at.code if c.value.startswith("python"))
    assert command.endswith(f"--batch-size {size} --gradient-accumulation {added}")
    memory.available = 10**12  # comes free meanwhile
    ran(at)
    assert batches(at) == (size, added)
    assert "fitted to the free memory" in texts(at)
    at.number_input(key=field_key("batch_size", "lora", "Balanced")).set_value(memory.usual)
    ran(at)
    assert "fitted to the free memory" not in texts(at)


def test_nothing_is_said_of_a_fit_that_was_not_made(memory: SimpleNamespace) -> None:
    memory.available = 10**12
    at = on_tiny()
    assert batches(at) == (memory.usual, 1)
    memory.available = memory.needed - 1  # taken meanwhile: the dial offers its remedy
    ran(at)
    assert batches(at) == (memory.usual, 1)
    assert "fitted to the free memory" not in texts(at)
    assert "will not fit" in texts(at)


def test_where_there_is_a_graphics_card_its_memory_counts(
    memory: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = replace(TRIAL, device="cuda", free=80 * 10**9)
    monkeypatch.setattr(Speeds, "_carry_out", lambda *_: trial)
    with_dials(on_tiny())  # the first visit measures
    at = on_tiny()
    assert batches(at) == (memory.usual, 1)
    assert "fitted to the free memory" not in texts(at)


def test_without_a_base_model_the_one_from_scratch_is_fitted_too(
    lab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.paths.PROJECT", tmp_path / "project")
    shutil.rmtree(lab / "models" / "tiny")
    talks = resources.store().snapshot().conversations
    config = preset("Thorough", method="scratch", conversations=len(talks))
    needs = memory_needs(config, sizes_of(config, None), fine_tune_dials.tokens_of(talks))
    # Little enough for less than half of the batch, whatever the number format.
    free = SimpleNamespace(available=needs.total - needs.activations // 3)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    at = opened()
    assert "Thorough, fitted to the free memory" in texts(at)
    (command,) = (c.value for c in at.code if c.value.startswith("python"))
    assert "--gradient-accumulation" in command
