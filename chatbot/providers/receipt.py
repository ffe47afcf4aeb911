"""What an answer from elsewhere was made with."""

from dataclasses import dataclass
from typing import Literal

from chatbot.engine.sampling import SamplingParams

ProviderFinish = Literal["end", "length", "stopped", "cut off", "refused"]


@dataclass(frozen=True)
class ProviderReceipt:
    """How an answer was made, and by whom.

    Args:
        provider: for people: "gpt-4o-mini at api.openai.com".
        host: that the messages were sent to.
        model: as the provider calls it.
        params: the settings as asked for.
        sent: names of the settings that the provider was told; the protocol has not all of ours.
        finish: "end" by the model itself, "length" at the limit, "stopped" by the reader,
            "cut off" where the connection or the server broke in the middle, "refused" where the
            provider did not want to go on.
        seconds_to_first: from the question to the first words; the whole time where none came.
        prompt_tokens, new_tokens: as the server counted them; None where it did not say.
        note: what else a person should know, such as why the answer is cut off.
    """

    provider: str
    host: str
    model: str
    params: SamplingParams
    sent: tuple[str, ...]
    finish: ProviderFinish
    seconds_to_first: float
    prompt_tokens: int | None = None
    new_tokens: int | None = None
    note: str = ""

    @property
    def seed(self) -> int | None:
        """The seed that the provider was told; None where it drew its own."""
        return self.params.seed if "seed" in self.sent else None

    @property
    def hash(self) -> str:
        """Of the weights: nobody outside knows them."""
        return ""

    @property
    def tokens(self) -> int | None:
        """Read and written ones together, as the server says."""
        if self.prompt_tokens is None or self.new_tokens is None:
            return None
        return self.prompt_tokens + self.new_tokens
