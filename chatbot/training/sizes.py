"""How many numbers a run has to do with, read from files: no model is loaded for it."""

import json
from dataclasses import dataclass
from typing import Any

from chatbot.engine import catalog, checkpoints
from chatbot.engine.catalog import ModelEntry
from chatbot.training import scratch
from chatbot.training.config import TrainingConfig


@dataclass(frozen=True, slots=True)
class Sizes:
    """Of a base model, or of a new one.

    Attributes:
        weights: all of them, the adapter's not counted.
        trained: those that the run changes.
        layers, width, inner: blocks, numbers a token in them, and inside their feed-forward part.
        vocabulary: tokens.
    """

    weights: int
    trained: int
    layers: int
    width: int
    inner: int
    vocabulary: int


def sizes_of(config: TrainingConfig, base: ModelEntry | None) -> Sizes:
    """What these settings make of this base model; None stands for a new one."""
    if base is None:
        count, width = scratch.parameters(config), config.scratch_width
        return Sizes(
            count, count, config.scratch_layers, width, 4 * width, config.scratch_vocab + 2
        )
    if base.base is not None:  # an adapter: what is loaded is the model that it stands on
        base = catalog.resolve(base.base)
    shape = _shape(base)
    width = int(shape.get("hidden_size") or shape.get("n_embd") or 768)
    inner = int(shape.get("intermediate_size") or shape.get("n_inner") or 4 * width)
    layers = int(shape.get("num_hidden_layers") or shape.get("n_layer") or 12)
    weights = _weights(base, shape)
    # At most so many: two matrices of this rank beside every linear layer of a block.
    adapter = config.lora_rank * layers * (8 * width + 3 * (width + inner))
    return Sizes(
        weights=weights,
        trained=adapter if config.method == "lora" else weights,
        layers=layers,
        width=width,
        inner=inner,
        vocabulary=int(shape.get("vocab_size") or 50_257),
    )


def _weights(base: ModelEntry, shape: dict[str, Any]) -> int:
    """Numbers in the base model's weights, by the size of its files."""
    files = checkpoints.inspect(base.path).weights
    halved = str(shape.get("dtype", shape.get("torch_dtype"))) in ("bfloat16", "float16")
    return sum(path.stat().st_size for path in files) // (2 if halved else 4)


def _shape(base: ModelEntry) -> dict[str, Any]:
    content = json.loads((base.path / "config.json").read_text(encoding="utf-8"))
    return content if isinstance(content, dict) else {}
