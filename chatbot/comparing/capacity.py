"""Which models fit into memory together: the bytes of their weights against what is free."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chatbot.engine import catalog, checkpoints
from chatbot.engine.catalog import ModelEntry
from chatbot.engine.safetensors_files import header_of
from chatbot.engine_room import Choice
from chatbot.errors import ChatbotError

BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
SHARE = 0.7
"""Of the free memory; the rest is for the readings of the answers and for other programs."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Groups of models, one after the other; those of a group are in memory together.

    Args:
        groups: every distinct choice once, in the order of the columns.
        needed: bytes that all of them take together, without those that are loaded already.
        free: bytes that were free when this was planned.
    """

    groups: tuple[tuple[Choice, ...], ...]
    needed: int
    free: int

    @property
    def together(self) -> bool:
        return len(self.groups) <= 1


def plan(
    choices: Sequence[Choice],
    *,
    free: Callable[[Choice], int] | None = None,
    here: Callable[[Choice], bool] = lambda choice: False,
) -> Plan:
    """All together where they fit, else one after the other.

    Args:
        choices: of the columns; the same one twice is one model.
        free: bytes of memory that are left where a choice would run; None measures.
        here: whether a model is loaded already, and so needs nothing more.
    """
    distinct = tuple(dict.fromkeys(choices))
    left = min(((free or memory_left)(choice) for choice in distinct), default=0)
    missing = [choice for choice in distinct if not here(choice)]
    needed = sum(weight_bytes(choice) for choice in missing)
    # One alone is loaded in any case, as the chat does: if even that fails, its error says so.
    if len(distinct) <= 1 or not missing or needed <= SHARE * left:
        return Plan((distinct,) if distinct else (), needed, left)
    return Plan(tuple((choice,) for choice in distinct), needed, left)


def weight_bytes(choice: Choice) -> int:
    """Bytes that a model's weights take while it is loaded, at the most; 0 where it is not there.

    An adapter is merged in float32 before it is cast, so it counts four bytes a number.
    """
    try:
        entry = catalog.resolve(choice.model)
        if entry.base is not None:
            return 4 * _numbers(catalog.resolve(entry.base))
        return BYTES.get(choice.dtype or "float32", 4) * _numbers(entry)
    except (ChatbotError, OSError, ValueError):
        return 0


def memory_left(choice: Choice) -> int:
    """Bytes that are free: of the card's memory where it will run on CUDA, else of the machine's.

    Raises:
        ChatbotError: there is no such device.
    """
    from chatbot.engine.device import choose_placement
    from chatbot.training.memory import in_use

    return in_use(choose_placement(choice.device, choice.dtype).device)[1]


def _numbers(entry: ModelEntry) -> int:
    """How many numbers the weights of a whole model have."""
    return sum(
        math.prod(tensor["shape"])
        for path in checkpoints.inspect(entry.path).weights
        for tensor in header_of(path).values()
    )
