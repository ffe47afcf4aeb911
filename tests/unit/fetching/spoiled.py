"""Models that nobody should load: a whole one spoiled in a certain way, and dangerous zips."""

import json
import zipfile
from pathlib import Path


def spoil(folder: Path, how: str) -> None:
    """Change a whole model so that it can't be used. `how`: one of the cases below."""
    from safetensors.torch import load_file, save_file

    weights, config = folder / "model.safetensors", folder / "config.json"
    tensors = load_file(weights)
    settings = json.loads(config.read_text())
    match how:
        case "nan":
            tensors["transformer.h.1.mlp.c_fc.weight"][3, 4] = float("nan")
            save_file(tensors, weights)
        case "missing":
            del tensors["transformer.h.1.mlp.c_fc.weight"]
            save_file(tensors, weights)
        case "shape":
            config.write_text(json.dumps(settings | {"n_embd": 64}))
        case "senseless":
            config.write_text(json.dumps(settings | {"n_embd": "wide"}))
        case "vocabulary":
            tokens = json.loads((folder / "tokenizer.json").read_text())
            extra = {"id": 5000, "content": "<x>", "special": True, "single_word": False,
                     "lstrip": False, "rstrip": False, "normalized": False}  # fmt: skip
            vocab = tokens["model"]["vocab"]
            for number in range(200):
                vocab[f"word{number}"] = len(vocab)
            tokens["added_tokens"].append(extra | {"id": len(vocab)})
            (folder / "tokenizer.json").write_text(json.dumps(tokens))
        case "smaller vocabulary":
            tokens = json.loads((folder / "tokenizer.json").read_text())
            vocab, last = tokens["model"]["vocab"], settings["vocab_size"] - 1
            del vocab[next(text for text, number in vocab.items() if number == last)]
            tokens["model"]["merges"].pop()
            (folder / "tokenizer.json").write_text(json.dumps(tokens))
            config.write_text(json.dumps(settings | {"eos_token_id": last}))
        case "tokenizer":
            (folder / "tokenizer.json").write_text('{"version": "1.0"}')
        case "truncated":
            weights.write_bytes(weights.read_bytes()[:-10])
        case "claims":
            weights.write_bytes((10**18).to_bytes(8, "little") + b"{}")
        case "pickle":
            weights.rename(folder / "pytorch_model.bin")
        case "code":
            config.write_text(json.dumps(settings | {"auto_map": {"AutoConfig": "x.Y"}}))
        case "link":
            outside = folder.parent / "outside"
            weights.rename(outside)
            weights.symlink_to(outside)


def zip_bomb(path: Path) -> Path:
    """Grows a thousandfold when it is opened."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.safetensors", b"\0" * 20_000_000)
        archive.writestr("config.json", "{}")
    return path


def zip_that_climbs(path: Path) -> Path:
    """Wants to write beside the folder that it is opened into."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../config.json", "{}")
    return path
