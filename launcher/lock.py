"""One set-up at a time in a folder, across processes. The system frees the lock of a dead one."""

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from launcher.console import say

_POLL = 0.2

if sys.platform == "win32":
    import msvcrt

    def try_lock(descriptor: int) -> None:
        # Far behind the end of the file, as Windows keeps others from reading what is locked.
        os.lseek(descriptor, 1 << 30, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def try_lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextlib.contextmanager
def only_one(file: Path) -> Iterator[int]:
    """Wait until no other set-up holds `file` (any file that stays), then hold it.

    Yields the descriptor that holds the lock; a child process that gets it holds it as well.
    """
    descriptor = os.open(file, os.O_RDONLY)
    try:
        told = False
        while True:
            try:
                try_lock(descriptor)
                break
            except (BlockingIOError, PermissionError):
                if not told:
                    say("Another set-up is at work in this folder: waiting for it (Ctrl-C leaves).")
                told = True
                time.sleep(_POLL)
            except OSError:  # a file system without locks: better unguarded than not at all
                break
        yield descriptor
    finally:
        os.close(descriptor)
