"""How many tokens a session has used with providers, and how many it may."""

import threading

from chatbot.errors import BadInput, OutOfResources

DEFAULT_MOST = 20_000
"""Tokens in a session: some dozens of answers with the conversation before them."""
CHARACTERS_PER_TOKEN = 3
"""Fewer than English text has (about 4), so that an estimate is rather too high than too low."""


def estimated(characters: int) -> int:
    """Tokens of a text of which no tokenizer is known."""
    return -(-characters // CHARACTERS_PER_TOKEN)


class Spending:
    """Counts across all answers of a session, from any thread.

    Args:
        most: tokens, read and written ones together.
    """

    def __init__(self, most: int = DEFAULT_MOST) -> None:
        if most < 1:
            raise BadInput("The spending limit must be at least 1 token.", value=most)
        self.most = most
        self._used = 0
        self._reserved = 0
        self._lock = threading.Lock()

    @property
    def used(self) -> int:
        """Tokens so far, as the servers say, else estimated."""
        return self._used

    def reserve(self, prompt: int, answer: int) -> int:
        """Set tokens aside for an answer; returns how many it may have, at most `answer`.

        Raises:
            OutOfResources: the limit leaves no room for it.
        """
        with self._lock:
            left = self.most - self._used - self._reserved - prompt
            if left < 1:
                raise OutOfResources(
                    f"The spending limit of this session is reached: {self._used:,} of "
                    f"{self.most:,} tokens are used, and this question needs about {prompt:,} "
                    "more.",
                    remedy="Raise the limit where the provider is switched on, or go on with the "
                    "model on this machine.",
                )
            allowed = min(answer, left)
            self._reserved += prompt + allowed
            return allowed

    def settle(self, reserved: int, used: int) -> None:
        """What was reserved is free again, and this was used of it."""
        with self._lock:
            self._reserved -= reserved
            self._used += max(0, used)
