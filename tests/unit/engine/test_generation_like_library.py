"""Our decode loop against the library's own `generate`, on tiny and on the real models."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from chatbot.engine import catalog
from chatbot.engine.choosing import Chooser
from chatbot.engine.generation import Engine, Generation
from chatbot.engine.sampling import SamplingParams
from chatbot.messages import Message, assistant, user

REAL_MODELS = [entry.name for entry in catalog.list_models() if entry.installed][:2]
TALK = [
    Message("system", "You are a lighthouse keeper."),
    user("Who are you?"),
    assistant("I keep the light."),
    user("What do you like to read?"),
]
SINGLE = [user("Tell me a joke, please.")]

Take = Callable[[Generation], tuple[list[int], list[float]]]
Open = Callable[..., Engine]


def generated(engine: Engine, messages: list[Message], params: SamplingParams) -> list[int]:
    """What `generate` says to the same prompt, without the token that ended it.

    Asked of the model as the library itself loads it, so that our loading is compared as well.
    """
    from transformers import AutoModelForCausalLM

    prompt = engine.render(messages, params)
    ids = torch.tensor([prompt.ids])
    loaded = engine.loaded
    model: Any = AutoModelForCausalLM.from_pretrained(
        loaded.entry.path, dtype=loaded.placement.torch_dtype
    )
    output = model.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        do_sample=False,
        max_new_tokens=params.max_new_tokens,
        repetition_penalty=params.repetition_penalty,
        no_repeat_ngram_size=params.no_repeat_ngram,
        eos_token_id=sorted(prompt.stop_ids),
        pad_token_id=0,
    )
    new = output[0, len(prompt.ids) :].tolist()
    return new[:-1] if new[-1] in prompt.stop_ids else new


@pytest.mark.parametrize(("penalty", "ngram"), [(1.0, 0), (1.3, 0), (1.0, 3)])
@pytest.mark.parametrize("messages", [SINGLE, TALK], ids=["single", "talk"])
def test_greedy_equals_generate_on_tiny_models(
    tiny_model: Path,
    open_engine: Open,
    take: Take,
    messages: list[Message],
    penalty: float,
    ngram: int,
) -> None:
    engine = open_engine(tiny_model)
    params = SamplingParams(
        temperature=0, repetition_penalty=penalty, no_repeat_ngram=ngram, max_new_tokens=60
    )
    ids, _ = take(engine.stream(messages, params))
    assert ids == generated(engine, messages, params)
    assert len(ids) > 5


def test_greedy_equals_generate_in_bfloat16(
    tiny_model: Path, open_engine: Open, take: Take
) -> None:
    """One piece, as `generate` reads it; in several pieces bfloat16 sums may round differently."""
    engine = open_engine(tiny_model, "bfloat16")
    params = SamplingParams(temperature=0, max_new_tokens=60)
    assert len(engine.render(SINGLE, params).pieces) == 1
    assert take(engine.stream(SINGLE, params))[0] == generated(engine, SINGLE, params)


@pytest.mark.parametrize("name", REAL_MODELS)
def test_greedy_equals_generate_on_real_models(name: str, open_engine: Open, take: Take) -> None:
    params = SamplingParams(temperature=0, max_new_tokens=12)
    full = open_engine(name, "float32")
    assert take(full.stream(TALK, params))[0] == generated(full, TALK, params)
    half = open_engine(name, "bfloat16")
    assert take(half.stream(SINGLE, params))[0] == generated(half, SINGLE, params)


SETTINGS = [
    SamplingParams(temperature=0.7, top_p=0.9, top_k=50),
    SamplingParams(temperature=1.0, top_p=1.0, top_k=0),
    SamplingParams(temperature=1.4, top_p=0.8, top_k=0, repetition_penalty=1.2),
    SamplingParams(temperature=0.5, top_p=1.0, top_k=7, repetition_penalty=0.8),
    SamplingParams(temperature=2.0, top_p=0.3, top_k=3, repetition_penalty=2.0),
    SamplingParams(temperature=1.0, top_p=1.0, top_k=0, typical_p=0.6),
    SamplingParams(temperature=0.9, top_p=0.95, top_k=0, min_p=0.05, no_repeat_ngram=2),
    SamplingParams(
        temperature=1.2, top_p=0.9, top_k=40, min_p=0.1, typical_p=0.8, no_repeat_ngram=3
    ),
]


def sampled(model: Any, prompt: torch.Tensor, params: SamplingParams, steps: int) -> Any:
    """`generate` with these settings: sequence, raw scores and processed scores of each step."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        return model.generate(
            input_ids=prompt,
            attention_mask=torch.ones_like(prompt),
            do_sample=True,
            temperature=params.temperature,
            top_p=params.top_p,
            top_k=params.top_k,
            min_p=params.min_p or None,
            typical_p=params.typical_p,
            repetition_penalty=params.repetition_penalty,
            no_repeat_ngram_size=params.no_repeat_ngram,
            max_new_tokens=steps,
            eos_token_id=None,
            pad_token_id=0,
            return_dict_in_generate=True,
            output_scores=True,
            output_logits=True,
        )


def assert_same_distributions(engine: Engine, params: SamplingParams, steps: int) -> None:
    """Along a path that `generate` took, ours leaves the same tokens with the same chances."""
    ids = engine.render(TALK, params).ids
    theirs = sampled(engine.loaded.model, torch.tensor([ids]), params, steps)
    path = theirs.sequences[0, len(ids) :].tolist()
    for step in range(steps):
        chooser = Chooser(params, 0, (*ids, *path[:step]), 1)
        left, probabilities = chooser.distribution(theirs.logits[step].float())
        expected = torch.softmax(theirs.scores[step][0].double(), dim=-1)
        assert left.tolist() == torch.nonzero(expected)[:, 0].tolist()
        torch.testing.assert_close(probabilities, expected[left], rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("params", SETTINGS, ids=str)
def test_sampling_has_the_distribution_of_generate_on_tiny_models(
    tiny_model: Path, open_engine: Open, params: SamplingParams
) -> None:
    assert_same_distributions(open_engine(tiny_model), params, steps=12)


@pytest.mark.parametrize("name", REAL_MODELS)
def test_sampling_has_the_distribution_of_generate_on_real_models(
    name: str, open_engine: Open
) -> None:
    engine = open_engine(name, "float32")
    for params in SETTINGS[:3]:
        assert_same_distributions(engine, params, steps=3)


def test_drawn_tokens_follow_the_distribution(tiny_model: Path, open_engine: Open) -> None:
    """Chi-square of 4,000 first tokens, a seed each, against what `generate` draws from."""
    engine = open_engine(tiny_model)
    params = SamplingParams(temperature=1.5, top_k=8, top_p=0.95)
    ids = engine.render(SINGLE, params).ids
    theirs = sampled(engine.loaded.model, torch.tensor([ids]), params, 1)
    expected = torch.softmax(theirs.scores[0][0].double(), dim=-1)
    raw = theirs.logits[0][0]
    draws = [Chooser(params, seed, ids, 1).choose(raw).id for seed in range(4000)]
    counts = torch.bincount(torch.tensor(draws), minlength=len(expected)).double()
    possible = expected > 0
    assert counts[~possible].sum() == 0
    statistic = ((counts - 4000 * expected)[possible] ** 2 / (4000 * expected[possible])).sum()
    freedom = int(possible.sum()) - 1
    assert freedom >= 3
    assert statistic < freedom + 4 * (2 * freedom) ** 0.5
