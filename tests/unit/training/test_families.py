"""Every family can be fine-tuned: adapters find its layers, and packed conversations stay apart."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from chatbot.engine.families import FAMILIES, Family
from chatbot.engine.loading import load_for_training
from chatbot.training import adapters, data, packing
from chatbot.training.config import TrainingConfig
from tests.unit.training.small import conversations
from tests.unit.training.test_packing import one_by_one, packed_loss
from tests.unit.training.test_trainer import FLOAT32


@pytest.mark.parametrize("family", FAMILIES)
def test_adapters_reach_every_layer_of_a_block_and_learn_from_packed_conversations(
    family: Family, family_model: Callable[[Family], Path]
) -> None:
    plain, tokenizer = load_for_training(family_model(family))
    examples = data.tokenise(tokenizer, conversations(4), 200).examples
    model = adapters.new(plain, family, TrainingConfig(lora_rank=4, seed=1), FLOAT32).eval()
    adapted = {name.split(".lora_")[0].split(".")[-1] for name, _ in model.named_parameters()
               if ".lora_" in name}  # fmt: skip
    assert adapted == set(adapters.LORA_TARGETS[family])
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.1)
    with torch.no_grad():
        total, count = one_by_one(model, examples)
    packing.use_for(model.get_base_model(), "cpu")  # type: ignore[arg-type]
    loss = packed_loss(model, examples)
    torch.testing.assert_close(loss.detach(), total / count, rtol=1e-4, atol=1e-4)
    loss.backward()
    gradients = [p.grad for p in model.parameters() if p.requires_grad]
    assert all(grad is not None and torch.isfinite(grad).all() for grad in gradients)
