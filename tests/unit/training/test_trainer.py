"""Our Trainer: the mean over all learned tokens, whatever the batches; a measure that is exact."""

from pathlib import Path
from typing import Any

import pytest
import torch

from chatbot.engine.device import Placement
from chatbot.training import data, memory, trainable
from chatbot.training.config import TrainingConfig
from chatbot.training.trainer import PackedTrainer, arguments
from tests.unit.training.small import changed, conversations
from tests.unit.training.test_packing import one_by_one

FLOAT32 = Placement("cpu", "float32", "for the test")


def make(config: TrainingConfig, folder: Path, *, steps: int, held_out: int = 0) -> Any:
    made = trainable.build(config, conversations(20), FLOAT32)
    examples = data.tokenise(made.tokenizer, conversations(20), 200).examples
    args = arguments(config, folder, steps=steps, placement=FLOAT32)
    return PackedTrainer(made, args, examples, examples[:held_out])


def weights(trainer: Any) -> dict[str, torch.Tensor]:
    return {name: weight.detach().clone() for name, weight in trainer.model.named_parameters()}


def test_accumulated_small_batches_learn_as_one_large_batch(
    settings: TrainingConfig, tmp_path: Path
) -> None:
    results = []
    for batch, accumulation in ((8, 1), (2, 4)):
        config = changed(settings, batch_size=batch, gradient_accumulation=accumulation)
        trainer = make(config, tmp_path, steps=3)
        for module in trainer.model.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
        trainer.train()
        results.append(weights(trainer))
    for name, large in results[0].items():
        if name.endswith("c_attn.bias"):
            continue  # a key's bias has no gradient, and Adam blows its rounding noise up
        torch.testing.assert_close(results[1][name], large, rtol=1e-3, atol=1e-4)


def test_the_held_out_loss_is_the_mean_over_all_tokens(
    settings: TrainingConfig, tmp_path: Path
) -> None:
    trainer = make(settings, tmp_path, steps=1, held_out=18)
    with torch.no_grad():
        total, count = one_by_one(trainer.model.eval(), trainer.train_dataset[:18])
    assert trainer.evaluate()["eval_loss"] == pytest.approx(float(total) / count, rel=1e-5)


def test_measuring_draws_no_random_number_and_without_held_out_there_is_nothing(
    settings: TrainingConfig, tmp_path: Path
) -> None:
    trainer = make(settings, tmp_path, steps=1, held_out=5)
    before = torch.get_rng_state()
    trainer.evaluate()
    assert torch.equal(torch.get_rng_state(), before)
    assert make(settings, tmp_path, steps=1).evaluate() == {}


def test_memory_goes_back_to_the_system_between_steps(
    settings: TrainingConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trims: list[int] = []
    monkeypatch.setattr("chatbot.training.trainer.TRIMS_SHARE", 1e9)
    monkeypatch.setattr(memory, "trim", lambda: trims.append(1))
    make(settings, tmp_path, steps=3).train()
    assert len(trims) == 3


def test_tokens_are_counted_without_what_fills_up_the_rows(
    settings: TrainingConfig, tmp_path: Path
) -> None:
    trainer = make(changed(settings, batch_size=20), tmp_path, steps=3)
    tokens = sum(len(example.ids) for example in trainer.train_dataset)
    assert tokens % data.GRAIN  # rows are filled up
    trainer.train()
    assert trainer.state.num_input_tokens_seen == 3 * tokens


def test_training_prints_nothing(
    settings: TrainingConfig, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    make(settings, tmp_path, steps=2, held_out=3).train()
    assert capfd.readouterr() == ("", "")


def test_a_frozen_base_is_halved_and_only_adapters_learn(settings: TrainingConfig) -> None:
    config = changed(settings, method="lora")
    made = trainable.build(config, (), Placement("cpu", "bfloat16", "for the test"))
    for name, weight in made.model.named_parameters():
        assert weight.requires_grad == ("lora_" in name)
        assert weight.dtype == (torch.float32 if "lora_" in name else torch.bfloat16)
    assert 0 < made.trained_parameters < made.parameters


def test_the_seed_decides_every_new_weight(settings: TrainingConfig) -> None:
    config = changed(settings, method="scratch")
    first, again, other = (
        trainable.build(changed(config, seed=seed), conversations(20), FLOAT32).model.state_dict()
        for seed in (1, 1, 2)
    )
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)
