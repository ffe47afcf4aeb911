"""Folders become models: whole, merged, hashed, on the right device; or one clear sentence."""

import hashlib
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from chatbot.engine import loading
from chatbot.engine.device import Placement
from chatbot.engine.loading import load, load_for_training
from chatbot.engine.prompts import PLAIN_TEMPLATE
from chatbot.errors import BadInput, NotAvailable, OutOfResources

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

FULL = Placement("cpu", "float32", "for a test")
HALF = Placement("cpu", "bfloat16", "for a test")


def copy(source: Path, target: Path) -> Path:
    shutil.copytree(source, target)
    return target


def test_a_model_is_ready_to_chat(tiny_model: Path) -> None:
    loaded = load(tiny_model, FULL)
    assert loaded.window == 256
    assert not loaded.model.training
    assert {p.dtype for p in loaded.model.parameters()} == {torch.float32}
    assert {p.dtype for p in load(tiny_model, HALF).model.parameters()} == {torch.bfloat16}
    buffers = load(tiny_model, HALF).model.named_buffers()
    assert {b.dtype for name, b in buffers if "inv_freq" in name} <= {torch.float32}
    digest = hashlib.sha256((tiny_model / "model.safetensors").read_bytes()).hexdigest()
    assert loaded.hash == digest[:12]
    assert loaded.placement is FULL


def test_the_output_matrix_is_not_copied_for_a_prompt(tiny_model: Path) -> None:
    class Copied(TorchDispatchMode):
        """Notes the sizes of what is copied."""

        def __init__(self) -> None:
            super().__init__()
            self.sizes: set[tuple[int, ...]] = set()

        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            result = func(*args, **(kwargs or {}))
            if func in (torch.ops.aten.clone.default, torch.ops.aten.bmm.default):
                self.sizes |= {tuple(a.shape) for a in args if isinstance(a, torch.Tensor)}
            return result

    model: Any = load(tiny_model, HALF).model
    with torch.no_grad(), Copied() as copied:  # inference_mode would hide what happens inside
        model(input_ids=torch.arange(12)[None], logits_to_keep=1)
    vocabulary = model.config.vocab_size
    assert not [size for size in copied.sizes if vocabulary in size]


