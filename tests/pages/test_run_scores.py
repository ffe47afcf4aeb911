"""Before and after in figures, on the page."""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from chatbot.errors import BadInput
from chatbot.training.config import TrainingConfig
from chatbot.training.runs import Run
from chatbot.training.scores.measuring import Measuring
from chatbot.training.scores.memorization import Copied
from chatbot.training.scores.results import Answer, Asked, Model, Scores
from pages.ui import run_scored_answers, run_scores
from pages.ui.fine_tune_state import Key

RUN_ID = "20260101-000000-scored"
COPY = Copied(0.5, 5, "i m wick of gannet", 12, "Who are you?", "Well: I'm Wick, of Gannet Rock.")
LIST = f"ft_scored_list_{RUN_ID}"


def page() -> None:
    from chatbot.training.runs import get_run
    from pages.ui import run_scores

    run_scores.panel(get_run("20260101-000000-scored"))


@pytest.fixture
def run(home: Path) -> Run:
    made = Run(home / "models" / "runs" / RUN_ID)
    (made.path / "checkpoint-40").mkdir(parents=True)
    (made.path / "config.json").write_text(TrainingConfig().to_json(), encoding="utf-8")
    (made.path / "status.json").write_text(json.dumps({"state": "finished"}), encoding="utf-8")
    return made


def answer(right: bool | None, text: str = "I see.", copied: Copied | None = None) -> Answer:
    return Answer(text, right, copied or Copied())


def fact(number: int, before: bool, after: bool) -> Asked:
    told = ("gannet", "wick")
    return Asked("fact", f"Fact {number}?", told, "Wick.", answer(before), answer(after))


def scores(*asked: Asked, scratch: bool = False, loss: float | None = 3.0) -> Scores:
    return Scores(
        when="2026-01-01T00:00:00+00:00",
        decoding="greedy",
        seconds=9.0,
        before=None if scratch else Model("base", "a" * 12),
        after=Model(f"runs/{RUN_ID}/checkpoint-40", "b" * 12),
        asked=asked,
        loss_before=None if scratch else 4.5,
        loss_after=loss,
        held_out=12,
    )


def full() -> Scores:
    general = [
        Asked("general", f"Q{n}?", ("Paris",), "", answer(n < 6), answer(n < 4)) for n in range(8)
    ]
    reciting = Asked(
        "open", "Hi *you*", (), "Hello.", answer(None), answer(None, "I'm Wick of Gannet!", COPY)
    )
    return scores(*(fact(n, False, n < 7) for n in range(10)), *general, reciting)


def opened() -> AppTest:
    return ran(AppTest.from_function(page, default_timeout=30))


def ran(at: AppTest) -> AppTest:
    at.run()
    assert not at.exception
    return at


def text(at: AppTest) -> str:
    return "\n".join(element.value for kind in (at.markdown, at.caption) for element in kind)


def test_the_figures_are_those_of_the_answers(run: Run) -> None:
    full().save(run.path)
    at = opened()
    figures = {metric.label: (metric.value, metric.delta) for metric in at.metric}
    assert figures == {
        "Perplexity": ("20.1", "before: 90"),
        "Persona facts right": ("7 of 10", "before: 0 of 10"),
        "General knowledge": ("4 of 8", "before: 6 of 8"),
        "Repeats itself": ("0 %", "before: 0 %"),
        "Word for word copied": ("3 %", "before: 0 %"),
    }
    said = text(at)
    assert "of 10 questions that it has not seen, 7 were answered" in said
    assert "of 6 simple questions that the untuned model answered right, 4 are still right" in said
    assert "18 of 19 answers came to more than one question" in said
    assert "the longest copy has 5 words" in said
    assert not at.button


