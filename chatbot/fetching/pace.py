"""How fast a model would answer on this machine's processor: estimated, before it is fetched.

For each token a processor reads all weights once, so that it is no faster than the memory:
tokens a second <= bytes a second / bytes of the weights. (SmolLM2 135M on 2 cores of a machine that
reads 17 GB/s: at best 63 tokens a second in bfloat16 and 32 in float32; measured, 45 and 25.)
"""

import time
from functools import cache

from chatbot.fetching.known import Known

WORDS_A_TOKEN = 0.75
"""Of English text; the usual rule of thumb."""
AT_ONCE = 200
"""Words a second above which nobody notices a difference."""
_ROWS, _COLUMNS = 4096, 8192
"""128 MB of float32: more than processors of laptops keep beside the memory."""


@cache
def memory_speed() -> float:
    """Bytes a second that are read in a product of a matrix and a vector, which is most of what
    answering is: the best of five times, measured once for each process (a fifth of a second)."""
    import numpy as np

    matrix = np.ones((_ROWS, _COLUMNS), np.float32)
    vector = np.ones(_COLUMNS, np.float32)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        matrix @ vector
        times.append(time.perf_counter() - start)
    return float(matrix.nbytes / min(times))


def words_a_second(model: Known, speed: float) -> tuple[float, float]:
    """At best, in float32 and in bfloat16.

    Args:
        speed: bytes a second.
    """
    return (
        WORDS_A_TOKEN * speed / model.memory("float32"),
        WORDS_A_TOKEN * speed / model.memory("bfloat16"),
    )


def spoken(model: Known, speed: float) -> str:
    """`at best 15 to 30 words a second on this processor`."""
    slow, fast = words_a_second(model, speed)
    if slow > AT_ONCE:
        return "answers at once"
    return f"at best {_rounded(slow)} to {_rounded(fast)} words a second on this processor"


def _rounded(number: float) -> str:
    return f"{number:.0f}" if number >= 2 else f"{number:.1f}"
