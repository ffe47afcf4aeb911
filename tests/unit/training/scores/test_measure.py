"""A run is measured: by its own weights, once for the untuned model, and never to its harm."""

import json
import shutil
from pathlib import Path

import pytest

from chatbot.engine.loading import load
from chatbot.errors import BadInput, ChatbotError, Conflict
from chatbot.training import runlog, runs, work
from chatbot.training.config import TrainingConfig
from chatbot.training.job import run_training
from chatbot.training.runs import Run, RunStatus
from chatbot.training.scores import greedy, measure
from chatbot.training.scores.measuring import Measuring
from chatbot.training.scores.results import Scores, read_scores
from tests.unit.training.small import changed


@pytest.fixture
def short(settings: TrainingConfig) -> TrainingConfig:
    return changed(settings, max_steps=3, evaluations=1, questions=("Who are you?",))


def scores_of(run: Run) -> Scores:
    found = read_scores(run.path)
    assert found is not None
    return found


def test_a_run_ends_with_the_scores_of_its_own_weights(
    short: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runlog, "STATUS_EVERY", 0.0)
    seen: list[RunStatus] = []
    run = run_training(short, on_progress=seen.append)
    assert run.status().state == "finished"
    left = [status.seconds_left for status in seen if status.phase == "scoring"]
    assert left[0] is None  # nothing is known before the first answers
    assert left[1] is not None
    assert left[-1] == 0
    found = scores_of(run)
    best = run.best_checkpoint
    assert best is not None
    assert found.before is not None
    assert found.before.hash == load(short.base_model).hash
    assert (found.checkpoint, found.after.hash) == (best.name, load(best).hash)
    losses = {row["step"]: row["eval_loss"] for row in run.metrics() if "eval_loss" in row}
    assert (found.loss_before, found.loss_after) == (losses[0], losses[3])
    assert len(found.of_kind("general")) >= 40
    held_out = {c[0] for c in _openings(run)}
    asked = [each.question for each in found.asked if each.kind != "general"]
    assert asked
    assert set(asked) <= held_out
    # Really by these weights: asked again, they say the same.
    loaded = load(best)
    general = found.of_kind("general")
    from chatbot.messages import user

    again = greedy.answers(loaded, [[user(each.question)] for each in found.asked])
    texts = [each.after.text for each in found.asked]
    same = sum(one == other for one, other in zip(again, texts, strict=True))
    assert same >= 0.9 * len(texts)  # bfloat16 may decide a tie otherwise
    assert any(each.before and each.before.text != each.after.text for each in general)


def _openings(run: Run) -> list[tuple[str, str]]:
    rows = json.loads((run.path / "data.json").read_text(encoding="utf-8"))
    turns = [row["conversations"] for row in rows]
    return [(each[0]["value"], each[1]["value"]) for each in turns]


