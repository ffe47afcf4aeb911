"""What was taken from chats is learned for certain: read, read often, and known at the end."""

from dataclasses import replace
from pathlib import Path

import pytest

from chatbot.dataset.importers import dump
from chatbot.dataset.marks import FROM_CHAT
from chatbot.engine.generation import Engine
from chatbot.engine.loading import load
from chatbot.engine.sampling import SamplingParams
from chatbot.messages import Conversation, assistant, user
from chatbot.training import data, emphasis, parting, preflight
from chatbot.training.config import TrainingConfig
from chatbot.training.job import run_training
from tests.unit.training.small import changed, conversations

QUESTION, ANSWER = "What is it called?", "Salt."
CORRECTED = Conversation((user(QUESTION), assistant(ANSWER)), {"tags": [FROM_CHAT, "corrected"]})


def of(rows: list[Conversation]) -> data.Source:
    return data.source_of(dump(rows), "test")


def test_it_is_never_held_out_and_never_left_out(settings: TrainingConfig) -> None:
    rows = [replace(c, extra={"tags": [FROM_CHAT]}) for c in conversations(6)]
    rows += conversations(40)[6:]
    for seed in range(8):
        config = changed(
            settings, seed=seed, held_out=0.5, most_conversations=9, emphasis=12, epochs=1.0
        )
        parts = parting.parts_of(of(rows), config).split
        assert set(map(repr, rows[:6])) <= set(map(repr, parts.train))
        assert 9 <= len(parts.train) <= 9 + 6
        unmarked = parting.parts_of(of(rows), changed(config, emphasis=0)).split
        assert len(unmarked.train) == 9


def test_a_copy_of_it_is_not_held_out_either(settings: TrainingConfig) -> None:
    loud = Conversation((user(QUESTION.upper()), assistant(ANSWER)))
    rows = [*conversations(20), loud, CORRECTED]
    for seed in range(8):
        config = changed(settings, seed=seed, held_out=0.5, emphasis=12)
        held_out = parting.parts_of(of(rows), config).split.held_out
        assert held_out
        assert loud.messages not in [c.messages for c in held_out]


@pytest.mark.parametrize(
    ("others", "chosen", "epochs", "times"),
    [
        (300, 1, 0.75, 16),  # read 12 times in three quarters of a pass
        (300, 1, 6.0, 2),
        (300, 100, 1.0, 3),  # no more often than all the others together
        (5, 20, 1.0, 1),
        (0, 3, 1.0, 1),
        (30, 1, 50.0, 1),
    ],
)
def test_how_often_it_is_read(
    settings: TrainingConfig, others: int, chosen: int, epochs: float, times: int
) -> None:
    learned = [*conversations(others), *[CORRECTED] * chosen]
    config = changed(settings, emphasis=12, epochs=epochs)
    assert emphasis.again(learned, config) == (CORRECTED,) * (chosen * (times - 1))
    assert emphasis.again(learned, changed(config, emphasis=0)) == ()


def test_the_plan_says_so_and_counts_the_steps(settings: TrainingConfig, persona: Path) -> None:
    persona.write_bytes(dump([*conversations(24), CORRECTED]))
    config = changed(settings, emphasis=12, epochs=1, max_steps=None, held_out=0.1)
    plan = preflight.check(config)
    assert "1 conversation was taken from chats" in plan.notes[-1]
    assert "each is read 12 times" in plan.notes[-1]
    assert len(plan.parts.train) == 23
    assert plan.steps == -(-(23 + 11) // 4)
    assert preflight.check(changed(config, emphasis=0)).notes == ()


def test_a_single_correction_is_known_after_the_run(
    settings: TrainingConfig, persona: Path
) -> None:
    persona.write_bytes(dump([*conversations(12), CORRECTED]))
    config = changed(
        settings, emphasis=100, epochs=14, max_steps=None, patience=1, evaluations=2,
        questions=(QUESTION,),
    )  # fmt: skip
    run = run_training(config)
    assert (run.status().state, run.status().error) == ("finished", "")
    assert run.best_checkpoint == run.path / f"checkpoint-{run.facts['steps']}"  # to the last step
    assert said(run.best_checkpoint) == ANSWER
    assert said(settings.base_model) != ANSWER


def said(model: str | Path) -> str:
    engine = Engine(load(model))
    greedy = SamplingParams(temperature=0, max_new_tokens=12, seed=1)
    try:
        return "".join(chunk.text for chunk in engine.stream([user(QUESTION)], greedy))
    finally:
        engine.close()
