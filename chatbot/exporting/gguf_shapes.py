"""What llama.cpp calls the parts of a model: its numbers, its tensors' names and their order.

GPT-2 keeps its matrices as (in, out), llama.cpp as (out, in). Llama turns the first half of a head
against the second (rotary positions), llama.cpp each number against its neighbour, so the rows of
its questions and keys are put into that order.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chatbot.errors import BadInput

if TYPE_CHECKING:
    import torch
    from gguf import GGUFWriter

_TURNED = ("c_attn.weight", "c_proj.weight", "c_fc.weight")
"""GPT-2's `Conv1D` matrices."""
_TIED = "lm_head.weight"
_GPT2_ACTIVATIONS = ("gelu_new", "gelu_pytorch_tanh", "gelu_fast")
"""Names of one curve: the tanh form of GELU, the only one that llama.cpp has for GPT-2."""


@dataclass(frozen=True)
class Tensor:
    """One tensor of the file. `values` in the model's own number format."""

    name: str
    values: "torch.Tensor"


def architecture(model: Any) -> str:
    """What llama.cpp calls this kind of model.

    Raises:
        BadInput: it has none for it, or this model uses something that it does not know.
    """
    config = model.config
    family = str(config.model_type)
    if family not in ("gpt2", "llama"):
        raise _unknown(f"the model type {family!r}")
    if family == "gpt2":
        if config.activation_function not in _GPT2_ACTIVATIONS:
            raise _unknown(f"the activation {config.activation_function!r}")
        if config.scale_attn_by_inverse_layer_idx or not config.scale_attn_weights:
            raise _unknown("attention scaled in another way")
    else:
        if config.hidden_act != "silu":
            raise _unknown(f"the activation {config.hidden_act!r}")
        if _rope(config).get("rope_type", "default") != "default":
            raise _unknown(f"stretched positions ({_rope(config)['rope_type']})")
    return family


def write_numbers(writer: "GGUFWriter", model: Any) -> None:
    """The sizes that llama.cpp builds the model from."""
    config = model.config
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_head_count(config.num_attention_heads)
    if config.model_type == "gpt2":
        writer.add_feed_forward_length(config.n_inner or 4 * config.n_embd)
        writer.add_layer_norm_eps(config.layer_norm_epsilon)
        return
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(float(_rope(config).get("rope_theta", 10_000.0)))
    writer.add_rope_dimension_count(_head_size(config))
    writer.add_key_length(_head_size(config))
    writer.add_value_length(_head_size(config))
    writer.add_vocab_size(config.vocab_size)


def tensors(model: Any) -> Iterator[Tensor]:
    """Every tensor under its name there, one at a time; an output tied to the input is left out.

    Raises:
        BadInput: llama.cpp has no name for one of them.
    """
    import gguf

    config = model.config
    arch = {"gpt2": gguf.MODEL_ARCH.GPT2, "llama": gguf.MODEL_ARCH.LLAMA}[config.model_type]
    names = gguf.get_tensor_name_map(arch, config.num_hidden_layers)
    tied = model.get_output_embeddings().weight is model.get_input_embeddings().weight
    for name, values in model.named_parameters(remove_duplicate=False):
        if name == _TIED and tied:
            continue
        there = names.get_name(name.removeprefix("transformer."), try_suffixes=(".weight", ".bias"))
        if there is None:
            raise _unknown(f"the tensor {name}")
        yield Tensor(there, _change(name, config)(values.detach()))


def _change(name: str, config: Any) -> "Callable[[torch.Tensor], torch.Tensor]":
    if config.model_type == "gpt2":
        return (lambda values: values.T) if name.endswith(_TURNED) else (lambda values: values)
    for part, heads in (
        ("q_proj", config.num_attention_heads),
        ("k_proj", config.num_key_value_heads),
    ):
        if part in name:
            return lambda values: _interleaved(values, heads)
    return lambda values: values


def _interleaved(values: "torch.Tensor", heads: int) -> "torch.Tensor":
    """Rows of each head from (first half, second half) to pairs of neighbours. Shape stays."""
    halves = values.reshape(heads, 2, values.shape[0] // heads // 2, *values.shape[1:])
    return halves.swapaxes(1, 2).reshape(values.shape)


def _head_size(config: Any) -> int:
    given = getattr(config, "head_dim", None)
    return int(given or config.hidden_size // config.num_attention_heads)


def _rope(config: Any) -> dict[str, Any]:
    return dict(getattr(config, "rope_parameters", None) or {})


def _unknown(what: str) -> BadInput:
    return BadInput(
        f"llama.cpp has no place for {what}, so no GGUF file can be made of this model.",
        remedy="Export it as a folder; Transformers reads that.",
    )
