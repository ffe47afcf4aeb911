"""Muon and AdamW as one optimizer: one learning rate, and a state that comes back exactly."""

from pathlib import Path
from typing import Any

import torch

from chatbot.training import scratch
from chatbot.training.config import TrainingConfig
from chatbot.training.optimizers import MuonWithAdamW
from tests.unit.training.small import conversations

CONFIG = TrainingConfig(method="scratch", scratch_vocab=300, scratch_layers=2, scratch_width=64)


def make() -> tuple[Any, MuonWithAdamW]:
    torch.manual_seed(3)
    model = scratch.new_model(CONFIG, scratch.train_tokenizer(conversations(5), CONFIG))
    return model, MuonWithAdamW(model, lr=1e-2, weight_decay=0.1)


def learn(model: Any, optimizer: MuonWithAdamW, steps: int) -> float:
    ids = torch.arange(20)[None]
    for _ in range(steps):
        loss = model(input_ids=ids, labels=ids).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return float(loss.detach())


def test_every_weight_learns_and_only_once() -> None:
    model, optimizer = make()
    grouped = [id(p) for group in optimizer.param_groups for p in group["params"]]
    assert sorted(grouped) == sorted(id(p) for p in model.parameters())
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    first = learn(model, optimizer, 1)
    unchanged = [n for n, weight in model.named_parameters() if torch.equal(weight, before[n])]
    assert unchanged == []
    assert learn(model, optimizer, 20) < first / 2


def test_a_schedule_reaches_both_parts() -> None:
    model, optimizer = make()
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: float(step == 0))
    learn(model, optimizer, 1)
    scheduler.step()
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    learn(model, optimizer, 1)
    assert all(torch.equal(weight, before[n]) for n, weight in model.named_parameters())


def test_a_saved_state_goes_on_to_the_bit(tmp_path: Path) -> None:
    model, optimizer = make()
    learn(model, optimizer, 3)
    weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    torch.save(optimizer.state_dict(), tmp_path / "state")
    expected = learn(model, optimizer, 4)

    again, fresh = make()
    again.load_state_dict(weights)
    fresh.load_state_dict(torch.load(tmp_path / "state", weights_only=True))
    assert learn(again, fresh, 4) == expected
    for name, tensor in model.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor), name
