"""Makes a small real GGUF file of the Llama family."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

LAYERS, WIDTH, HEADS, KV_HEADS, INNER = 2, 64, 4, 2, 96


def write_gguf(path: Path, tokenizer: "PreTrainedTokenizerFast") -> Path:
    """A Llama of 2 layers, its matrices quantised as in the embedded file."""
    import gguf

    backend: Any = tokenizer.backend_tokenizer
    vocabulary = tokenizer.get_vocab()
    tokens = sorted(vocabulary, key=lambda text: vocabulary[text])
    merges = json.loads(backend.to_str())["model"]["merges"]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(256)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10_000.0)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    writer.add_token_types([3 if n < 3 else 1 for n in range(len(tokens))])
    writer.add_token_merges([m if isinstance(m, str) else " ".join(m) for m in merges])
    for name, token in (("bos", 1), ("eos", 2), ("unk", 0), ("pad", 2)):
        getattr(writer, f"add_{name}_token_id")(token)
    random = np.random.default_rng(1)
    kv = WIDTH // HEADS * KV_HEADS
    shapes = {"token_embd": (len(tokens), WIDTH)}
    for n in range(LAYERS):
        shapes |= {
            f"blk.{n}.attn_q": (WIDTH, WIDTH),
            f"blk.{n}.attn_k": (kv, WIDTH),
            f"blk.{n}.attn_v": (kv, WIDTH),
            f"blk.{n}.attn_output": (WIDTH, WIDTH),
            f"blk.{n}.ffn_gate": (INNER, WIDTH),
            f"blk.{n}.ffn_up": (INNER, WIDTH),
            f"blk.{n}.ffn_down": (WIDTH, INNER),
        }
    kind = gguf.GGMLQuantizationType.Q4_1
    for name, shape in shapes.items():
        values = random.normal(size=shape).astype(np.float32)
        packed = gguf.quantize(values, kind)
        writer.add_tensor(f"{name}.weight", packed, raw_dtype=kind)
    norms = [f"blk.{n}.{part}_norm" for n in range(LAYERS) for part in ("attn", "ffn")]
    for name in ["output_norm", *norms]:
        writer.add_tensor(f"{name}.weight", random.normal(size=WIDTH).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
