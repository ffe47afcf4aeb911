"""How GGUF names the settings and tensors of each family, and what the library calls them.

Names and layouts as llama.cpp's converter writes them (`convert_hf_to_gguf.py`).
"""

from typing import TYPE_CHECKING, Any

from chatbot.engine.families import Family
from chatbot.errors import BadInput

if TYPE_CHECKING:
    import torch

GGUF_FAMILIES: tuple[Family, ...] = ("llama", "qwen2", "qwen3", "gpt2")

_LLAMA_NAMES = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_GPT2_NAMES = {
    "token_embd": "transformer.wte",
    "position_embd": "transformer.wpe",
    "output_norm": "transformer.ln_f",
    "output": "lm_head",
    "attn_norm": "ln_1",
    "attn_qkv": "attn.c_attn",
    "attn_output": "attn.c_proj",
    "ffn_norm": "ln_2",
    "ffn_up": "mlp.c_fc",
    "ffn_down": "mlp.c_proj",
}
_TURNED = ("attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj")
"""GPT-2 keeps these matrices the other way round than everybody else."""


def family(fields: dict[str, Any]) -> Family:
    """
    Raises:
        BadInput: it is none that can be converted.
    """
    named = fields.get("general.architecture")
    found = next((each for each in GGUF_FAMILIES if each == named), None)
    if found is None:
        raise BadInput(
            "This GGUF file holds a model of a kind that can't be converted here.",
            value=str(named)[:60],
            remedy=f"What can be converted: {', '.join(GGUF_FAMILIES)}.",
        )
    return found


def config(fields: dict[str, Any], *, tied: bool) -> dict[str, Any]:
    """The config of the library for these fields; the ids of special tokens are not in it.

    Args:
        tied: whether the output layer is the table of embeddings.

    Raises:
        KeyError, TypeError, ZeroDivisionError: a field is missing or senseless.
        BadInput: it stretches its window in a way that is not converted.
    """
    kind = family(fields)
    values = {
        name.removeprefix(f"{kind}."): value
        for name, value in fields.items()
        if name.startswith(f"{kind}.")
    }
    scaling = values.get("rope.scaling.type", "none")
    if scaling not in ("none", ""):
        raise BadInput(
            "This GGUF file stretches its window (rope scaling), which is not converted here.",
            value=str(scaling),
        )
    common = {
        "model_type": kind,
        "vocab_size": len(fields["tokenizer.ggml.tokens"]),
        "tie_word_embeddings": tied,
        "dtype": "bfloat16",
        "use_cache": True,
    }
    if kind == "gpt2":
        return common | {
            "architectures": ["GPT2LMHeadModel"],
            "n_positions": values["context_length"],
            "n_embd": values["embedding_length"],
            "n_layer": values["block_count"],
            "n_head": values["attention.head_count"],
            "n_inner": values.get("feed_forward_length"),
            "layer_norm_epsilon": _six_digits(values["attention.layer_norm_epsilon"]),
            "activation_function": "gelu_new",
        }
    return common | _llama_like(kind, values)


def _llama_like(kind: Family, values: dict[str, Any]) -> dict[str, Any]:
    heads = values["attention.head_count"]
    usual = values["embedding_length"] // heads
    made = {
        "architectures": [
            {"llama": "LlamaForCausalLM", "qwen2": "Qwen2ForCausalLM"}.get(kind, "Qwen3ForCausalLM")
        ],
        "hidden_size": values["embedding_length"],
        "intermediate_size": values["feed_forward_length"],
        "num_hidden_layers": values["block_count"],
        "num_attention_heads": heads,
        "num_key_value_heads": values.get("attention.head_count_kv", heads),
        "head_dim": values.get("attention.key_length", usual),
        "max_position_embeddings": values["context_length"],
        "rms_norm_eps": _six_digits(values["attention.layer_norm_rms_epsilon"]),
        "rope_theta": values.get("rope.freq_base", 10_000.0),
        "hidden_act": "silu",
    }
    if kind != "qwen2":
        made["attention_bias"] = False
    return made | ({"mlp_bias": False} if kind == "llama" else {})


def library_name(kind: Family, name: str) -> str:
    """`blk.3.attn_q.weight` -> `model.layers.3.self_attn.q_proj.weight`.

    Raises:
        KeyError, IndexError: there is no such tensor in this family.
    """
    names = _GPT2_NAMES if kind == "gpt2" else _LLAMA_NAMES
    parts = name.split(".")
    if parts[0] == "blk":
        layers = "transformer.h" if kind == "gpt2" else "model.layers"
        return f"{layers}.{parts[1]}.{names[parts[2]]}.{parts[3]}"
    return f"{names[parts[0]]}.{parts[1]}"


def arranged(
    values: "torch.Tensor", kind: Family, name: str, config: dict[str, Any]
) -> "torch.Tensor":
    """A tensor in the layout of the library. `name`: as the library calls it."""
    if kind == "gpt2":
        turned = name.endswith(".weight") and any(part in name for part in _TURNED)
        return values.T if turned else values
    if kind == "llama":
        for part, heads in (("q_proj", "num_attention_heads"), ("k_proj", "num_key_value_heads")):
            if part in name:
                return _unpermuted(values, config[heads])
    return values


def _unpermuted(values: "torch.Tensor", heads: int) -> "torch.Tensor":
    """Undo llama.cpp's order of the rotary halves: interleaved there, one after the other here.

    Shapes: (heads * head_dim, ...) in and out.
    """
    split = values.reshape(heads, values.shape[0] // heads // 2, 2, *values.shape[1:])
    return split.swapaxes(1, 2).reshape(values.shape)


def _six_digits(value: float) -> float:
    """GGUF keeps it as a 32-bit float; six digits give the number that was meant."""
    return float(f"{value:.6g}")