def test_nothing_is_listed_until_it_is_asked_for(run: Run) -> None:
    full().save(run.path)
    at = opened()
    assert "Fact 1?" not in text(at)
    at.button_group(LIST).set_value("Facts")
    said = text(ran(at))
    assert "Fact 1?" in said
    assert "Telling words: gannet, wick" in said
    assert "Right" in said
    assert "Wrong" in said
    assert "aaaaaaaaaaaa" in said
    assert "bbbbbbbbbbbb" in said
    shown = [e.value for e in at.markdown if e.value.startswith("**Fact")]
    assert len(shown) == run_scored_answers.PER_PAGE
    assert "**Fact 8?**" not in shown  # neither learned nor forgotten: on the next page
    at.button_group(LIST).set_value("General")
    said = text(ran(at))
    assert said.index("**Q4?**") < said.index("**Q0?**")  # what was forgotten comes first
    assert "Right with: Paris" in said


def test_the_memorization_meter_shows_the_conversation(run: Run) -> None:
    full().save(run.path)
    at = opened()
    at.button_group(LIST).set_value("Memorization")
    said = text(ran(at))
    assert "Conversation 12 · 5 words in a row" in said
    assert "Its answer · 50 % of it copied" in said
    assert ":orange-background[**I'm Wick, of Gannet**] Rock" in said
    assert "Hi \\*you\\*" in said


def test_too_little_held_out_is_said_instead_of_a_number(run: Run) -> None:
    scores(fact(1, False, True), loss=None).save(run.path)
    at = opened()
    values = {metric.label: metric.value for metric in at.metric}
    assert values["Persona facts right"] == "not measured"
    assert values["Perplexity"] == "not measured"
    assert "1 ask for a fact" in text(at)
    assert "too little to count" in text(at)


def test_a_model_from_scratch_shows_one_side(run: Run) -> None:
    scores(
        *(Asked("fact", f"F{n}?", ("x",), "x", None, answer(True)) for n in range(6)), scratch=True
    ).save(run.path)
    at = opened()
    assert {metric.label for metric in at.metric} == {
        "Perplexity", "Persona facts right", "Repeats itself", "Word for word copied"
    }  # fmt: skip
    at.button_group(LIST).set_value("Facts")
    assert "Before" not in "".join(e.value for e in ran(at).caption if "weights" in e.value[:40])


@pytest.mark.parametrize("state", ["none", "unreadable", "of another checkpoint"])
def test_a_run_without_scores_offers_to_measure(run: Run, state: str) -> None:
    if state == "unreadable":
        (run.path / "scores.json").write_text("{")
    if state == "of another checkpoint":
        full().save(run.path)
        (run.path / "checkpoint-40").rename(run.path / "checkpoint-50")
    at = opened()
    assert not at.metric
    at.button(key=Key.MEASURE).click()
    ran(at)  # measures what is no model: the reason is told
    run_scores.measuring().join(30)
    at = opened()
    assert "The conversations of this run can't be read." in at.error[0].value.replace("\\", "")
    assert at.button(key=Key.MEASURE)


def test_while_it_measures_it_can_be_stopped(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Measuring, "run", run)
    at = opened()
    assert [button.key for button in at.button] == [Key.STOP_MEASURING]


def test_no_model_no_scores(run: Run) -> None:
    (run.path / "checkpoint-40").rmdir()
    at = opened()
    assert not at.button
    assert not at.markdown


def test_the_problem_of_a_refused_start_is_shown(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Measuring, run: Run) -> None:
        raise BadInput("Not now.")

    monkeypatch.setattr(Measuring, "start", refuse)
    at = opened()
    at.button(key=Key.MEASURE).click()
    assert "Not now" in ran(at).error[0].value


def test_a_copy_is_marked_whatever_its_signs() -> None:
    mark = run_scored_answers.highlighted
    assert (
        mark("Well, I'm\n Wick; yes", "i m wick") == "Well, :orange-background[**I'm Wick**]; yes"
    )
    assert mark("*x*", "a b c d") == "\\*x\\*"
    assert mark("", "") == ""
