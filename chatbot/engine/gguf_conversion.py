"""A GGUF file of the Llama family with a byte-level BPE, made into a folder that the library loads.

Written for the one embedded file. Reads tensors one at a time and turns each into bfloat16 at once,
so that it needs little more memory than the result.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatbot.engine.templates import CHATML_TEMPLATE

if TYPE_CHECKING:
    import torch
    from gguf import GGUFReader
    from tokenizers import Tokenizer

_CONTROL_TOKEN = 3
"""`gguf.TokenType.CONTROL`: a token that text never becomes, such as an end mark."""

_TENSOR_NAMES = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def convert(source: Path, target: Path, progress: Callable[[float], None]) -> None:
    """Write config, tokenizer and bfloat16 safetensors of `source` into the folder `target`.

    Args:
        source: a GGUF file, quantised or not.
        target: an existing empty folder.
        progress: is told the finished fraction, 0 to 1.
    """
    from gguf import GGUFReader

    reader = GGUFReader(source)
    fields = {name: field.contents() for name, field in reader.fields.items()}
    config = _config(fields, tied="output.weight" not in {str(t.name) for t in reader.tensors})
    _write_tokenizer(fields, target)
    _write_json(target / "config.json", config)
    _write_json(
        target / "generation_config.json",
        {
            "bos_token_id": config["bos_token_id"],
            "eos_token_id": config["eos_token_id"],
            "pad_token_id": config["pad_token_id"],
        },
    )
    _write_weights(reader, config, target / "model.safetensors", progress)


def _config(fields: dict[str, Any], *, tied: bool) -> dict[str, Any]:
    heads = fields["llama.attention.head_count"]
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": len(fields["tokenizer.ggml.tokens"]),
        "hidden_size": fields["llama.embedding_length"],
        "intermediate_size": fields["llama.feed_forward_length"],
        "num_hidden_layers": fields["llama.block_count"],
        "num_attention_heads": heads,
        "num_key_value_heads": fields.get("llama.attention.head_count_kv", heads),
        "head_dim": fields["llama.embedding_length"] // heads,
        "max_position_embeddings": fields["llama.context_length"],
        # GGUF keeps it as a 32-bit float; six digits give the number that was meant.
        "rms_norm_eps": float(f"{fields['llama.attention.layer_norm_rms_epsilon']:.6g}"),
        "rope_theta": fields.get("llama.rope.freq_base", 10_000.0),
        "hidden_act": "silu",
        "attention_bias": False,
        "mlp_bias": False,
        "tie_word_embeddings": tied,
        "bos_token_id": fields["tokenizer.ggml.bos_token_id"],
        "eos_token_id": fields["tokenizer.ggml.eos_token_id"],
        "pad_token_id": fields["tokenizer.ggml.padding_token_id"],
        "dtype": "bfloat16",
        "use_cache": True,
    }


def _write_tokenizer(fields: dict[str, Any], target: Path) -> None:
    tokens = fields["tokenizer.ggml.tokens"]
    _tokenizer(fields).save(str(target / "tokenizer.json"))
    _write_json(
        target / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": tokens[fields["tokenizer.ggml.bos_token_id"]],
            "eos_token": tokens[fields["tokenizer.ggml.eos_token_id"]],
            "pad_token": tokens[fields["tokenizer.ggml.padding_token_id"]],
            "unk_token": tokens[fields["tokenizer.ggml.unknown_token_id"]],
            "model_max_length": fields["llama.context_length"],
            "clean_up_tokenization_spaces": False,
        },
    )
    (target / "chat_template.jinja").write_text(CHATML_TEMPLATE, encoding="utf-8")


def _tokenizer(fields: dict[str, Any]) -> "Tokenizer":
    """The BPE of the file. "smollm" splits numbers into single digits before anything else."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    tokens: list[str] = fields["tokenizer.ggml.tokens"]
    kinds: list[int] = fields["tokenizer.ggml.token_type"]
    merges = [(left, right) for left, right in map(str.split, fields["tokenizer.ggml.merges"])]
    tokenizer = Tokenizer(models.BPE({text: number for number, text in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    control = [text for text, kind in zip(tokens, kinds, strict=True) if kind == _CONTROL_TOKEN]
    tokenizer.add_special_tokens([AddedToken(text, normalized=False) for text in control])
    return tokenizer


def _write_weights(
    reader: "GGUFReader", config: dict[str, Any], path: Path, progress: Callable[[float], None]
) -> None:
    from safetensors.torch import save_file

    weights: dict[str, torch.Tensor] = {}
    for number, tensor in enumerate(reader.tensors, start=1):
        name = _library_name(str(tensor.name))
        weights[name] = _weight(tensor, name, config)
        progress(0.9 * number / len(reader.tensors))
    save_file(weights, path, metadata={"format": "pt"})
    path.chmod(0o644)
    progress(1.0)


def _library_name(name: str) -> str:
    """`blk.3.attn_q.weight` -> `model.layers.3.self_attn.q_proj.weight`."""
    parts = name.split(".")
    if parts[0] == "blk":
        return f"model.layers.{parts[1]}.{_TENSOR_NAMES[parts[2]]}.{parts[3]}"
    return f"{_TENSOR_NAMES[parts[0]]}.{parts[1]}"


def _weight(tensor: Any, name: str, config: dict[str, Any]) -> "torch.Tensor":
    import torch
    from gguf import dequantize

    # A copy: the library's array may be a view of the file, read only.
    values = torch.tensor(dequantize(tensor.data, tensor.tensor_type))
    for part, heads in (("q_proj", "num_attention_heads"), ("k_proj", "num_key_value_heads")):
        if part in name:
            values = _unpermuted(values, config[heads])
    return values.to(torch.bfloat16).contiguous()


def _unpermuted(values: "torch.Tensor", heads: int) -> "torch.Tensor":
    """Undo llama.cpp's order of the rotary halves: interleaved there, one after the other here.

    Shapes: (heads * head_dim, width) in and out.
    """
    rows, width = values.shape
    split = values.reshape(heads, rows // heads // 2, 2, width)
    return split.swapaxes(1, 2).reshape(rows, width)


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
