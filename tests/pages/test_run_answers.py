"""The scrubber through a run's answers."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from chatbot.dataset.differences import pieces
from chatbot.training import runs
from chatbot.training.config import TrainingConfig
from chatbot.training.runs import Run, process_start
from pages.ui import run_answers

RUN_ID = "20260101-000000-watched"
SCRUBBER = f"ft_answers_step_{RUN_ID}"


def page() -> None:
    from chatbot.training.runs import get_run
    from pages.ui import run_answers

    run_answers.panel(get_run("20260101-000000-watched"))


def row(step: int, answer: str, *, question: str = "Who are you?", **more: Any) -> dict[str, Any]:
    weights = "" if step else "abcdef123456"
    made = {"step": step, "question": question, "answer": answer, "model": "m"}
    return {**made, "hash": weights, "seed": 42, **more}


def write(run: Run, *rows: dict[str, Any]) -> None:
    text = "".join(json.dumps(each) + "\n" for each in rows)
    (run.path / "samples.jsonl").write_text(text, encoding="utf-8")


@pytest.fixture
def run(home: Path) -> Run:
    made = Run(home / "models" / "runs" / RUN_ID)
    made.path.mkdir(parents=True)
    (made.path / "config.json").write_text(TrainingConfig().to_json(), encoding="utf-8")
    (made.path / "status.json").write_text(json.dumps({"state": "finished"}), encoding="utf-8")
    return made


@pytest.fixture
def going_on(run: Run) -> Iterator[Run]:
    owner = {"pid": os.getpid(), "process_started": process_start(os.getpid())}
    status = json.dumps({"state": "running", "phase": "training", **owner})
    (run.path / "status.json").write_text(status, encoding="utf-8")
    runs.going_on_here.add(run.path.resolve())
    yield run
    runs.going_on_here.discard(run.path.resolve())


def opened() -> AppTest:
    return ran(AppTest.from_function(page, default_timeout=30))


def ran(at: AppTest) -> AppTest:
    at.run()
    assert not at.exception
    return at


def said(at: AppTest) -> list[str]:
    return [element.value for element in at.markdown][1:]


def test_nothing_is_shown_as_long_as_nothing_was_answered(run: Run) -> None:
    at = opened()
    assert not at.markdown
    assert not at.select_slider


def test_a_single_stage_needs_no_scrubber(run: Run) -> None:
    write(run, row(0, "I am a model."))
    at = opened()
    assert not at.select_slider
    assert said(at) == ["**Who are you?**", r"I am a model\."]


def test_the_newest_comes_first_with_its_new_words_marked_and_the_untuned_beside(run: Run) -> None:
    write(run, row(0, "I am a model."), row(4, "I am a keeper."), row(8, "I am a keeper of gulls."))
    at = opened()
    assert at.select_slider(key=SCRUBBER).value == 8
    assert at.select_slider(key=SCRUBBER).options == ["Before", "Step 4", "Step 8"]
    assert said(at)[1:] == [r"I am a keeper :green-background[**of gulls**]\.", r"I am a model\."]
    captions = [caption.value for caption in at.caption]
    assert captions[0] == "Step 8 · weights of that moment"
    assert captions[1] == "Before · weights abcdef123456"
    assert "did not say at step 4" in captions[2]


def test_the_scrubber_moves_through_the_answers(run: Run) -> None:
    write(run, row(0, "A model."), row(4, "A keeper."), row(8, "A keeper."))
    at = opened()
    at.select_slider(key=SCRUBBER).set_value(4)
    ran(at)
    assert said(at)[1:] == [r"A :green-background[**keeper**]\.", r"A model\."]
    at.select_slider(key=SCRUBBER).set_value(0)
    ran(at)
    assert said(at)[1:] == [r"A model\."]


def test_it_follows_the_run_unless_it_was_moved_and_again_at_the_end(going_on: Run) -> None:
    rows = [row(0, "A model."), row(4, "A keeper.")]
    write(going_on, *rows)
    at = opened()
    assert at.select_slider(key=SCRUBBER).value == 4
    assert "asked again" in at.caption[-1].value
    rows.append(row(8, "The keeper."))
    write(going_on, *rows)
    assert ran(at).select_slider(key=SCRUBBER).value == 8
    at.select_slider(key=SCRUBBER).set_value(4)
    ran(at)
    rows.append(row(12, "The old keeper."))
    write(going_on, *rows)
    assert ran(at).select_slider(key=SCRUBBER).value == 4
    at.select_slider(key=SCRUBBER).set_value(12)
    ran(at)
    rows.append(row(16, "The old, old keeper."))
    write(going_on, *rows)
    assert ran(at).select_slider(key=SCRUBBER).value == 16


def test_a_chosen_step_that_is_gone_after_a_resume_is_let_go_of(run: Run) -> None:
    write(run, row(0, "A."), row(4, "B."), row(8, "C."))
    at = opened()
    at.select_slider(key=SCRUBBER).set_value(0)
    ran(at)
    write(run, row(4, "B."), row(6, "C."))
    assert ran(at).select_slider(key=SCRUBBER).value == 6


def test_a_model_from_scratch_has_no_before(run: Run) -> None:
    write(run, row(4, "gull"), row(8, "gull tea"))
    at = opened()
    assert at.select_slider(key=SCRUBBER).options == ["Step 4", "Step 8"]
    assert said(at)[1:] == ["gull :green-background[**tea**]"]


def test_the_kept_checkpoint_is_shown_first_with_its_weights(run: Run) -> None:
    write(run, row(4, "In between."), row(8, "Too late."), row(4, "Kept.", hash="123456abcdef"))
    at = opened()
    assert at.select_slider(key=SCRUBBER).value == 4
    assert said(at)[1:] == [r"Kept\."]
    assert at.caption[0].value == "Step 4 · weights 123456abcdef"


def test_an_answer_is_letters_whatever_it_says(run: Run) -> None:
    evil = "![x](http://evil.example/a.png) <b>bold</b> $x$ :smile:\n    code\n\n# Title"
    write(run, row(4, "Hello."), row(8, evil, question="*Why*?"), row(8, evil))
    text = "\n".join(said(opened()))
    assert "![" not in text
    assert "<b>" not in text
    assert "](" not in text
    assert "\n    " not in text
    assert "\n# " not in text
    assert "**\\*Why\\*?**" in text


def test_every_line_has_a_mark_of_its_own() -> None:
    found = run_answers.marked(pieces("One.", "One.\nTwo\n\nThree"))
    assert found.count(":green-background[") == 2
    assert all(line.count("[") == line.count("]") for line in found.split("\n"))


def test_an_empty_answer_is_said_to_be_one(run: Run) -> None:
    write(run, row(4, "Hello."), row(8, ""))
    assert said(opened())[1:] == [r"\(no words\)"]
