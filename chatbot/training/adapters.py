"""LoRA adapters on a model that is to be trained: new ones, and those that learn on."""

import warnings
from typing import TYPE_CHECKING, Any

import torch

from chatbot.engine import loading
from chatbot.engine.catalog import ModelEntry
from chatbot.engine.device import Placement
from chatbot.engine.families import Family
from chatbot.training.config import TrainingConfig

if TYPE_CHECKING:
    from peft import PeftModel

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


def new(model: Any, family: Family, config: TrainingConfig, placement: Placement) -> "PeftModel":
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
    _freeze(model, placement)
    with loading.library:
        adapted: Any = get_peft_model(model, settings, autocast_adapter_dtype=True)
    return _ready(adapted)


def put_on(
    model: Any, adapter: ModelEntry, config: TrainingConfig, placement: Placement
) -> "PeftModel":
    """Freeze the model and put its adapter on, to be trained further.

    Raises:
        BadInput: the adapter's files are damaged.
    """
    from peft import LoraConfig, PeftModel

    _freeze(model, placement)
    with loading.in_plain_words(adapter), loading.library:
        settings = LoraConfig.from_pretrained(str(adapter.path))
        settings.lora_dropout = config.lora_dropout
        settings.inference_mode = False
        adapted: Any = PeftModel.from_pretrained(
            model,
            str(adapter.path),
            config=settings,
            is_trainable=True,
            use_safetensors=True,
            autocast_adapter_dtype=True,
        )
    return _ready(adapted)


def _freeze(model: Any, placement: Placement) -> None:
    model.requires_grad_(False)
    if placement.dtype == "bfloat16":
        loading.cast_weights(model, torch.bfloat16)


def _ready(adapted: Any) -> "PeftModel":
    from chatbot.training import lora_at_once

    lora_at_once.use_for(adapted)
    # A name here makes the library ask the hub about it at every save; `saving` writes it.
    adapted.peft_config["default"].base_model_name_or_path = None
    ready: PeftModel = adapted
    return ready
