"""The score falls with faults, rises with conversations, and its steps keep their promise."""

import pytest

from chatbot.dataset.findings import Finding
from chatbot.dataset.health import GOALS, assess

ERROR = Finding("error", None, "a", "b", "empty", "empty-turn")
WARNING = Finding("warning", None, "a", "b", "markup", "markup")
BY_HAND = Finding("warning", None, "a", "b", "", "link")


def test_nothing_has_no_score() -> None:
    assert assess(0, {}, 0) is None


def test_a_large_sound_and_varied_set_has_all_points() -> None:
    best = assess(500, {}, 500)
    assert best is not None
    assert (best.score, best.steps) == (100, ())
    one_fault = assess(100_000, {3: (WARNING,)}, 100_000)
    assert one_fault is not None
    assert one_fault.score == 99


def test_errors_weigh_more_than_warnings_and_copies_of_a_question_count() -> None:
    scores = [
        assess(100, found, different)
        for found, different in (
            ({}, 100),
            ({1: (WARNING,) * 3}, 100),
            (dict.fromkeys(range(50), (WARNING,)), 100),
            (dict.fromkeys(range(50), (WARNING, ERROR)), 100),
            (dict.fromkeys(range(50), (WARNING, ERROR)), 10),
        )
    ]
    numbers = [health.score for health in scores if health]
    assert len(set(numbers)) == 5 or numbers[0] == numbers[1]
    assert numbers == sorted(numbers, reverse=True)


def test_a_step_gains_what_it_promises() -> None:
    found = dict.fromkeys(range(20), (ERROR,)) | {30: (WARNING, BY_HAND), 31: (BY_HAND,)}
    before = assess(100, found, 100)
    after = assess(100, {30: (WARNING, BY_HAND), 31: (BY_HAND,)}, 100)
    assert before is not None
    assert after is not None
    first = before.steps[0]
    assert (first.action, first.key, first.count) == ("mend", "empty", 20)
    assert first.gain == pytest.approx(60 * (after.soundness - before.soundness))
    assert {(s.action, s.key) for s in before.steps} == {
        ("mend", "empty"),
        ("look", "link"),
        ("write", ""),
    }  # the mend of markup alone raises nothing, as the link stays


@pytest.mark.parametrize(("count", "more"), [(1, 19), (20, 30), (99, 1), (499, 1)])
def test_writing_leads_to_the_next_goal(count: int, more: int) -> None:
    health = assess(count, {}, count)
    assert health is not None
    (step,) = health.steps
    assert (step.action, step.count) == ("write", more)
    assert count + more in GOALS
