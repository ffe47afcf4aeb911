"""A small GPT-2 in the layout of the real repository: names of files and tensors, and extras."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


def gpt2_of_the_hub(
    model: Path, tokenizer: "PreTrainedTokenizerFast", folder: Path
) -> dict[str, bytes]:
    """The files of a repository made of a checkpoint of ours.

    As in openai-community/gpt2: tensors without the prefix `transformer.`, attention masks among
    them, no output layer (it is tied), vocab.json and merges.txt beside tokenizer.json, no chat
    template, other formats beside safetensors.
    """
    import torch
    from safetensors.torch import load_file, save_file

    folder.mkdir(parents=True)
    weights = {
        name.removeprefix("transformer."): value
        for name, value in load_file(model / "model.safetensors").items()
        if name != "lm_head.weight"
    }
    config = json.loads((model / "config.json").read_text())
    window = config["n_positions"]
    mask = torch.tril(torch.ones(window, window)).view(1, 1, window, window)
    for layer in range(config["n_layer"]):
        weights[f"h.{layer}.attn.bias"] = mask.clone()
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    ends = {name: config[name] for name in ("bos_token_id", "eos_token_id")}
    backend: Any = json.loads(tokenizer.backend_tokenizer.to_str())  # type: ignore[attr-defined]
    merges = [m if isinstance(m, str) else " ".join(m) for m in backend["model"]["merges"]]
    texts = {
        "config.json": json.dumps(config),
        "generation_config.json": json.dumps({"_from_model_config": True, **ends}),
        "tokenizer.json": json.dumps(backend),
        "tokenizer_config.json": json.dumps({"model_max_length": window}),
        "vocab.json": json.dumps(backend["model"]["vocab"]),
        "merges.txt": "#version: 0.2\n" + "\n".join(merges) + "\n",
        "README.md": "# GPT-2",
        ".gitattributes": "*.bin filter=lfs",
    }
    files = {name: text.encode() for name, text in texts.items()}
    files["model.safetensors"] = (folder / "model.safetensors").read_bytes()
    files |= dict.fromkeys(("pytorch_model.bin", "tf_model.h5", "rust_model.ot"), b"x" * 30000)
    return files
