"""Packed conversations don't see each other, and logits are made only where they are learned."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn.functional import cross_entropy

from chatbot.engine.loading import load_for_training
from chatbot.training import adapters, data, packing
from chatbot.training.config import TrainingConfig
from chatbot.training.trainer import token_loss
from tests.unit.training.small import conversations


@pytest.fixture(params=["gpt2", "llama"])
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def model_and_examples(
    family: str, tiny_gpt2: Path, tiny_llama: Path
) -> tuple[Any, tuple[data.TrainingExample, ...]]:
    model, tokenizer = load_for_training(tiny_gpt2 if family == "gpt2" else tiny_llama)
    return model.eval(), data.tokenise(tokenizer, conversations(5), 200).examples


def one_by_one(model: Any, examples: Any) -> tuple[torch.Tensor, int]:
    """Summed loss of each conversation alone, with all logits and no trick, and its tokens."""
    total, count = torch.tensor(0.0), 0
    for example in examples:
        ids = torch.tensor([example.ids])
        logits = model(input_ids=ids).logits[0, :-1]
        learned = torch.tensor(example.trained[1:])
        total = total + cross_entropy(logits[learned], ids[0, 1:][learned], reduction="sum")
        count += int(learned.sum())
    return total, count


def packed_loss(model: Any, examples: Any) -> torch.Tensor:
    batch = data.collate(examples)
    labels = batch.pop("labels")
    return token_loss(model(**batch), labels)


@pytest.mark.parametrize("own", [True, False], ids=["own attention", "library's mask"])
@pytest.mark.parametrize("adapter", [False, True], ids=["plain", "lora"])
def test_a_packed_loss_and_its_gradients_are_those_of_the_conversations_apart(
    model_and_examples: Any, family: str, own: bool, adapter: bool
) -> None:
    model, examples = model_and_examples
    if adapter:
        place = type("Place", (), {"dtype": "float32"})
        config = TrainingConfig(lora_rank=4, seed=1)
        model = adapters.new(model, family, config, place).eval()  # type: ignore[arg-type]
        for name, weight in model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(weight, std=0.1)  # they start at zero, where all looks right
    trained = [p for p in model.parameters() if p.requires_grad]
    total, count = one_by_one(model, examples)
    expected = torch.autograd.grad(total / count, trained, allow_unused=True)
    if own:
        packing.use_for(getattr(model, "base_model", model).model if adapter else model, "cpu")
    loss = packed_loss(model, examples)
    torch.testing.assert_close(loss, total / count, rtol=1e-5, atol=1e-5)
    gradients = torch.autograd.grad(loss, trained, allow_unused=True)
    for got, wanted in zip(gradients, expected, strict=True):
        if wanted is not None:
            torch.testing.assert_close(got, wanted, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("own", [True, False])
def test_another_neighbour_changes_nothing(model_and_examples: Any, own: bool) -> None:
    model, examples = model_and_examples
    if own:
        packing.use_for(model, "cpu")

    def logits_of_last(first: data.TrainingExample) -> torch.Tensor:
        batch = data.collate([first, examples[2]])
        learned = batch.pop("labels")[0, 1:] != data.IGNORED
        with torch.no_grad():
            return model(**batch).logits[0][learned][-sum(examples[2].trained) :]  # type: ignore[no-any-return]

    torch.testing.assert_close(logits_of_last(examples[0]), logits_of_last(examples[1]))


def test_logits_are_made_only_for_learned_tokens(model_and_examples: Any) -> None:
    model, examples = model_and_examples
    packing.use_for(model, "cpu")
    batch = data.collate(examples)
    batch.pop("labels")
    learned = sum(sum(e.trained[1:]) for e in examples)
    assert learned <= model(**batch).logits.shape[1] < learned + data.GRAIN


def test_what_fills_a_row_attends_to_nothing_and_changes_nothing(model_and_examples: Any) -> None:
    model, examples = model_and_examples
    packing.use_for(model, "cpu")
    batch = data.collate(examples[:1])
    batch.pop("labels")
    own = len(examples[0].ids)
    assert batch["lengths"] == (own,)
    assert batch["input_ids"].shape[1] > own
    with torch.no_grad():
        before = model(**batch).logits
        batch["input_ids"][0, own:] = 5
        torch.testing.assert_close(model(**batch).logits, before)
    query = torch.rand(1, 2, own + 3, 4)
    attended, _ = packing.one_by_one(model, query, query, query, None, lengths=(own,))
    assert attended[0, own:].count_nonzero() == 0
    assert attended[0, :own].count_nonzero() == attended[0, :own].numel()
