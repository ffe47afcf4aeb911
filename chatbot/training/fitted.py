"""A preset's settings made to fit the memory of this machine."""

from chatbot.training.config import TrainingConfig
from chatbot.training.memory import smaller_batch
from chatbot.training.memory_needs import memory_needs
from chatbot.training.sizes import Sizes


def fitted(
    config: TrainingConfig, sizes: Sizes, tokens: float, free: int, *, bfloat16: bool = True
) -> TrainingConfig:
    """The same steps with the largest batches that fit, the rest added up; the settings as they are
    where they fit, or where no batch does.

    Args:
        tokens: of a conversation, in the mean.
        free: bytes.
    """
    smaller: TrainingConfig | None = config
    while smaller is not None:
        needs = memory_needs(smaller, sizes, tokens, bfloat16=bfloat16)
        if needs.verdict(free) != "will not fit":
            return smaller
        smaller = smaller_batch(smaller)
    return config
