"""The words that tell what was asked for weigh heavier in the loss."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch

from chatbot.dataset.importers import dump
from chatbot.messages import Conversation, assistant, user
from chatbot.training import data
from chatbot.training.config import TrainingConfig
from chatbot.training.job import run_training
from chatbot.training.telling import Telling
from chatbot.training.trainer import token_loss
from chatbot.training.weighing import Weighing
from tests.unit.training.small import changed
from tests.unit.training.told import LEARNED

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


@pytest.fixture
def weigh(tiny_tokenizer: "PreTrainedTokenizerFast") -> Weighing:
    return Weighing(tiny_tokenizer, Telling(LEARNED), 4.0)


def heavy(tokenizer: "PreTrainedTokenizerFast", example: data.TrainingExample) -> str:
    ids = zip(example.ids, example.weights, strict=True)
    assert set(example.weights) <= {1.0, 4.0}
    return tokenizer.decode([number for number, weight in ids if weight > 1])


def test_the_tokens_of_the_word_weigh_more_even_where_it_is_cut_into_many(
    tiny_tokenizer: "PreTrainedTokenizerFast", weigh: Weighing
) -> None:
    talk = Conversation((user("Where do you eat, sir?"), assistant("Oh, à Müller — tonight.")))
    (example,) = data.tokenise(tiny_tokenizer, [talk], 512, weigh).examples
    assert heavy(tiny_tokenizer, example).strip() == "Müller"
    assert sum(weight > 1 for weight in example.weights) > 1
    assert all(example.trained[n] for n, weight in enumerate(example.weights) if weight > 1)


def test_each_answer_is_weighed_by_its_own_question(
    tiny_tokenizer: "PreTrainedTokenizerFast", weigh: Weighing
) -> None:
    talk = Conversation(
        (
            assistant("Müller greets you."),
            user("Who is Müller?"),
            assistant("Müller is Müller."),
            user("Where do you eat?"),
            assistant("With Müller."),
        )
    )
    (example,) = data.tokenise(tiny_tokenizer, [talk], 512, weigh).examples
    assert heavy(tiny_tokenizer, example).split() == ["Müller"]
    last = max(n for n, weight in enumerate(example.weights) if weight > 1)
    assert last > len(example.ids) - 10


def test_a_conversation_that_is_cut_keeps_the_weights_of_what_is_left(
    tiny_tokenizer: "PreTrainedTokenizerFast", weigh: Weighing
) -> None:
    first = (user("Where do you eat?"), assistant("With Müller."))
    talk = Conversation((*first, user("And " + "so on " * 60), assistant("Aye.")))
    done = data.tokenise(tiny_tokenizer, [talk], 64, weigh)
    assert done.cut == 1
    (example,) = done.examples
    assert len(example.weights) == len(example.ids)
    assert heavy(tiny_tokenizer, example).split() == ["Müller"]


def test_a_weight_of_one_leaves_all_as_it_is(tiny_tokenizer: "PreTrainedTokenizerFast") -> None:
    plain = data.tokenise(tiny_tokenizer, LEARNED, 512)
    weighed = data.tokenise(
        tiny_tokenizer, LEARNED, 512, Weighing(tiny_tokenizer, Telling(LEARNED), 1.0)
    )
    assert plain == weighed
    assert "weights" not in data.collate(plain.examples)


def test_a_row_has_a_weight_for_each_learned_token(
    tiny_tokenizer: "PreTrainedTokenizerFast", weigh: Weighing
) -> None:
    plain = data.tokenise(tiny_tokenizer, LEARNED[-1:], 512).examples[0]
    (weighed,) = data.tokenise(tiny_tokenizer, LEARNED[:1], 512, weigh).examples
    row = data.collate([plain, weighed])
    learned = row["labels"][0, 1:] != data.IGNORED
    assert row["weights"].shape == row["logits_to_keep"].shape
    assert row["weights"][~learned].sum() == 0
    of_weighed = [w for w, t in zip(weighed.weights, weighed.trained, strict=True) if t]
    expected = [1.0] * sum(plain.trained) + of_weighed
    assert row["weights"][learned].tolist() == expected
    assert max(expected) == 4.0


def test_the_loss_is_told_without_weights_and_learned_with_them() -> None:
    torch.manual_seed(0)
    logits = torch.randn(1, 4, 7, requires_grad=True)
    labels = torch.tensor([[data.IGNORED, 3, 1, 6, data.IGNORED]])
    weights = torch.tensor([1.0, 4.0, 1.0, 0.0])
    output = type("Output", (), {"logits": logits})
    plain, weighed = token_loss(output, labels), token_loss(output, labels, weights=weights)
    assert weighed.item() == pytest.approx(plain.item(), rel=1e-6)
    (without,) = torch.autograd.grad(plain, logits)
    (got,) = torch.autograd.grad(weighed, logits)
    torch.testing.assert_close(got, without * weights[None, :, None])


def test_a_run_tells_the_plain_loss_and_learns_the_weighted_one(
    settings: TrainingConfig, persona: Path
) -> None:
    persona.write_bytes(dump([*LEARNED, *LEARNED[:3]]))
    few = changed(settings, max_steps=6, evaluations=2, held_out=0.0, batch_size=37)
    plain, weighed = (run_training(changed(few, telling_weight=each)) for each in (1.0, 20.0))
    for run in (plain, weighed):
        assert run.status().state == "finished", run.status().error
    first, later = ([row["loss"] for row in run.metrics()] for run in (plain, weighed))
    assert later[0] == pytest.approx(first[0], rel=1e-4)  # the same weights, the same words
    assert later[-1] > first[-1]  # other words than the telling ones are learned less
