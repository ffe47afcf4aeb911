"""How much memory a run will take, by the sizes of its model and batches, before it is loaded."""

from dataclasses import dataclass
from typing import Literal

from chatbot.training.config import TrainingConfig
from chatbot.training.memory import smaller_batch
from chatbot.training.sizes import Sizes

Verdict = Literal["fits", "tight", "will not fit"]
WIDE, INNER = 48, 12
"""Bytes that a block keeps for each token until the way back, for each number of its width and of
its feed-forward part: norms and residuals in float32, products in bfloat16. Measured by
`python -m chatbot.training.trial`: a token took 1.77 MB with LoRA on SmolLM2, 1.92 MB with all
weights, and 0.11 MB for Pocket GPT-2; these make 1.77, 1.77 and 0.11."""
IN_FLOAT32 = 1.5
"""So many times as much where the processor has no bfloat16."""
LOGIT = 16
"""Bytes for each logit: in bfloat16 and float32, and the gradients of both."""
LEARNED = 0.5
"""Share of the tokens that are learned, which alone get logits: the bot says about half."""
WORKING = 60_000_000
"""Bytes that are there besides, with whatever model."""
TIGHT = 0.7
"""Share of the free memory from which on something else may tip it over."""


@dataclass(frozen=True, slots=True)
class MemoryNeeds:
    """Bytes at the most: the weights, what is learned of them, and a batch on its way."""

    weights: int
    gradients: int
    optimizer: int
    activations: int

    @property
    def total(self) -> int:
        return self.weights + self.gradients + self.optimizer + self.activations + WORKING

    def verdict(self, free: int) -> Verdict:
        """Whether so many free bytes suffice."""
        if self.total > free:
            return "will not fit"
        return "tight" if self.total > TIGHT * free else "fits"


def memory_needs(
    config: TrainingConfig, sizes: Sizes, tokens: float, *, bfloat16: bool = True
) -> MemoryNeeds:
    """What a run will take, on the processor or on a graphics card.

    Args:
        tokens: of a conversation, in the mean.
    """
    each = min(tokens, config.max_length)
    numbers = 1.0 if bfloat16 else IN_FLOAT32
    blocks = numbers * sizes.layers * (WIDE * sizes.width + INNER * sizes.inner)
    logits = LEARNED * sizes.vocabulary
    learning = config.batch_size * each * (blocks + LOGIT * logits)
    measuring = config.measured_at_once * each * (blocks / sizes.layers + 10 * logits)
    adapter = sizes.trained if config.method == "lora" else 0
    return MemoryNeeds(
        weights=4 * (sizes.weights + adapter),  # float32 at first, also where LoRA halves them
        gradients=4 * sizes.trained,
        optimizer=8 * sizes.trained,
        activations=round(max(learning, measuring if config.held_out else 0.0)),
    )


def remedies(config: TrainingConfig) -> list[tuple[str, dict[str, int]]]:
    """What to change so that less is needed, the mildest first: words, and the new values.

    A smaller batch with more accumulation learns the same; a shorter conversation does not.
    """
    found: list[tuple[str, dict[str, int]]] = []
    while (smaller := smaller_batch(config)) is not None:
        config = smaller
        batch, accumulation = config.batch_size, config.gradient_accumulation
        words = f"Use batch size {batch} and gradient accumulation {accumulation}"
        values = {"batch_size": batch, "gradient_accumulation": accumulation}
        found.append((words, values))
    length, accumulation = config.max_length, config.gradient_accumulation
    while length > 128:
        length //= 2
        words = f"Batch size 1, and conversations of {length} tokens at most"
        smallest = {"batch_size": 1, "gradient_accumulation": accumulation, "max_length": length}
        found.append((words, smallest))
    return found
