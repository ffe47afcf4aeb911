"""Memory that nobody holds any more goes back to the system."""

import platform

import psutil
import pytest

from chatbot.training import memory


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps so much")
def test_gaps_between_what_is_still_held_are_handed_back() -> None:
    program = psutil.Process()
    blocks = [b"x" * 100_000 for _ in range(3_000)]
    held = blocks[::100]
    full = program.memory_info().rss
    del blocks
    memory.trim()
    assert full - program.memory_info().rss > 200_000_000
    assert len(held) == 30
