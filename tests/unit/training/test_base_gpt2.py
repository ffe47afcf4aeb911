"""A GPT-2 of the hub becomes somebody: it answers once and stops, and tuned it is the persona."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chatbot.dataset.importers import dump
from chatbot.engine.device import Placement
from chatbot.engine.generation import Engine
from chatbot.engine.loading import LoadedModel, load
from chatbot.engine.prompts import render
from chatbot.engine.sampling import SamplingParams
from chatbot.engine.templates import PLAIN_TEMPLATE
from chatbot.fetching.bringing import bring
from chatbot.messages import user
from chatbot.training.config import preset
from chatbot.training.job import run_training
from tests.unit.base_gpt2 import END, base_gpt2, starter

FLOAT32 = Placement("cpu", "float32", "for a test")
GREEDY = SamplingParams(temperature=0, max_new_tokens=64)
TALKS = starter(8)
QUESTIONS = [talk.messages[0].text for talk in TALKS]


@pytest.fixture
def base(home: Path, tmp_path: Path) -> str:
    """Its name in the catalog."""
    folder = tmp_path / "gpt2"
    folder.mkdir()
    for name, data in base_gpt2().items():
        (folder / name).write_bytes(data)
    return bring(folder).name


def without_us(model: LoadedModel, question: str) -> str:
    """What the library's `generate` makes of the same prompt, which knows no rules of ours."""
    import torch

    prompt = render(model.tokenizer, [user(question)], window=256, reserve=64)
    ids = torch.tensor([prompt.ids])
    whole: Any = model.model
    said = whole.generate(
        ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=64, pad_token_id=0
    )
    return str(model.tokenizer.decode(said[0, ids.shape[1] :]))


def test_untuned_it_answers_once_and_stops(base: str) -> None:
    model = load(base, FLOAT32)
    assert model.tokenizer.chat_template == PLAIN_TEMPLATE
    engine = Engine(model)
    went_on = 0
    for question in (*QUESTIONS, "What is the best bread?", "Who won the race?"):
        answer = engine.stream([user(question)], GREEDY)
        text = "".join(chunk.text for chunk in answer)
        assert answer.receipt is not None
        assert answer.receipt.finish == "end"
        assert 0 < answer.receipt.new_tokens < GREEDY.max_new_tokens
        alone = without_us(model, question)
        first, *others = re.split(r"\n(?:User|Bot):", alone)
        went_on += bool(others)
        assert text.strip() == first.removesuffix(END).strip()
    engine.close()
    assert went_on  # it talks to itself where nobody stops it


def test_tuned_it_keeps_to_the_persona_and_ends_by_itself(base: str, home: Path) -> None:
    (home / "data" / "custom_chat_data.json").write_bytes(dump(TALKS))
    recipe = preset("Thorough", method="full", base_model=base, conversations=len(TALKS))
    # A model a thousand times smaller than the real one learns at a higher rate.
    run = run_training(replace(recipe, learning_rate=5e-3, max_steps=120, evaluations=1))
    assert run.status().state == "finished", run.status()
    assert run.best_checkpoint is not None
    tuned = load(run.best_checkpoint, FLOAT32)
    said = [without_us(tuned, question) for question in QUESTIONS]
    expected = [f" {talk.messages[1].text}{END}" for talk in TALKS]
    assert sum(mine == theirs for mine, theirs in zip(said, expected, strict=True)) >= 7, said
    assert all(text.endswith(END) for text in said)
