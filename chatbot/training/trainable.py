"""The model that a run changes: its own copy, ready for LoRA, for all its weights, or all new."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from chatbot.engine import catalog, loading
from chatbot.engine.device import Placement
from chatbot.engine.families import Family
from chatbot.messages import Conversation
from chatbot.training import packing, scratch
from chatbot.training.config import TrainingConfig

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

# peft 0.21 asks transformers 5.23 by a name that is going away.
warnings.filterwarnings("ignore", "`is_gradient_checkpointing`", FutureWarning)

_LLAMA_TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
LORA_TARGETS: dict[Family, list[str]] = {
    "gpt2": ["c_attn", "c_proj", "c_fc"],
    "llama": _LLAMA_TARGETS,
    "qwen2": _LLAMA_TARGETS,
    "qwen3": _LLAMA_TARGETS,
    "gpt_neox": ["query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h"],
    "opt": ["q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"],
}
"""Every linear layer of a block: better than attention alone at the same size (Dettmers et al.,
QLoRA, 2023, figure 2)."""


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
    entry = catalog.resolve(config.base_model)
    model: Any
    model, tokenizer = loading.load_for_training(config.base_model)
    packing.use_for(model, placement.device)
    window = int(model.config.max_position_embeddings)
    if config.method == "lora":
        model = with_adapter(model, entry.family, config, placement)
    return Trainable(model, tokenizer, window, entry.name)


def with_adapter(
    model: Any, family: Family, config: TrainingConfig, placement: Placement
) -> "PeftModel":
    """Freeze the model, in bfloat16 where that is fast, and add float32 adapters."""
    from peft import LoraConfig, get_peft_model

    settings = LoraConfig(
        task_type="CAUSAL_LM",
        r=config.lora_rank,
        lora_alpha=config.lora_alpha,
        lora_dropout=config.lora_dropout,
        target_modules=LORA_TARGETS[family],
        fan_in_fan_out=family == "gpt2",
    )
    model.requires_grad_(False)
    if placement.dtype == "bfloat16":
        loading.cast_weights(model, torch.bfloat16)
    with loading.library:
        adapted: Any = get_peft_model(model, settings, autocast_adapter_dtype=True)
    if placement.dtype == "bfloat16":
        _leave_casting_to_autocast(adapted)
    # A name here makes the library ask the hub about it at every save; `saving` writes it.
    adapted.peft_config["default"].base_model_name_or_path = None
    return adapted


def _leave_casting_to_autocast(adapted: "PeftModel") -> None:
    """Keep peft from making a float32 copy of every layer's input, which `autocast` turns back: the
    sums are the same to the bit, and the copies took a seventh of a step.
    """
    from peft.tuners.tuners_utils import BaseTunerLayer

    layers: list[Any] = [m for m in adapted.modules() if isinstance(m, BaseTunerLayer)]
    for layer in layers:
        layer.cast_input_dtype_enabled = False
