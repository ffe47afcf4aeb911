"""How much room a loaded model has, and whether notes are of any use to it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from chatbot.engine.sampling import SamplingParams
from chatbot.memory.told import Room
from chatbot.messages import assistant, user

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

    from chatbot.engine.generation import Engine

SMALLEST_READER = 50_000_000
"""Parameters. Pocket GPT-2 (4 million), which never saw a system text, answered none of the
questions about four facts that it was told, in six ways of telling (`benchmarks/memory.py`)."""


def room_of(engine: "Engine", params: SamplingParams, begun: str = "") -> Room | None:
    """Room for an answer by these settings of which this much is there; None for a model that is
    too small to use what it is told.

    Raises:
        NotAvailable: the engine was closed.
    """
    loaded = engine.loaded
    if sum(weights.numel() for weights in loaded.model.parameters()) < SMALLEST_READER:
        return None
    return room_in(loaded.tokenizer, loaded.window, params, begun)


def room_in(
    tokenizer: "PreTrainedTokenizerFast", window: int, params: SamplingParams, begun: str = ""
) -> Room:
    """The same for a model of this window."""
    from chatbot.engine.generation import LARGEST_RESERVE
    from chatbot.engine.shapes import shape_of

    backend, shape = tokenizer.backend_tokenizer, shape_of(tokenizer)

    def count(texts: Sequence[str]) -> list[int]:
        # Half a surrogate pair has no UTF-8 form, and stops the tokenizer.
        whole = [text.encode("utf-8", "replace").decode() for text in texts]
        return [len(found.ids) for found in backend.encode_batch(whole, add_special_tokens=False)]

    one, three = shape.length([user("x")]), shape.length([user("x"), assistant("x"), user("x")])
    per_message = -(-(three - one) // 2)
    reserve = min(params.max_new_tokens, window // LARGEST_RESERVE)
    return Room(window, reserve + count([begun])[0], count, per_message, one)