def test_the_hash_follows_the_weights(tiny_gpt2: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = copy(tiny_gpt2, tmp_path / "model")
    before = load(folder, FULL).hash
    weights = load_file(folder / "model.safetensors")
    weights["transformer.ln_f.bias"] += 1
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    assert load(folder, FULL).hash != before


def test_training_gets_a_copy_of_its_own(tiny_model: Path) -> None:
    first, tokenizer = load_for_training(tiny_model)
    second, _ = load_for_training(tiny_model)
    assert first is not second
    assert first.training
    assert all(p.requires_grad and p.dtype == torch.float32 for p in first.parameters())
    assert tokenizer.chat_template
    with torch.no_grad():
        next(first.parameters()).add_(1)
    assert not torch.equal(next(first.parameters()), next(second.parameters()))


def adapted(base: Path, target: Path) -> Any:
    """A LoRA adapter with random weights on `base`, saved in `target`; returns the model."""
    from peft import LoraConfig, get_peft_model

    model, _ = load_for_training(base)
    target_modules = ["c_attn"] if "gpt2" in base.name else ["q_proj", "v_proj"]
    config = LoraConfig(
        r=4,
        target_modules=target_modules,
        task_type="CAUSAL_LM",
        fan_in_fan_out="gpt2" in base.name,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        tuned: Any = get_peft_model(model, config)
        for name, parameter in tuned.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(parameter, std=0.3)
    tuned.save_pretrained(target)
    return tuned.eval()


def test_an_adapter_is_merged_into_its_base(
    tiny_model: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = copy(tiny_model, home / "models" / tiny_model.name)
    folder = home / "models" / "runs" / "r" / "checkpoint-4"
    tuned = adapted(base, folder)
    config = json.loads((folder / "adapter_config.json").read_text())
    config["base_model_name_or_path"] = tiny_model.name
    (folder / "adapter_config.json").write_text(json.dumps(config))
    loaded = load("runs/r/checkpoint-4", FULL)
    ids = torch.arange(3, 20)[None]
    with torch.no_grad():
        wanted, got = tuned(input_ids=ids).logits, loaded.model(input_ids=ids).logits
        plain = load(base, FULL).model(input_ids=ids).logits
    torch.testing.assert_close(got, wanted, rtol=1e-4, atol=1e-4)
    assert not torch.allclose(got, plain, atol=1e-2)
    assert loaded.entry.base == tiny_model.name
    assert not any("lora" in name for name, _ in loaded.model.named_parameters())
    assert loaded.hash not in (load(base, FULL).hash, "")
    trainable, _ = load_for_training("runs/r/checkpoint-4")
    assert all(p.requires_grad for p in trainable.parameters())


def test_a_gpt2_as_others_save_it(tiny_gpt2: Path, tmp_path: Path) -> None:
    """vocab.json and merges.txt, no chat template, end token known to its class alone."""
    folder = copy(tiny_gpt2, tmp_path / "gpt2")
    model = json.loads((folder / "tokenizer.json").read_text())["model"]
    merges = [m if isinstance(m, str) else " ".join(m) for m in model["merges"]]
    (folder / "vocab.json").write_text(json.dumps(model["vocab"]))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges))
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        (folder / name).unlink()
    loaded = load(folder, FULL)
    assert loaded.tokenizer.eos_token == "<|endoftext|>"
    assert loaded.tokenizer.chat_template
    assert loaded.tokenizer.decode(loaded.tokenizer.encode("I like tea.")) == "I like tea."


def test_a_gpt2_without_markers_chats_in_plain_text(tiny_gpt2: Path, tmp_path: Path) -> None:
    folder = copy(tiny_gpt2, tmp_path / "gpt2")
    content = json.loads((folder / "tokenizer.json").read_text())
    for old, new in (("<|im_start|>", "<|a|>"), ("<|im_end|>", "<|b|>")):
        content["model"]["vocab"][new] = content["model"]["vocab"].pop(old)
        for token in content["added_tokens"]:
            token["content"] = new if token["content"] == old else token["content"]
    (folder / "tokenizer.json").write_text(json.dumps(content))
    (folder / "tokenizer_config.json").write_text(
        '{"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<|endoftext|>"}'
    )
    (folder / "chat_template.jinja").unlink()
    assert load(folder, FULL).tokenizer.chat_template == PLAIN_TEMPLATE


def test_missing_weights_are_noticed(tiny_gpt2: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = copy(tiny_gpt2, tmp_path / "model")
    weights = load_file(folder / "model.safetensors")
    del weights["transformer.h.1.mlp.c_fc.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(BadInput, match="not complete") as error:
        load(folder, FULL)
    assert "c_fc" in str(error.value.value)


def test_weights_of_another_shape_are_noticed(tiny_gpt2: Path, tmp_path: Path) -> None:
    folder = copy(tiny_gpt2, tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "n_embd": 64}))
    with pytest.raises(BadInput, match="fit together"):
        load(folder, FULL)


def test_a_tokenizer_with_too_many_tokens_is_noticed(tiny_gpt2: Path, tmp_path: Path) -> None:
    folder = copy(tiny_gpt2, tmp_path / "model")
    content = json.loads((folder / "tokenizer.json").read_text())
    extra = {**content["added_tokens"][0], "id": 400, "content": "<|new|>"}
    content["added_tokens"].append(extra)
    (folder / "tokenizer.json").write_text(json.dumps(content))
    with pytest.raises(BadInput, match="don't belong together"):
        load(folder, FULL)


def test_a_broken_tokenizer_is_noticed(tiny_gpt2: Path, tmp_path: Path) -> None:
    folder = copy(tiny_gpt2, tmp_path / "model")
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(BadInput):
        load(folder, FULL)


def test_unknown_models(home: Path) -> None:
    with pytest.raises(NotAvailable):
        load("nobody/nothing")


def test_too_little_memory_is_said_so(tiny_gpt2: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(loading, "_weights", full)
    with pytest.raises(OutOfResources, match="not enough memory"):
        load(tiny_gpt2, FULL)


def test_models_can_be_loaded_at_the_same_time(tiny_gpt2: Path) -> None:
    def load_some() -> None:
        for _ in range(8):
            load(tiny_gpt2, HALF)

    with ThreadPoolExecutor(4) as threads:
        for outcome in [threads.submit(load_some) for _ in range(4)]:
            outcome.result()
    model: Any = load(tiny_gpt2).model
    assert model.lm_head.weight is model.transformer.wte.weight


def test_nothing_is_printed(tiny_gpt2: Path, capfd: pytest.CaptureFixture[str]) -> None:
    load(tiny_gpt2, FULL)
    assert capfd.readouterr() == ("", "")


def test_the_shared_tokenizer_is_not_changed(
    tiny_gpt2: Path, tiny_tokenizer: "PreTrainedTokenizerFast"
) -> None:
    loaded = load(tiny_gpt2, FULL)
    assert loaded.tokenizer.chat_template == tiny_tokenizer.chat_template
    assert loaded.tokenizer.get_vocab() == tiny_tokenizer.get_vocab()
