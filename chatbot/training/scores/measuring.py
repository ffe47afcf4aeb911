"""Measuring a run afterwards, in the background: one at a time, never beside a fine-tune."""

import threading
import time
from collections.abc import Callable

from chatbot.errors import ChatbotError, Conflict
from chatbot.training.runs import Run, active_run

LOOKED = 1.0
"""Seconds between two looks whether a fine-tune has begun."""


class Measuring:
    """What is being measured, and why the last attempt told nothing. For all tabs of a server.

    Args:
        on_unexpected: told of what is no `ChatbotError`, for the log.
    """

    def __init__(self, on_unexpected: Callable[[Exception], None] = lambda error: None) -> None:
        self._on_unexpected = on_unexpected
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._run: Run | None = None
        self._share = 0.0
        self._stop = threading.Event()
        self._problem: tuple[Run, ChatbotError] | None = None

    @property
    def run(self) -> Run | None:
        """The run that is being measured; None where none is."""
        with self._lock:
            alive = self._thread is not None and self._thread.is_alive()
            return self._run if alive else None

    @property
    def share(self) -> float:
        """How much of it is done, 0 to 1."""
        return self._share

    def problem(self, run: Run) -> ChatbotError | None:
        """Why the last attempt on this run told nothing; None where it did, or there was none."""
        with self._lock:
            return self._problem[1] if self._problem and self._problem[0] == run else None

    def start(self, run: Run) -> None:
        """Begin and return at once; nothing where this run is being measured already.

        Raises:
            Conflict: a fine-tune is going on, or another run is being measured.
        """
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                if self._run == run:
                    return
                raise Conflict(
                    "Another run is being measured.",
                    value=self._run.id if self._run else None,
                    remedy="Wait until it is done; it takes about half a minute.",
                )
            if (active := active_run()) is not None:
                raise _busy(active)
            self._run, self._share, self._problem = run, 0.0, None
            self._stop.clear()
            self._thread = threading.Thread(
                target=self._measure, args=(run,), name=f"measuring {run.id}", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """Ask it to stop after the next token. Does not wait."""
        self._stop.set()

    def join(self, timeout: float | None = None) -> None:
        """Wait for the end."""
        if self._thread is not None:
            self._thread.join(timeout)

    def _measure(self, run: Run) -> None:
        from chatbot.training.scores.greedy import StoppedError
        from chatbot.training.scores.measure import measure

        watch = _Watch()
        problem: ChatbotError | None = None
        try:
            measure(run, told=self._tell, stopped=lambda: self._stop.is_set() or watch.begun())
        except StoppedError:
            if watch.found is not None:
                problem = _busy(watch.found)
        except ChatbotError as error:
            problem = error
        except Exception as error:
            self._on_unexpected(error)
            problem = ChatbotError(
                "The scores could not be measured.", remedy="The log of the lab says why."
            )
        with self._lock:
            self._problem = (run, problem) if problem else None

    def _tell(self, share: float) -> None:
        self._share = share


class _Watch:
    """Looks now and then whether a fine-tune has begun, which wants the machine for itself."""

    def __init__(self) -> None:
        self.found: Run | None = None
        self._next = 0.0

    def begun(self) -> bool:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + LOOKED
            self.found = active_run()
        return self.found is not None


def _busy(run: Run) -> Conflict:
    return Conflict(
        "A fine-tune is going on, and measuring beside it would only slow it down.",
        value=run.id,
        remedy="Measure when it has ended.",
    )
