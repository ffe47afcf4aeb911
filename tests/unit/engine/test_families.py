"""Every family on the allow-list: a tiny real model is listed, and chats as `generate` does."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch

from chatbot.engine import checkpoints
from chatbot.engine.families import FAMILIES, KIN, Family, class_of
from chatbot.engine.generation import Engine, Generation
from chatbot.engine.prompts import render
from chatbot.engine.sampling import SamplingParams
from chatbot.engine.templates import ensure_template
from chatbot.messages import user

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

MakeFamily = Callable[[Family], Path]
QUESTION = [user("Tell me a joke, please.")]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_model_of_each_family_answers_as_the_library_does(
    family: Family,
    family_model: MakeFamily,
    open_engine: Callable[..., Engine],
    take: Callable[[Generation], tuple[list[int], list[float]]],
) -> None:
    folder = family_model(family)
    contents = checkpoints.inspect(folder)
    assert (contents.problem, contents.family) == (None, family)
    assert contents.summary.startswith(f"{KIN[family].title}, 2 layers, 32 wide")
    engine = open_engine(folder)
    assert type(engine.loaded.model) is class_of(family)
    assert engine.loaded.window == 256
    params = SamplingParams(temperature=0, max_new_tokens=24)
    prompt = engine.render(QUESTION, params)
    assert prompt.stop_ids
    model: Any = class_of(family).from_pretrained(folder, dtype=torch.float32)
    ids = torch.tensor([prompt.ids])
    output = model.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        do_sample=False,
        max_new_tokens=24,
        eos_token_id=sorted(prompt.stop_ids),
        pad_token_id=0,
    )
    expected = [t for t in output[0, len(prompt.ids) :].tolist() if t not in prompt.stop_ids]
    said, _ = take(engine.stream(QUESTION, params))
    assert said == expected
    assert len(said) > 3


def test_a_base_model_without_a_template_gets_ours_and_stops_at_the_next_speaker(
    plain_tokenizer: "PreTrainedTokenizerFast",
) -> None:
    ensure_template(plain_tokenizer)
    prompt = render(plain_tokenizer, QUESTION, window=256, reserve=8)
    assert plain_tokenizer.eos_token_id in prompt.stop_ids
    assert any("User:" in text for text in prompt.stop_strings)


@pytest.fixture
def plain_tokenizer(tiny_tokenizer: "PreTrainedTokenizerFast") -> "PreTrainedTokenizerFast":
    """GPT-2's own way: one control token, no template."""
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    text = tiny_tokenizer.backend_tokenizer.to_str()  # type: ignore[attr-defined]
    backend = Tokenizer.from_str(text.replace("im_start", "x_start").replace("im_end", "x_end"))
    return PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="<|endoftext|>")
