"""What was taken from chats is certain to be learned: never held out, never left out, read often.

A person who corrects an answer wants it right after the next run. One conversation among hundreds,
read once or not at all, would change nothing.
"""

import math
from collections.abc import Sequence

from chatbot.dataset.marks import FROM_CHAT, tags_of
from chatbot.messages import Conversation
from chatbot.training.config import TrainingConfig


def emphasised(
    conversations: Sequence[Conversation], config: TrainingConfig
) -> tuple[Conversation, ...]:
    """Those that the settings want to be learned for certain."""
    if not config.emphasis:
        return ()
    return tuple(c for c in conversations if c.extra and FROM_CHAT in tags_of(c))


def again(learned: Sequence[Conversation], config: TrainingConfig) -> tuple[Conversation, ...]:
    """What is read once more, and again, in each pass over `learned`.

    So often that each emphasised conversation is read `emphasis` times in the whole run; but all
    of them together no more often than everything else, so that a run stays as long as it was
    planned, at most twice that, and the bot does not forget the rest.
    """
    chosen = emphasised(learned, config)
    if not chosen:
        return ()
    wanted = math.ceil(config.emphasis / config.epochs)
    others = len(learned) - len(chosen)
    times = min(wanted, max(1, others // len(chosen)))
    return chosen * (times - 1)
