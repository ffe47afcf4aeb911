"""The model that a run changes: its own copy, ready for LoRA, for all its weights, or all new."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from chatbot.engine import catalog, loading
from chatbot.engine.catalog import ModelEntry
from chatbot.engine.device import Placement
from chatbot.messages import Conversation
from chatbot.training import adapters, learning_on, packing, scratch
from chatbot.training.config import TrainingConfig

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel, PreTrainedTokenizerFast


@dataclass
class Trainable:
    """A model in training form. `base`: the catalog name to write into an adapter."""

    model: "PreTrainedModel | PeftModel"
    tokenizer: "PreTrainedTokenizerFast"
    window: int
    base: str

    @property
    def parameters(self) -> int:
        return sum(parameter.numel() for parameter in self.model.parameters())

    @property
    def trained_parameters(self) -> int:
        return sum(p.numel() for p in self.model.parameters() if p.requires_grad)


def build(
    config: TrainingConfig, conversations: Sequence[Conversation], placement: Placement
) -> Trainable:
    """A fresh model as the settings want it; the seed decides every random weight.

    Args:
        conversations: all of the data set; a new model's word pieces are made from them.

    Raises:
        NotAvailable, BadInput, OutOfResources: the base model can't be loaded.
    """
    torch.manual_seed(config.seed)
    if config.method == "scratch":
        tokenizer = scratch.train_tokenizer(conversations, config)
        with loading.library:
            new: Any = scratch.new_model(config, tokenizer)
        packing.use_for(new, placement.device)
        return Trainable(new, tokenizer, scratch.window(config), "")
    entry = learning_on.adapter_of(config)
    if entry is not None and entry.base is not None:
        return _learning_on(entry, entry.base, config, placement)
    entry = catalog.resolve(config.base_model)
    model: Any
    model, tokenizer = loading.load_for_training(config.base_model)
    packing.use_for(model, placement.device)
    window = int(model.config.max_position_embeddings)
    if config.method == "lora":
        model = adapters.new(model, entry.family, config, placement)
    return Trainable(model, tokenizer, window, entry.name)


def _learning_on(
    adapter: ModelEntry, base: str, config: TrainingConfig, placement: Placement
) -> Trainable:
    """The adapter on the model that it belongs to, and its own tokenizer."""
    model: Any
    model, _ = loading.load_for_training(base)
    packing.use_for(model, placement.device)
    window = int(model.config.max_position_embeddings)
    model = adapters.put_on(model, adapter, config, placement)
    return Trainable(model, loading.load_tokenizer(adapter), window, base)
