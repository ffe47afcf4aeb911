"""A model of ours written as GGUF, with the names and layouts of llama.cpp's converter."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatbot.engine import gguf_families

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

PARTS = {
    "gpt2": ("attn_norm", "attn_qkv", "attn_output", "ffn_norm", "ffn_up", "ffn_down"),
    "qwen": ("attn_norm", "attn_q", "attn_k", "attn_v", "attn_q_norm", "attn_k_norm", "ffn_down",
             "attn_output", "ffn_norm", "ffn_gate", "ffn_up"),
}  # fmt: skip


def write(model: Path, tokenizer: "PreTrainedTokenizerFast", path: Path, **changes: Any) -> Path:
    """`changes`: other values for `add_tokenizer_pre` ("pre") or the architecture ("arch")."""
    import gguf
    from safetensors.torch import load_file

    config = json.loads((model / "config.json").read_text())
    kind = config["model_type"]
    weights = load_file(model / "model.safetensors")
    writer = gguf.GGUFWriter(path, changes.get("arch", kind))
    writer.add_context_length(config.get("n_positions") or config["max_position_embeddings"])
    writer.add_embedding_length(config.get("n_embd") or config["hidden_size"])
    writer.add_block_count(2)
    writer.add_head_count(4)
    if kind == "gpt2":
        writer.add_feed_forward_length(4 * config["n_embd"])
        writer.add_layer_norm_eps(1e-5)
    else:
        writer.add_feed_forward_length(config["intermediate_size"])
        writer.add_head_count_kv(config["num_key_value_heads"])
        writer.add_key_length(8)
        writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
        writer.add_rope_freq_base(10_000.0)
    backend: Any = json.loads(tokenizer.backend_tokenizer.to_str())  # type: ignore[attr-defined]
    vocabulary = tokenizer.get_vocab()
    tokens = sorted(vocabulary, key=lambda text: vocabulary[text])
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(changes.get("pre", "gpt-2"))
    writer.add_token_list(tokens)
    writer.add_token_types([3 if n < 3 else 1 for n in range(len(tokens))])
    merges = backend["model"]["merges"]
    writer.add_token_merges([m if isinstance(m, str) else " ".join(m) for m in merges])
    for name, token in (("bos", 1), ("eos", 2), ("unk", 0), ("pad", 0)):
        getattr(writer, f"add_{name}_token_id")(token)
    names = ["token_embd", "output_norm", "position_embd"]
    names += [f"blk.{n}.{part}" for n in range(2) for part in PARTS.get(kind, PARTS["qwen"])]
    for name in (f"{each}.{ending}" for each in names for ending in ("weight", "bias")):
        try:
            ours = gguf_families.library_name(kind, name)
        except KeyError:
            continue
        if ours in weights:
            value = gguf_families.arranged(weights[ours].float(), kind, ours, config)
            writer.add_tensor(name, value.contiguous().numpy())  # turning twice is turning back
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
