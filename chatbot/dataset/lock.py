"""One writer at a time, across processes: a locked file that the system frees when we die."""

import os
import sys
import time
from pathlib import Path
from types import TracebackType

from chatbot.errors import Conflict
from chatbot.files import write_error

_POLL = 0.02

if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _try_lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class FileLock:
    """`with FileLock(path):` waits until no other process is inside. Not for two threads of one.

    Raises (on entering):
        Conflict: somebody held it for longer than `timeout` seconds.
        ChatbotError: the lock file can't be made there.
    """

    def __init__(self, path: Path, timeout: float = 10.0) -> None:
        self._path = path
        self._timeout = timeout
        self._descriptor = -1

    def __enter__(self) -> "FileLock":
        deadline = time.monotonic() + self._timeout
        while True:
            descriptor = self._opened()
            try:
                _try_lock(descriptor)
            except OSError as error:
                os.close(descriptor)
                if time.monotonic() > deadline:
                    raise Conflict(
                        "Another program is writing these conversations and does not finish.",
                        value=str(self._path),
                        remedy="Close other copies of this app and try again.",
                    ) from error
                time.sleep(_POLL)
                continue
            if self._still_there(descriptor):
                self._descriptor = descriptor
                return self
            os.close(descriptor)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._descriptor)  # closing frees the lock
        self._descriptor = -1

    def _opened(self) -> int:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            return os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise write_error(error, self._path) from error

    def _still_there(self, descriptor: int) -> bool:
        """False where somebody deleted the file while we waited: others lock a new one then."""
        try:
            return os.path.samestat(os.fstat(descriptor), self._path.stat())
        except OSError:
            return False
