"""GGUF files, read by llama.cpp itself: the same tokens, the same words as ours."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks.llama_cpp import QUESTIONS, LlamaCpp
from chatbot import paths
from chatbot.engine.device import Placement
from chatbot.engine.loading import LoadedModel, load
from chatbot.engine.prompts import render
from chatbot.errors import BadInput
from chatbot.exporting.gguf_file import About, GgufKind, write_gguf
from chatbot.exporting.gguf_tokenizer import plain_template, pre_tokenizer
from chatbot.messages import user
from chatbot.training.scores import greedy

POCKET = paths.PROJECT / "models" / "checkpoint-420"
TEXTS = ("Hello  world's end\n\n  12345 x", "Grüß Gott 🙂 »ho«", " ", "a\tb\r\nc", "2026-11-26")


def loaded(folder: Path, dtype: str = "float32") -> LoadedModel:
    return load(folder, Placement("cpu", dtype, "test"))


def written(folder: Path, target: Path, kind: GgufKind, dtype: str = "float32") -> Path:
    model = loaded(folder, dtype)
    write_gguf(model.model, model.tokenizer, target, kind, About("Test"))
    return target


def ours(model: LoadedModel, questions: tuple[str, ...]) -> list[str]:
    return greedy.answers(model, [[user(question)] for question in questions], longest=32)


def theirs(program: LlamaCpp, model: LoadedModel, questions: tuple[str, ...]) -> list[str]:
    prompts = [render(model.tokenizer, [user(q)], window=256, reserve=32) for q in questions]
    return [program.answer(prompt.ids) for prompt in prompts]


def same(mine: list[str], other: list[str]) -> int:
    return sum(a.strip() == b.strip() for a, b in zip(mine, other, strict=True))


def test_pocket_gpt2_says_the_same_in_llama_cpp(tmp_path: Path) -> None:
    """The first 32 tokens of 20 answers; an answer of 18 may not differ. Also by its own template,
    and its tokenizer cuts text as ours does."""
    file = written(POCKET, tmp_path / "pocket.gguf", "f16", "bfloat16")
    model = loaded(POCKET)
    mine = ours(model, QUESTIONS)
    with LlamaCpp(file) as program:
        assert same(mine, theirs(program, model, QUESTIONS)) >= 18
        assert same(mine[:4], [program.chat(question) for question in QUESTIONS[:4]]) >= 3
        for text in TEXTS:
            assert program.tokens(text) == model.tokenizer(text).input_ids, text


@pytest.mark.parametrize("kind", ["f16", "q8_0"])
def test_a_llama_with_grouped_heads_says_the_same(
    tiny_llama: Path, tmp_path: Path, kind: GgufKind
) -> None:
    """Its random weights are far from ties, so that eight bits change hardly a word."""
    file = written(tiny_llama, tmp_path / "tiny.gguf", kind)
    model = loaded(tiny_llama)
    with LlamaCpp(file) as program:
        said = [program.answer(render_ids(model, q), 4) for q in QUESTIONS[:6]]
    mine = greedy.answers(model, [[user(q)] for q in QUESTIONS[:6]], longest=4)
    assert same(mine, said) >= (6 if kind == "f16" else 3)


def render_ids(model: LoadedModel, question: str) -> tuple[int, ...]:
    return render(model.tokenizer, [user(question)], window=256, reserve=32).ids


def test_q8_is_about_half_the_size_and_near_the_weights(tiny_gpt2: Path, tmp_path: Path) -> None:
    import gguf

    big = written(tiny_gpt2, tmp_path / "f16.gguf", "f16")
    small = written(tiny_gpt2, tmp_path / "q8.gguf", "q8_0")
    kinds: dict[str, Any] = {}
    for tensor in gguf.GGUFReader(small).tensors:
        kinds[str(tensor.name)] = tensor
    assert small.stat().st_size < big.stat().st_size
    tensor = kinds["blk.0.attn_qkv.weight"]
    assert tensor.tensor_type == gguf.GGMLQuantizationType.Q8_0
    assert kinds["position_embd.weight"].tensor_type == gguf.GGMLQuantizationType.F32
    model: Any = loaded(tiny_gpt2).model
    weights = model.transformer.h[0].attn.c_attn.weight.detach().T
    back = torch.tensor(gguf.dequantize(tensor.data, tensor.tensor_type))
    assert torch.allclose(back, weights, atol=float(weights.abs().max()) / 100)


def test_the_file_says_what_it_is(tiny_gpt2: Path, tmp_path: Path) -> None:
    import gguf

    fields = gguf.GGUFReader(written(tiny_gpt2, tmp_path / "a.gguf", "f16")).fields
    said = {name: field.contents() for name, field in fields.items()}
    assert said["general.architecture"] == "gpt2"
    assert said["general.name"] == "Test"
    assert said["tokenizer.ggml.pre"] == "gpt-2"
    assert said["tokenizer.ggml.token_type"][:4] == [3, 3, 3, 1]
    assert said["tokenizer.ggml.eos_token_id"] == 2
    assert "generation" not in said["tokenizer.chat_template"].replace("add_generation_prompt", "")


def test_numbers_that_do_not_fit_are_refused(tiny_gpt2: Path, tmp_path: Path) -> None:
    model = loaded(tiny_gpt2)
    with torch.no_grad():
        next(model.model.parameters())[0, 0] = float("nan")
    with pytest.raises(BadInput, match="no number"):
        write_gguf(model.model, model.tokenizer, tmp_path / "a.gguf", "f16", About("x"))


def test_what_llama_cpp_does_not_know_is_refused(tiny_gpt2: Path, tmp_path: Path) -> None:
    model = loaded(tiny_gpt2)
    model.model.config.activation_function = "relu"
    with pytest.raises(BadInput, match="activation"):
        write_gguf(model.model, model.tokenizer, tmp_path / "a.gguf", "f16", About("x"))


def parts(**changes: Any) -> dict[str, Any]:
    model = {"type": "BPE", "byte_fallback": False}
    return {"model": model, "normalizer": None, "pre_tokenizer": None, **changes}


def test_ways_to_cut_words_have_the_names_of_llama_cpp() -> None:
    level = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True}
    digits = {"type": "Digits", "individual_digits": True}
    sequence = {"type": "Sequence", "pretokenizers": [digits, level]}
    assert pre_tokenizer(parts(pre_tokenizer=level)) == "gpt-2"
    assert pre_tokenizer(parts(pre_tokenizer=sequence)) == "smollm"
    for wrong in (
        parts(pre_tokenizer={**level, "add_prefix_space": True}),
        parts(pre_tokenizer={"type": "Whitespace"}),
        parts(pre_tokenizer=level, normalizer={"type": "NFC"}),
        parts(pre_tokenizer=level, model={"type": "Unigram"}),
        parts(pre_tokenizer=level, model={"type": "BPE", "byte_fallback": True}),
        parts(pre_tokenizer={**sequence, "pretokenizers": [level, digits]}),
        parts(),
    ):
        with pytest.raises(BadInput, match="tokenizer"):
            pre_tokenizer(json.loads(json.dumps(wrong)))


def test_the_marks_for_training_are_taken_out_of_a_template() -> None:
    template = "a{%- generation -%}{{- m -}}{% endgeneration %}{{ add_generation_prompt }}"
    assert plain_template(template) == "a{{- m -}}{{ add_generation_prompt }}"
