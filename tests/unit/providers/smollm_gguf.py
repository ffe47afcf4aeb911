"""Writes the embedded SmolLM2 as a GGUF file for llama.cpp."""

import json
from pathlib import Path
from typing import Any

import numpy as np


def write(folder: Path, path: Path) -> Path:
    """The model in `folder` (a Llama in safetensors), its matrices in float16."""
    import gguf
    import torch
    from safetensors import safe_open

    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    saved = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    special = {token["id"] for token in saved["added_tokens"]}
    vocabulary = dict(saved["model"]["vocab"]) | {
        t["content"]: t["id"] for t in saved["added_tokens"]
    }
    tokens = sorted(vocabulary, key=lambda text: vocabulary[text])
    heads, kv_heads = config["num_attention_heads"], config["num_key_value_heads"]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    rope: Any = config.get("rope_theta") or config["rope_parameters"]["rope_theta"]
    writer.add_rope_freq_base(float(rope))
    writer.add_rope_dimension_count(config["hidden_size"] // heads)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    writer.add_token_types([3 if n in special else 1 for n in range(len(tokens))])
    merges = saved["model"]["merges"]
    writer.add_token_merges([m if isinstance(m, str) else " ".join(m) for m in merges])
    writer.add_bos_token_id(vocabulary["<|im_start|>"])
    writer.add_eos_token_id(vocabulary["<|im_end|>"])
    writer.add_chat_template(
        "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + "
        "message['content'] + '<|im_end|>\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
    )
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config["num_hidden_layers"])
    with safe_open(folder / "model.safetensors", "pt") as weights:
        for name in weights.keys():  # noqa: SIM118
            values = weights.get_tensor(name).to(torch.float32).numpy()
            if name.endswith(("q_proj.weight", "k_proj.weight")):
                values = _paired(values, heads if "q_proj" in name else kv_heads)
            place = names.get_name(name, try_suffixes=(".weight",))
            writer.add_tensor(place, values if values.ndim == 1 else values.astype(np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _paired(values: np.ndarray, heads: int) -> np.ndarray:
    """llama.cpp turns neighbouring numbers of a head, Transformers those half a head apart."""
    rows, columns = values.shape
    halves = values.reshape(heads, 2, rows // heads // 2, columns)
    return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(rows, columns))