def test_the_untuned_model_is_asked_once_for_all_runs(
    short: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads: list[str] = []
    asked = measure._asked

    def counted(model, *rest):  # type: ignore[no-untyped-def]
        loads.append(Path(model).name)
        return asked(model, *rest)

    monkeypatch.setattr(measure, "_asked", counted)
    first, second = run_training(short), run_training(changed(short, learning_rate=5e-3))
    assert loads == [short.base_model, "checkpoint-3", "checkpoint-3"]
    one, other = scores_of(first), scores_of(second)
    assert [each.before for each in one.asked] == [each.before for each in other.asked]
    assert one.before == other.before
    assert one.after.hash != other.after.hash


def test_a_model_from_scratch_has_no_before(short: TrainingConfig) -> None:
    found = scores_of(run_training(changed(short, method="scratch")))
    assert found.before is None
    assert found.of_kind("general") == ()
    assert all(each.before is None for each in found.asked)
    assert "knows nothing but these conversations" in " ".join(found.notes)


def test_where_nothing_is_held_out_there_is_no_number(short: TrainingConfig) -> None:
    found = scores_of(run_training(changed(short, held_out=0.0)))
    assert found.right("fact", "after") is None
    assert (found.perplexity("before"), found.perplexity("after")) == (None, None)
    assert found.of_kind("open")[0].question == "Who are you?"


def test_trouble_is_a_note_and_the_run_has_succeeded(
    short: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a library fell over")

    monkeypatch.setattr(measure, "measure", broken)
    run = run_training(short)
    assert run.status().state == "finished"
    assert "scores could not be measured" in run.status().message
    assert "ready to chat" in run.status().message
    assert "a library fell over" in (run.path / "train.log").read_text(encoding="utf-8")
    assert read_scores(run.path) is None


def test_a_stop_while_scoring_keeps_the_run(
    short: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chatbot.training.runlog import request_stop

    real = measure.measure

    def asked_to_stop(run: Run, *rest: object, **more: object) -> Scores:
        request_stop(run)
        return real(run, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(measure, "measure", asked_to_stop)
    run = run_training(short)
    assert run.status().state == "finished"
    assert "Stopped before the scores" in run.status().message
    assert read_scores(run.path) is None


def test_a_run_that_is_stopped_is_not_scored(
    short: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chatbot.training.runlog import request_stop

    learn = work._learn

    def stopped_after(run: Run, *rest, **more):  # type: ignore[no-untyped-def]
        checkpoint, _ = learn(run, *rest, **more)
        request_stop(run)
        return checkpoint, True

    monkeypatch.setattr(work, "_learn", stopped_after)
    run = run_training(short)
    assert run.status().state == "stopped"
    assert read_scores(run.path) is None


def test_a_base_that_is_gone_or_changed_gives_no_before(short: TrainingConfig, home: Path) -> None:
    run = run_training(short)
    facts = json.loads((run.path / "run.json").read_text(encoding="utf-8"))
    (run.path / "run.json").write_text(json.dumps({**facts, "base_hash": "0" * 12}))
    found = measure.measure(run)
    assert found.before is None
    assert "was changed since" in found.notes[0]
    shutil.rmtree(home / "models" / short.base_model)
    found = measure.measure(run)
    assert found.before is None
    assert "not here any more" in found.notes[0]
    assert found.asked


def test_a_run_without_a_model_or_data_is_refused(short: TrainingConfig) -> None:
    run = run_training(short)
    (run.path / "data.json").unlink()
    with pytest.raises(BadInput, match="conversations of this run"):
        measure.measure(run)
    shutil.rmtree(run.path / "checkpoint-3")
    with pytest.raises(BadInput, match="no model"):
        measure.measure(run)


def test_measuring_later_in_the_background(short: TrainingConfig) -> None:
    run = run_training(short)
    (run.path / "scores.json").unlink()
    holder = Measuring()
    assert holder.run is None
    holder.start(run)
    holder.join(60)
    assert holder.run is None
    assert holder.problem(run) is None
    assert holder.share == 1.0
    assert read_scores(run.path) is not None


def test_measuring_waits_for_a_fine_tune_and_says_why_it_failed(
    short: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_training(short)
    (run.path / "scores.json").unlink()
    holder = Measuring()
    monkeypatch.setattr("chatbot.training.scores.measuring.active_run", lambda: run)
    with pytest.raises(Conflict, match="fine-tune is going on"):
        holder.start(run)
    begun = iter([None])
    monkeypatch.setattr(
        "chatbot.training.scores.measuring.active_run", lambda: next(begun, run)
    )  # one begins right after the start
    holder.start(run)
    holder.join(60)
    assert isinstance(holder.problem(run), Conflict)
    assert read_scores(run.path) is None

    monkeypatch.setattr("chatbot.training.scores.measuring.active_run", runs.active_run)
    shutil.rmtree(run.path / "checkpoint-3")
    holder.start(run)
    holder.join(60)
    problem = holder.problem(run)
    assert isinstance(problem, ChatbotError)
    assert "no model" in str(problem)
    assert holder.problem(Run(run.path.with_name("other"))) is None
