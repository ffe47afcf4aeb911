"""Where a model runs and in which number format: chosen once, with the reason in words."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatbot.errors import BadInput, NotAvailable

if TYPE_CHECKING:
    import torch

DEVICES = ("cuda", "mps", "cpu")
DTYPES = ("bfloat16", "float32", "float16")
SHAPES_KEPT = "128"
"""For how many shapes of a product oneDNN, which computes on the processor, keeps its code. A model
needs some twenty at once; each row of another length brings twenty others, and of the usual 1024
each holds memory."""


@dataclass(frozen=True)
class Placement:
    """`device` as torch names it, `dtype` by its torch name, `reason` for people."""

    device: str
    dtype: str
    reason: str

    @property
    def torch_dtype(self) -> "torch.dtype":
        import torch

        dtype = getattr(torch, self.dtype)
        assert isinstance(dtype, torch.dtype)
        return dtype


def choose_placement(device: str | None = None, dtype: str | None = None) -> Placement:
    """CUDA, else Apple GPU, else CPU; bfloat16 where the processor computes in it, else float32.

    Args:
        device: "cuda", "mps" or "cpu"; None takes `CHATBOT_DEVICE`, else the best one here.
        dtype: "bfloat16", "float32" or "float16"; None takes `CHATBOT_DTYPE`, else the best one.

    Raises:
        BadInput: an unknown name.
        NotAvailable: that device is not in this machine.
    """
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", SHAPES_KEPT)  # read at the first one
    wanted_device = device or os.environ.get("CHATBOT_DEVICE") or None
    chosen, why_device = _device(wanted_device)
    number_format, why_dtype = _dtype(chosen, dtype or wanted_dtype())
    return Placement(chosen, number_format, f"{why_device}; {why_dtype}.")


def wanted_dtype() -> str | None:
    """The number format that whoever started the program asks for, for all models."""
    return os.environ.get("CHATBOT_DTYPE") or None


def computes_tf32(device: str) -> bool:
    """Whether float32 products may be rounded to TF32 there, which is several times as fast: CUDA
    graphics cards from compute capability 8.0 (Ampere) on."""
    if device.partition(":")[0] != "cuda":
        return False
    import torch

    return torch.cuda.get_device_capability()[0] >= 8


def _device(wanted: str | None) -> tuple[str, str]:
    if wanted is not None and wanted.partition(":")[0] not in DEVICES:
        raise BadInput(
            "This device is not known.",
            value=wanted,
            remedy=f"Use one of {', '.join(DEVICES)} (CHATBOT_DEVICE).",
        )
    import torch

    here = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wanted is not None:
        kind = wanted.partition(":")[0]
        if not here.get(kind, True):
            raise NotAvailable(
                f"This machine has no {_spoken(kind)} that torch can use.",
                value=wanted,
                remedy="Unset CHATBOT_DEVICE, or set it to cpu.",
            )
        return wanted, f"{_spoken(kind)}, as asked for"
    for kind in ("cuda", "mps"):
        if here[kind]:
            return kind, f"{_spoken(kind)}, as there is one"
    return "cpu", "Processor, as there is no graphics card that torch can use"


def _dtype(device: str, wanted: str | None) -> tuple[str, str]:
    if wanted is not None:
        if wanted not in DTYPES:
            raise BadInput(
                "This number format is not known.",
                value=wanted,
                remedy=f"Use one of {', '.join(DTYPES)} (CHATBOT_DTYPE).",
            )
        return wanted, f"{wanted}, as asked for"
    kind = device.partition(":")[0]
    if _computes_bfloat16(kind):
        return "bfloat16", "bfloat16, which it computes in directly (half the memory)"
    return "float32", "float32, as it has no bfloat16 arithmetic of its own"


def _computes_bfloat16(kind: str) -> bool:
    """Whether the hardware multiplies bfloat16 itself; emulated, it is slower than float32."""
    import torch

    if kind == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if kind == "mps":
        return False  # float32 is right on every Apple GPU; CHATBOT_DTYPE overrides
    features = torch.cpu.get_capabilities()  # "bf16" is the name on ARM
    return any(bool(features.get(name)) for name in ("avx512_bf16", "amx_bf16", "bf16"))


def _spoken(kind: str) -> str:
    return {"cuda": "CUDA graphics card", "mps": "Apple GPU", "cpu": "Processor"}[kind]
