"""The questions, and answers that come from the very weights they name."""

import pytest
import torch

from chatbot.engine.loading import load
from chatbot.messages import Conversation, assistant, user
from chatbot.training import answers
from chatbot.training.config import TrainingConfig
from tests.unit.training.small import changed, conversations


def test_the_users_questions_win() -> None:
    assert answers.questions_for(("Mine?", " Mine? "), conversations(9)) == ("Mine?",)


def test_questions_are_some_held_out_and_some_that_no_conversation_has() -> None:
    held_out = conversations(9)
    drawn = answers.questions_for((), held_out)
    assert drawn[0] == "Who are you?"
    assert set(drawn[1:3]) <= {c.messages[0].text for c in held_out}
    assert drawn[3:] == answers.OUTSIDE[:2]
    known = Conversation((user("what is the  capital of france"), assistant("Paris.")))
    assert answers.questions_for((), held_out, [known])[3:] == answers.OUTSIDE[1:3]


def test_without_fitting_held_out_ones_it_is_what_all_personas_know() -> None:
    everywhere = (*answers.QUESTIONS, *answers.OUTSIDE[:2])
    assert answers.questions_for((), ()) == everywhere
    short = [Conversation((user("hi"), assistant("Hello.")))]
    assert answers.questions_for((), short) == everywhere
    only = [Conversation((user("Who are you?"), assistant("Me.")))]
    assert len(set(answers.questions_for((), only))) == len(everywhere)


def test_the_same_seed_gives_the_same_answers_and_disturbs_nobody(home: object, tiny: str) -> None:
    before = torch.get_rng_state()
    first = list(answers.ask(tiny, ("Who are you?", "And?"), step=0, seed=5))
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(99)
    assert list(answers.ask(tiny, ("Who are you?", "And?"), step=0, seed=5)) == first
    other = list(answers.ask(tiny, ("Who are you?", "And?"), step=0, seed=6))
    assert [row["answer"] for row in other] != [row["answer"] for row in first]
    assert first[0].keys() == {"step", "question", "answer", "model", "hash", "seed"}
    assert (first[0]["model"], first[0]["hash"]) == (tiny, load(tiny).hash)


def test_a_stop_leaves_the_rest_unasked(settings: TrainingConfig) -> None:
    left = iter([False, True, True])
    rows = list(
        answers.ask(
            changed(settings).base_model,
            ("a?", "b?", "c?"),
            step=0,
            seed=1,
            stopped=lambda: next(left),
        )
    )
    assert [row["question"] for row in rows] == ["a?"]


@pytest.mark.parametrize("seed", [0, 2**32 - 1])
def test_answers_are_of_a_fair_length(seed: int) -> None:
    params = answers.params_for(seed)
    assert params.seed == seed
    assert params.max_new_tokens == answers.LONGEST_ANSWER
