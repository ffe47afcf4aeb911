"""What one click mends, in one conversation or in all that need it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from chatbot.dataset import ailments, structure
from chatbot.messages import Conversation


@dataclass(frozen=True, slots=True)
class Mend:
    """One click.

    Args:
        button: what it does, for a button.
        apply: the conversation without this trouble; None where it goes altogether.
    """

    button: str
    apply: Callable[[Conversation], Conversation | None]


def _of_words(key: str) -> Mend:
    return Mend(ailments.AILMENTS[key].button, lambda c: ailments.mend(c, key))


_OF_TURNS: Mapping[str, Mend] = {
    "empty": Mend("Delete empty turns", structure.without_empty_turns),
    "twice": Mend("Join what one says in a row", structure.joined),
    "ending": Mend("Delete what comes after the last answer", structure.ended_by_the_bot),
    "beginning": Mend("Delete what comes before the question", structure.begun_by_the_user),
}
MENDS: Mapping[str, Mend] = MappingProxyType(
    {
        **_OF_TURNS,
        "copy": Mend("Delete the later copy", lambda _: None),
        **{key: _of_words(key) for key, ailment in ailments.AILMENTS.items() if ailment.mended},
    }
)


def mend(conversation: Conversation, key: str) -> Conversation | None:
    """The conversation after the mend; itself where it needs none, None where it goes.

    Of a copy, that it is one has to be known: it goes.
    """
    if key in _OF_TURNS and all(f.mend != key for f in structure.findings(conversation)):
        return conversation
    return MENDS[key].apply(conversation)
