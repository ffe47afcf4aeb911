"""Who may write proposals: a model of this machine, or a bigger one elsewhere in its place."""

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from chatbot.engine.sampling import SamplingParams
from chatbot.messages import Message

if TYPE_CHECKING:
    from chatbot.engine.generation import Engine
    from chatbot.engine.receipts import Receipt
    from chatbot.providers import Provider, ProviderAnswer, ProviderReceipt

Writing: TypeAlias = "Engine | Elsewhere"


class Elsewhere:
    """A bigger model with the engine's interface, as far as it is used here."""

    def __init__(self, provider: "Provider") -> None:
        self._provider = provider

    def stream(
        self,
        messages: Sequence[Message],
        params: SamplingParams,
        *,
        conversation: str = "",
        stop: threading.Event | None = None,
    ) -> "ProviderAnswer":
        return self._provider.stream(messages, params, stop=stop)


def source_of(receipt: "Receipt | ProviderReceipt") -> str:
    """Who wrote it, for people."""
    return str(getattr(receipt, "provider", "") or receipt.model)
