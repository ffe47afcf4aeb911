"""Which conversations of a data set a run learns from, and which it holds out.

Remembered by their places: a page asks again with every click, and the same data and settings give
the same parts.
"""

from collections import OrderedDict
from dataclasses import dataclass

from chatbot.training import choosing, data, emphasis
from chatbot.training.config import TrainingConfig

MOST_REMEMBERED = 8

_Key = tuple[str, float, int, int, bool]


@dataclass(frozen=True)
class _Places:
    train: tuple[int, ...]
    held_out: tuple[int, ...]
    repeated: int
    offered: int


@dataclass(frozen=True)
class Parts:
    """The parts of a data set; `offered`: how many there were to choose from for learning."""

    split: data.Split
    offered: int


_remembered: OrderedDict[_Key, _Places] = OrderedDict()


def parts_of(source: data.Source, config: TrainingConfig) -> Parts:
    """Split by seed and text (`data.split`), then the most telling of those that are left, where
    the settings want no more than so many; what is emphasised is learned in any case."""
    key = (
        source.version,
        config.held_out,
        config.seed,
        config.most_conversations,
        config.emphasis > 0,
    )
    places = _remembered.get(key)
    if places is None:
        places = _found(source, config)
        _remembered[key] = places
        while len(_remembered) > MOST_REMEMBERED:
            _remembered.popitem(last=False)
    usable = source.usable
    train = tuple(usable[place] for place in places.train)
    held_out = tuple(usable[place] for place in places.held_out)
    return Parts(data.Split(train, held_out, places.repeated), places.offered)


def offered(source: data.Source, config: TrainingConfig) -> data.Split:
    """All that there is to learn from, before the choice, and what is held out."""
    certain = emphasis.emphasised(source.usable, config)
    return data.split(source.usable, config.held_out, config.seed, certain)


def _found(source: data.Source, config: TrainingConfig) -> _Places:
    split = offered(source, config)
    learned = split.train
    if 0 < config.most_conversations < len(learned):
        learned = choosing.most_telling(learned, config.most_conversations)
        certain = emphasis.emphasised(split.train, config)
        taken = {id(conversation) for conversation in (*learned, *certain)}
        learned = tuple(c for c in split.train if id(c) in taken)
    place = {id(conversation): number for number, conversation in enumerate(source.usable)}
    return _Places(
        tuple(place[id(conversation)] for conversation in learned),
        tuple(place[id(conversation)] for conversation in split.held_out),
        split.repeated,
        len(split.train),
    )
