"""Writing a file a moment after it was asked for, so that many requests make one write."""

import atexit
import contextlib
import threading
import time
import weakref
from collections.abc import Callable

from chatbot.errors import ChatbotError, OutOfResources

QUIET, AT_LATEST, AGAIN = 0.5, 3.0, 5.0
"""Seconds: after the last request, after the first one, after a failure."""


class WriteBehind:
    """Calls `write` beside what goes on; at the latest when the process ends in good order.

    Args:
        write: may be called from any thread, and finds out for itself whether there is anything
            to write.

    Attributes:
        trouble: why the last write failed; None where it did not.
    """

    def __init__(self, write: Callable[[], None]) -> None:
        self._write = write
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._first: float | None = None
        self._due: float | None = None
        self.trouble: ChatbotError | None = None

    def soon(self) -> None:
        """Ask for a write."""
        with self._changed:
            now = time.monotonic()
            self._first = now if self._first is None else self._first
            self._due = min(now + QUIET, self._first + AT_LATEST)
            _waiting.add(self)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="write-behind", daemon=True)
                self._thread.start()

    def now(self) -> None:
        """Write in this thread; raises what `write` raises."""
        try:
            self._write()
        except (ChatbotError, OSError, MemoryError) as error:
            self.trouble = _for_people(error)
            raise self.trouble from error
        self.trouble = None

    def _work(self) -> None:
        while self._wait():
            try:
                self.now()
            except ChatbotError:
                with self._changed:
                    self._first = self._due = time.monotonic() + AGAIN

    def _wait(self) -> bool:
        """Until a write is due; False where none is asked for, which ends the thread."""
        with self._changed:
            while self._due is not None:
                left = self._due - time.monotonic()
                if left <= 0:
                    self._first = self._due = None
                    return True
                self._changed.wait(left)
            self._thread = None
            _waiting.discard(self)
            return False


def _for_people(error: Exception) -> ChatbotError:
    if isinstance(error, ChatbotError):
        return error
    return OutOfResources(
        "There is not enough memory to save."
        if isinstance(error, MemoryError)
        else f"The conversations could not be saved: {error}.",
        remedy="The changes are kept in the journal. Close other programs; it is tried again.",
    )


_waiting: "weakref.WeakSet[WriteBehind]" = weakref.WeakSet()


@atexit.register
def _write_all() -> None:
    for waiting in list(_waiting):
        with contextlib.suppress(ChatbotError):  # what could not be written is in the journal
            waiting.now()
