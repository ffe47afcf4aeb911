"""How many of the processor's threads compute the next token: all of them, or half.

A token takes hundreds of small products, and each waits for the last of its threads. On an idle
machine all threads are quickest. Where a browser or a training wants a core as well, one of them is
always late, and half are. Which it is changes while an answer is written, so both are timed.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from statistics import median

import torch
from threadpoolctl import ThreadpoolController

LOOK_EVERY = 64
"""Tokens between two looks at the slower count."""
_REMEMBERED = 3
"""Times of a count that are remembered; their median is what counts, as one may be a hiccup."""


class Threads:
    """Times the tokens of one thread, and chooses for each how many compute it.

    Args:
        counts: what there is to choose from, the first one first.
        clock: in seconds.
    """

    def __init__(
        self, counts: tuple[int, ...], clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._seconds = {count: deque[float](maxlen=_REMEMBERED) for count in counts}
        self._since_look = 0
        self._clock = clock

    @contextmanager
    def token(self) -> Iterator[int]:
        """Around the computation of one token. Yields the number of threads."""
        count = self._choose()
        begun = self._clock()
        with limited(count):
            yield count
        self._seconds[count].append(self._clock() - begun)

    def _choose(self) -> int:
        for count, seconds in self._seconds.items():
            if len(seconds) < _REMEMBERED:
                return count
        quickest = min(self._seconds, key=lambda count: median(self._seconds[count]))
        self._since_look += 1
        if self._since_look <= LOOK_EVERY:
            return quickest
        self._since_look = 0
        return next((count for count in self._seconds if count != quickest), quickest)


def threads_for(scores: Callable[[], torch.Tensor], device: torch.device) -> Threads:
    """The threads for the calling one.

    Args:
        scores: computes one token. Only counts that come to the same scores, bit for bit, are
            chosen from: an answer to a seed must not depend on what else the machine does.
    """
    most = torch.get_num_threads()
    half = max(most // 2, 1)
    if device.type != "cpu" or half == most:
        return Threads((most,))
    with limited(half):
        by_half = scores()
    return Threads((half, most) if torch.equal(by_half, scores()) else (half,))


@contextmanager
def limited(count: int) -> Iterator[None]:
    """Let so many threads compute what the calling thread asks for; nobody else's are touched."""
    with _libraries().limit(limits=count):
        yield


@cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="openmp")
