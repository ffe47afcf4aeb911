"""Which files of a model are ever taken, from the hub or from a folder: by name, never by guess.

Settings, tokenizer and safetensors. No pickle, no code, nothing in folders below.
"""

import re
from collections.abc import Iterable

from chatbot.engine.checkpoints import ADAPTER_CONFIG, ADAPTER_WEIGHTS, WEIGHTS, WEIGHTS_INDEX
from chatbot.errors import BadInput

SMALL = (
    "config.json",
    ADAPTER_CONFIG,
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "chat_template.jinja",
)
LARGEST_SMALL_FILE = 50_000_000
"""Bytes; the largest tokenizers have 20 MB."""
_SHARD = re.compile(r"model-\d{5}-of-\d{5}\.safetensors")
_PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".h5", ".msgpack", ".ot", ".onnx", ".tflite")


def is_wanted(name: str) -> bool:
    """Whether a file of this name may be part of a model here."""
    weights = name in (WEIGHTS, WEIGHTS_INDEX, ADAPTER_WEIGHTS) or _SHARD.fullmatch(name)
    return bool(weights) or name in SMALL


def chosen(names: Iterable[str], whose: str) -> tuple[str, ...]:
    """The files to take of those that are there: small ones first, each weight once.

    Args:
        whose: what to call the model in an error.

    Raises:
        BadInput: there are no weights that are loaded here; says what there is instead.
    """
    there = set(names)
    wanted = {name for name in there if is_wanted(name)}
    shards = {name for name in wanted if _SHARD.fullmatch(name)}
    if ADAPTER_CONFIG in wanted and ADAPTER_WEIGHTS in wanted:
        weights = {ADAPTER_WEIGHTS}
    elif WEIGHTS in wanted:
        weights = {WEIGHTS}
    elif shards and WEIGHTS_INDEX in wanted:
        weights = {WEIGHTS_INDEX, *shards}
    else:
        raise _no_weights(there, whose)
    small = [name for name in SMALL if name in wanted]
    return (*small, *sorted(weights, key=lambda name: (name != WEIGHTS_INDEX, name)))


def _no_weights(there: set[str], whose: str) -> BadInput:
    ggufs = sorted(name for name in there if name.lower().endswith(".gguf"))
    pickled = sorted(name for name in there if name.lower().endswith(_PICKLES))
    if ggufs:
        return BadInput(
            f"{whose} holds GGUF files and no safetensors.",
            value=ggufs[0],
            remedy="Download that file yourself, then bring it under Bring your own.",
        )
    if pickled:
        return BadInput(
            f"{whose} has no safetensors file. Its weights are in a format that can run foreign "
            "code when it is opened, or that is not made for this program, so they are not taken.",
            value=pickled[0],
            remedy="Look for a copy of the same model that has model.safetensors.",
        )
    return BadInput(
        f"{whose} holds no weights of a model: no safetensors file is in it.",
        remedy="A model has config.json, model.safetensors and tokenizer.json.",
    )
