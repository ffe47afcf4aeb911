"""Memory while a run goes on: how much it takes, and what to do when there is no more."""

import ctypes
import sys
from contextlib import suppress
from dataclasses import replace

import psutil

from chatbot.training.config import TrainingConfig
from chatbot.training.fields import FIELDS

_SIGNS = (
    "outofmemory",
    "out of memory",
    "allocate memory",
    "not enough memory",
    "could not create a primitive",
    "could not create a memory",
)
"""In the words of torch, for the processor and for graphics cards, and of oneDNN, which computes
on the processor and gives no other reason."""


def in_use(device: str) -> tuple[int, int]:
    """Bytes that this program holds, and bytes that are left: of the card's memory on CUDA, else
    of the machine's."""
    if device.startswith("cuda"):
        import torch

        return torch.cuda.memory_allocated(device), torch.cuda.mem_get_info(device)[0]
    return psutil.Process().memory_info().rss, psutil.virtual_memory().available


def ran_out(error: BaseException) -> bool:
    """Whether an exception, of whichever library, says that memory did not suffice."""
    if isinstance(error, MemoryError):
        return True
    text = f"{type(error).__name__}: {error}".lower()
    return any(sign in text for sign in _SIGNS)


def give_back() -> None:
    """Let go of what nobody holds any more, also on a graphics card."""
    import gc

    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def trim() -> None:
    """Hand back to the system what the C library keeps of freed memory: rows of ever new lengths
    leave gaps that the next ones don't fit into. Only glibc can; it takes some 60 ms for 1 GB."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).malloc_trim(0)


def smaller_batch(config: TrainingConfig) -> TrainingConfig | None:
    """The same steps in about half of the memory or less: fewer conversations at once, more batches
    added up. None where there is no smaller batch."""
    together = config.conversations_a_step
    most_added = FIELDS["gradient_accumulation"].maximum
    fewer = (
        size
        for size in range(config.batch_size // 2, 0, -1)
        if together % size == 0 and together // size <= most_added
    )
    size = next(fewer, None)
    if size is None:
        return None
    return replace(config, batch_size=size, gradient_accumulation=together // size)
