"""What a run needs is known from files, before anything is loaded."""

from dataclasses import replace
from pathlib import Path

import pytest

from chatbot.engine.catalog import resolve
from chatbot.training.config import TrainingConfig
from chatbot.training.memory_needs import memory_needs, remedies
from chatbot.training.sizes import Sizes, sizes_of

SMALL = Sizes(
    weights=135_000_000, trained=5_000_000, layers=30, width=576, inner=1536, vocabulary=49_152
)


def test_the_sizes_are_those_of_the_model(tiny: str, tiny_gpt2: Path) -> None:
    from transformers import GPT2LMHeadModel

    model = GPT2LMHeadModel.from_pretrained(tiny_gpt2)
    sizes = sizes_of(TrainingConfig(base_model=tiny, method="full"), resolve(tiny))

    assert sizes.weights == pytest.approx(model.num_parameters(), rel=0.05)
    assert sizes.trained == sizes.weights
    assert (sizes.layers, sizes.width, sizes.inner) == (2, 32, 128)
    assert sizes.vocabulary == model.config.vocab_size


def test_a_new_model_has_the_sizes_that_were_chosen() -> None:
    settings = TrainingConfig(method="scratch", scratch_layers=3, scratch_width=64, scratch_heads=2)
    sizes = sizes_of(settings, None)

    assert (sizes.layers, sizes.width, sizes.trained) == (3, 64, sizes.weights)


def test_every_setting_that_costs_memory_is_counted() -> None:
    settings = TrainingConfig(batch_size=4)
    usual = memory_needs(settings, SMALL, 64)

    twice = memory_needs(replace(settings, batch_size=8), SMALL, 64)
    assert twice.activations == pytest.approx(2 * usual.activations, rel=0.01)
    assert memory_needs(settings, SMALL, 64, bfloat16=False).activations > usual.activations
    assert memory_needs(replace(settings, max_length=32), SMALL, 64).total < usual.total
    everything = memory_needs(
        replace(settings, method="full"), replace(SMALL, trained=SMALL.weights), 64
    )
    assert everything.optimizer == 8 * SMALL.weights
    assert everything.gradients == 4 * SMALL.weights


def test_measuring_counts_where_it_takes_the_most() -> None:
    many_words = replace(SMALL, vocabulary=100_000)
    settings = TrainingConfig(batch_size=1)
    with_it = memory_needs(settings, many_words, 64).activations

    assert memory_needs(replace(settings, held_out=0.0), many_words, 64).activations < with_it


def test_the_verdict_goes_by_what_is_free() -> None:
    needs = memory_needs(TrainingConfig(), SMALL, 64)

    assert needs.verdict(2 * needs.total) == "fits"
    assert needs.verdict(round(1.2 * needs.total)) == "tight"
    assert needs.verdict(needs.total - 1) == "will not fit"


def test_a_remedy_learns_the_same_as_long_as_it_can_and_needs_less_each_time() -> None:
    settings = TrainingConfig(batch_size=10, gradient_accumulation=2)
    needs = [
        memory_needs(replace(settings, **values), SMALL, 600).activations
        for _, values in remedies(settings)
    ]
    same = [values for _, values in remedies(settings) if "max_length" not in values]

    assert [v["batch_size"] for v in same] == [5, 2, 1]
    assert all(v["batch_size"] * v["gradient_accumulation"] == 20 for v in same)
    assert needs == sorted(needs, reverse=True)
    assert len(needs) > len(same)
