"""The model of a run as it stands, in the form in which the chat would load its checkpoint.

A copy: it takes less memory than the gradients and activations that are gone between two steps,
and nothing that is asked of it can reach the model that learns.
"""

import copy
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from chatbot import paths
from chatbot.engine import loading
from chatbot.engine.catalog import ModelEntry
from chatbot.engine.device import Placement
from chatbot.engine.families import family_of
from chatbot.engine.loading import LoadedModel
from chatbot.training.trainable import Trainable


def chat_copy(trainable: Trainable, placement: Placement, name: str) -> LoadedModel:
    """Copy the weights of this moment; an adapter comes merged, as when it is loaded.

    The numbers are those that a checkpoint written now would have: whole models are rounded to
    bfloat16, adapters are merged in float32. (Not to the last bit where an adapter's base lies on
    the disk in more than bfloat16 and is trained in that.) The global random states stay as they
    are.

    Args:
        placement: on the training's device, in the number format in which a chat would load it.
        name: what receipts call the model. Their hash is "": there is no file to compare with.

    Raises:
        MemoryError, torch.OutOfMemoryError, RuntimeError: there is no room for it.
    """
    model: Any = trainable.model
    base = model.get_base_model() if hasattr(model, "peft_config") else model
    config = copy.deepcopy(base.config)
    config.use_cache = True
    config._attn_implementation = "sdpa"
    with random_states_kept(), torch.no_grad():
        with loading.library, torch.device("meta"):
            twin = type(base)(config)
        twin.load_state_dict(_weights(base, placement.torch_dtype), strict=False, assign=True)
        twin.tie_weights()
        _copy_buffers(base, twin)
    twin.generation_config = copy.deepcopy(base.generation_config)
    twin.eval().requires_grad_(True)  # for the reason told in `loading.load`
    family = family_of(config.model_type)
    assert family is not None
    entry = ModelEntry(name, name, paths.runs_dir(), family, "checkpoint", True, "")
    return LoadedModel(entry, twin, trainable.tokenizer, "", placement, trainable.window)


@contextmanager
def random_states_kept() -> Iterator[None]:
    """Python's and torch's global generators afterwards as before: a library that makes a model
    may draw from them, and the training goes on from them."""
    python = random.getstate()
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        random.setstate(python)


def _weights(base: Any, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """All weights under the names of a model without an adapter; shared ones stay shared."""
    from peft.tuners.lora import LoraLayer

    adapted: dict[str, Any] = {
        name: module for name, module in base.named_modules() if isinstance(module, LoraLayer)
    }
    merged = {f"{name}.base_layer.weight": layer for name, layer in adapted.items()}
    made: dict[int, torch.Tensor] = {}
    found: dict[str, torch.Tensor] = {}
    for name, weight in base.named_parameters(remove_duplicate=False):
        if ".lora_" in name:
            continue
        if id(weight) not in made:
            if name in merged:
                whole = weight.float() + merged[name].get_delta_weight("default").float()
            else:
                whole = weight if adapted else weight.to(torch.bfloat16)
            made[id(weight)] = whole.to(dtype, copy=True)
        found[name.replace(".base_layer.", ".")] = made[id(weight)]
    return found


def _copy_buffers(base: Any, twin: Any) -> None:
    """What is no weight and stands in no checkpoint, such as the frequencies of the positions."""
    for name, _ in list(twin.named_buffers()):
        owner, _, own_name = name.rpartition(".")
        twin.get_submodule(owner)._buffers[own_name] = base.get_buffer(name).clone()
