"""What one client may ask of the server, and what all may together."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

LARGEST_BODY = 1_000_000
"""Bytes: a hundred times the window of any model here."""
MOST_AT_ONCE = 8
"""Answers under way. They share one model, so that each more makes all of them slower."""
A_MINUTE = 120
"""Requests of one client."""
MOST_CLIENTS = 1_000
"""Clients that are remembered."""


@dataclass
class _Bucket:
    left: float
    at: float


class Rate:
    """At most so many requests a minute for each client: a bucket that fills again steadily."""

    def __init__(
        self, a_minute: int = A_MINUTE, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = a_minute
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def wait(self, client: str) -> float:
        """0 where the client may ask now (that counts as one), else the seconds to wait."""
        now = self._clock()
        with self._lock:
            bucket = self._buckets.setdefault(client, _Bucket(float(self._most), now))
            self._buckets.move_to_end(client)
            while len(self._buckets) > MOST_CLIENTS:
                self._buckets.popitem(last=False)
            bucket.left += (now - bucket.at) * self._most / 60
            bucket.left, bucket.at = min(bucket.left, float(self._most)), now
            if bucket.left < 1:
                return (1 - bucket.left) * 60 / self._most
            bucket.left -= 1
            return 0.0


class Places:
    """So many answers at once, and no more."""

    def __init__(self, most: int = MOST_AT_ONCE) -> None:
        self.most = most
        self._lock = threading.Lock()
        self._taken = 0

    def take(self) -> bool:
        """Whether there was a free one, which is the caller's now."""
        with self._lock:
            if self._taken >= self.most:
                return False
            self._taken += 1
            return True

    def give_back(self) -> None:
        with self._lock:
            self._taken -= 1
