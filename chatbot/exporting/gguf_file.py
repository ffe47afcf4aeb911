"""Writes a model as one GGUF file, tensor by tensor: f16, or Q8_0 at about half of that.

As llama.cpp's own converter does: vectors and positions stay in float32, as they are small and
added to everything; in Q8_0 so does every matrix in float16 whose rows don't fill its blocks of 32.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from chatbot.errors import BadInput
from chatbot.exporting import gguf_shapes
from chatbot.exporting.gguf_tokenizer import write_tokenizer

if TYPE_CHECKING:
    import torch
    from gguf import GGMLQuantizationType
    from transformers import PreTrainedTokenizerFast

GgufKind = Literal["f16", "q8_0"]
LARGEST_F16 = 65504.0
_BLOCK = 32
"""Numbers of a row that share a scale in Q8_0."""
_IN_FULL = ("position_embd.weight",)


@dataclass(frozen=True)
class About:
    """What the file says of itself."""

    name: str
    license: str = ""
    description: str = ""


def write_gguf(
    model: Any,
    tokenizer: "PreTrainedTokenizerFast",
    path: Path,
    kind: GgufKind,
    about: About,
    on_progress: Callable[[float], object] = lambda fraction: None,
) -> None:
    """Write `path`, which must not exist.

    Args:
        model: a causal language model on the CPU.
        on_progress: is told the finished fraction; may raise to stop.

    Raises:
        BadInput: llama.cpp knows no such model, or a weight does not fit the format.
        OSError: it can't be written.
    """
    import gguf

    writer = gguf.GGUFWriter(path, gguf_shapes.architecture(model))
    try:
        writer.add_type("model")
        writer.add_name(about.name)
        if about.license:
            writer.add_license(about.license)
        if about.description:
            writer.add_description(about.description)
        types = gguf.LlamaFileType
        writer.add_file_type(types.MOSTLY_F16 if kind == "f16" else types.MOSTLY_Q8_0)
        writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
        gguf_shapes.write_numbers(writer, model)
        write_tokenizer(writer, tokenizer, int(model.get_input_embeddings().weight.shape[0]))
        sizes = []
        for tensor in gguf_shapes.tensors(model):
            number_type = _type_of(tensor, kind)
            packed = gguf.quantize(_array(tensor.values[:1]), number_type)  # its type, and a row
            rows = tensor.values.shape[0]
            shape = (rows, *packed.shape[1:])
            writer.add_tensor_info(
                tensor.name, shape, packed.dtype, packed.nbytes * rows, raw_dtype=number_type
            )
            sizes.append(packed.nbytes * rows)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        written = 0
        for tensor, size in zip(gguf_shapes.tensors(model), sizes, strict=True):
            number_type = _type_of(tensor, kind)
            _check_range(tensor)
            writer.write_tensor_data(gguf.quantize(_array(tensor.values), number_type))
            written += size
            on_progress(written / sum(sizes))
        writer.flush()
    finally:
        writer.close()


def _array(values: "torch.Tensor") -> Any:
    """As NumPy, in float32."""
    return values.float().contiguous().numpy()


def _type_of(tensor: gguf_shapes.Tensor, kind: GgufKind) -> "GGMLQuantizationType":
    from gguf import GGMLQuantizationType

    values = tensor.values
    if values.dim() == 1 or tensor.name in _IN_FULL:
        return GGMLQuantizationType.F32
    if kind == "q8_0" and values.shape[-1] % _BLOCK == 0:
        return GGMLQuantizationType.Q8_0
    return GGMLQuantizationType.F16


def _check_range(tensor: gguf_shapes.Tensor) -> None:
    largest = float(tensor.values.abs().max()) if tensor.values.numel() else 0.0
    if not largest <= LARGEST_F16:  # also where it is no number
        raise BadInput(
            "A weight of this model is no number, or too large for this format.",
            value=f"{tensor.name}: {largest:g}",
            remedy="Export it as a folder in float32 or bfloat16.",
        )
