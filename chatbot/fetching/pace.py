"""How fast a model would answer on this machine's processor: estimated, before it is fetched.

For each token a processor reads all weights once, so that the speed of the memory sets the pace:
tokens a second = bytes a second / bytes of the weights. (SmolLM2 135M on 2 cores of a machine with
12 GB/s: 43 tokens a second in bfloat16, 23 in float32.)
"""

import time
from functools import cache

from chatbot.fetching.known import Known

WORDS_A_TOKEN = 0.75
"""Of English text; the usual rule of thumb."""
AT_ONCE = 200
"""Words a second above which nobody notices a difference."""
_BLOCK = 32 << 20


@cache
def memory_speed() -> float:
    """Bytes a second that are read and written while a block is copied: the best of five times,
    measured once for each process (20 ms)."""
    source, target = bytearray(_BLOCK), memoryview(bytearray(_BLOCK))
    times = []
    for _ in range(5):
        start = time.perf_counter()
        target[:] = source
        times.append(time.perf_counter() - start)
    return 2 * _BLOCK / min(times)


def words_a_second(model: Known, speed: float) -> tuple[float, float]:
    """In float32 and in bfloat16.

    Args:
        speed: bytes a second.
    """
    return (
        WORDS_A_TOKEN * speed / model.memory("float32"),
        WORDS_A_TOKEN * speed / model.memory("bfloat16"),
    )


def spoken(model: Known, speed: float) -> str:
    """`about 15 to 30 words a second on this processor`."""
    slow, fast = words_a_second(model, speed)
    if slow > AT_ONCE:
        return "answers at once"
    return f"about {_rounded(slow)} to {_rounded(fast)} words a second on this processor"


def _rounded(number: float) -> str:
    return f"{number:.0f}" if number >= 2 else f"{number:.1f}"
