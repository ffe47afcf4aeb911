"""A LoRA adapter that is there learns on: it stays one adapter, on the model it belongs to."""

import json
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

from chatbot.engine import catalog
from chatbot.engine.device import choose_placement
from chatbot.engine.loading import load
from chatbot.errors import BadInput
from chatbot.training import learning_on, preflight, trainable
from chatbot.training.config import TrainingConfig
from chatbot.training.job import TrainingJob, run_training
from chatbot.training.runs import Run
from chatbot.training.sizes import sizes_of
from tests.unit.training.small import changed, conversations
from tests.unit.training.test_ends import PATIENCE, until


@pytest.fixture
def first(settings: TrainingConfig) -> Run:
    """A finished LoRA run on the tiny GPT-2."""
    lora = changed(settings, method="lora", max_steps=6, learning_rate=3e-2)
    return run_training(lora, run_id="first")


def going_on(run: Run) -> TrainingConfig:
    best = run.best_checkpoint
    assert best is not None
    return changed(run.config, base_model=catalog.resolve(best).name)


def weights(checkpoint: Path | None) -> dict[str, Any]:
    assert checkpoint is not None
    return load_file(checkpoint / "adapter_model.safetensors")


def rewritten(run: Run, **values: Any) -> TrainingConfig:
    """What goes on from the run's checkpoint after its adapter's settings were changed."""
    best = run.best_checkpoint
    assert best is not None
    file = best / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | values))
    return going_on(run)


def test_it_begins_where_the_adapter_stands_and_ends_as_one_on_the_same_base(
    first: Run, tiny: str
) -> None:
    second = run_training(going_on(first), run_id="second")
    assert second.status().state == "finished", second.status()
    losses = {r["step"]: r["eval_loss"] for r in second.metrics() if "eval_loss" in r}
    reached = min(r["eval_loss"] for r in first.metrics() if "eval_loss" in r)
    assert losses[0] == pytest.approx(reached, rel=1e-3)
    assert min(losses.values()) < losses[0]
    assert second.best_checkpoint is not None
    entry = catalog.resolve(second.best_checkpoint)
    assert (entry.kind, entry.base) == ("adapter", tiny)
    before, after = weights(first.best_checkpoint), weights(second.best_checkpoint)
    assert before.keys() == after.keys()
    assert all(before[name].shape == after[name].shape for name in before)
    assert any(not before[name].equal(after[name]) for name in before)
    assert load(second.best_checkpoint).entry.family == "gpt2"


def test_paused_and_resumed_it_ends_the_same_to_the_bit(first: Run) -> None:
    config = changed(going_on(first), max_steps=30, lora_dropout=0.1)
    through = run_training(config, run_id="through")
    job = TrainingJob()
    run = job.start(config)
    until(lambda: run.status().step >= 2)
    job.pause()
    job.join(PATIENCE)
    assert run.status().state == "paused"
    job.resume(run.id)
    job.join(PATIENCE)
    assert run.status().state == "finished", run.status()
    ended, uninterrupted = (weights(one.path / "checkpoint-30") for one in (run, through))
    assert all(ended[name].equal(uninterrupted[name]) for name in uninterrupted)


def test_its_weights_are_the_adapters_to_the_bit_and_nothing_else_learns(first: Run) -> None:
    made = trainable.build(going_on(first), conversations(4), choose_placement())
    learning = {n: p for n, p in made.model.named_parameters() if p.requires_grad}
    saved = weights(first.best_checkpoint)
    assert {name.replace(".default", "") for name in learning} == saved.keys()
    assert all(p.equal(saved[name.replace(".default", "")]) for name, p in learning.items())


def test_its_rank_and_alpha_come_with_it(first: Run) -> None:
    config = going_on(first)
    other = changed(config, lora_rank=16, lora_alpha=32)
    with pytest.raises(BadInput, match="keeps its rank and alpha") as caught:
        preflight.check(other)
    assert "rank to 4 and alpha to 8" in str(caught.value)
    assert learning_on.suited(other) == config
    on_the_base = changed(other, base_model="tiny-gpt2")
    assert learning_on.suited(on_the_base) == on_the_base
    full = changed(other, method="full")
    assert learning_on.suited(full) == full


def test_an_adapter_on_the_default_model_is_rehearsed_like_it(
    first: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning_on, "DEFAULT_MODEL", "tiny-gpt2")
    assert learning_on.suited(going_on(first)).rehearsal > 0


@pytest.mark.parametrize(
    "values",
    [{"use_dora": True}, {"bias": "all"}, {"modules_to_save": ["wte"]}, {"lora_alpha": 1.5}],
)
def test_another_kind_of_adapter_is_refused_before_the_start(
    first: Run, values: dict[str, Any]
) -> None:
    config = rewritten(first, **values)
    with pytest.raises(BadInput, match="can't be trained further here") as caught:
        preflight.check(config)
    assert "tiny-gpt2" in str(caught.value)
    assert learning_on.suited(config) == config


def test_a_rank_beyond_all_settings_leaves_them_as_they_are(first: Run) -> None:
    config = rewritten(first, r=100_000)
    assert learning_on.suited(config) == config
    with pytest.raises(BadInput, match="keeps its rank and alpha"):
        preflight.check(config)


def test_settings_that_can_not_be_read_are_refused(first: Run) -> None:
    config = rewritten(first, r="many")
    with pytest.raises(BadInput, match="can't be read"):
        preflight.check(config)


def test_weights_that_do_not_fit_are_one_sentence(first: Run) -> None:
    config = going_on(first)
    assert first.best_checkpoint is not None
    file = first.best_checkpoint / "adapter_model.safetensors"
    save_file({name: tensor[:1].clone() for name, tensor in load_file(file).items()}, file)
    with pytest.raises(BadInput, match="could not be loaded"):
        trainable.build(config, conversations(4), choose_placement())


@pytest.mark.parametrize("method", ["lora", "full"])
def test_it_needs_the_memory_of_the_model_that_it_stands_on(first: Run, method: str) -> None:
    on_adapter = changed(going_on(first), method=method)
    on_base = changed(on_adapter, base_model="tiny-gpt2")
    sizes = (sizes_of(c, catalog.resolve(c.base_model)) for c in (on_adapter, on_base))
    assert next(sizes) == next(sizes)
