"""A GGUF file made into a folder that the library loads.

Reads tensors one at a time and turns each into bfloat16 at once, so that it needs little more
memory than the result. What the families differ in is in `gguf_families` and `gguf_tokenizer`.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatbot.engine import gguf_families, gguf_tokenizer
from chatbot.engine.families import Family
from chatbot.engine.templates import CHATML_TEMPLATE

if TYPE_CHECKING:
    import torch
    from gguf import GGUFReader


def convert(
    source: Path,
    target: Path,
    progress: Callable[[float], None],
    template: str | None = CHATML_TEMPLATE,
) -> None:
    """Write config, tokenizer and bfloat16 safetensors of `source` into the folder `target`.

    Args:
        source: a GGUF file, quantised or not.
        target: an existing empty folder.
        progress: is told the finished fraction, 0 to 1.
        template: the chat template to write; None takes the file's own, if it has one.

    Raises:
        BadInput: it is of a kind that is not converted.
        KeyError, IndexError, TypeError, ValueError: something in it is missing or senseless.
    """
    from gguf import GGUFReader

    reader = GGUFReader(source)
    fields = {name: field.contents() for name, field in reader.fields.items()}
    family = gguf_families.family(fields)
    special = gguf_tokenizer.ids(fields)
    config = gguf_families.config(fields, tied=_is_tied(reader)) | special
    window = fields[f"{family}.context_length"]
    gguf_tokenizer.tokenizer(fields).save(str(target / "tokenizer.json"))
    _write_json(target / "tokenizer_config.json", gguf_tokenizer.settings(fields, window))
    chosen = template or fields.get("tokenizer.chat_template")
    if chosen:
        (target / "chat_template.jinja").write_text(chosen, encoding="utf-8")
    _write_json(target / "config.json", config)
    _write_json(target / "generation_config.json", special)
    _write_weights(reader, family, config, target / "model.safetensors", progress)


def _is_tied(reader: "GGUFReader") -> bool:
    """Whether the output layer is the table of embeddings, left out or written twice."""
    by_name = {str(tensor.name): tensor for tensor in reader.tensors}
    output, table = by_name.get("output.weight"), by_name.get("token_embd.weight")
    if output is None or table is None:
        return True
    same = output.tensor_type == table.tensor_type and output.data.shape == table.data.shape
    return same and bool((output.data == table.data).all())


def _write_weights(
    reader: "GGUFReader",
    family: Family,
    config: dict[str, Any],
    path: Path,
    progress: Callable[[float], None],
) -> None:
    from safetensors.torch import save_file

    weights: dict[str, torch.Tensor] = {}
    for number, tensor in enumerate(reader.tensors, start=1):
        if not (str(tensor.name) == "output.weight" and config["tie_word_embeddings"]):
            name = gguf_families.library_name(family, str(tensor.name))
            weights[name] = _weight(tensor, family, name, config)
        progress(0.9 * number / len(reader.tensors))
    save_file(weights, path, metadata={"format": "pt"})
    path.chmod(0o644)
    progress(1.0)


def _weight(tensor: Any, family: Family, name: str, config: dict[str, Any]) -> "torch.Tensor":
    import torch
    from gguf import dequantize

    # A copy: the library's array may be a view of the file, read only.
    values = torch.tensor(dequantize(tensor.data, tensor.tensor_type))
    values = gguf_families.arranged(values, family, name, config)
    return values.to(torch.bfloat16).contiguous()


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
