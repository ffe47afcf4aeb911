"""Exports in the background: one at a time, as each holds a model; a page only looks."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from chatbot.engine.catalog import ModelEntry
from chatbot.errors import ChatbotError, Conflict, NotAvailable
from chatbot.exporting import made
from chatbot.exporting.export import Exported, Stopped, export
from chatbot.exporting.formats import Wish
from chatbot.exporting.hub import Parcel, Pushing

OUR_FAULT = "Something went wrong on our side. Export again; the log has the details."
_ENOUGH = 0.05
"""The share from which on the time left can be told."""


class Exporting:
    """One export. Every attribute may be read at any moment, from any thread.

    Attributes:
        fraction: what is done of it, 0 to 1; `what`: what is done at the moment, in a word or two.
        result, problem: one of them is there when it is `done`; neither where it was stopped.
    """

    def __init__(
        self,
        entry: ModelEntry,
        wish: Wish,
        path: Path,
        on_unexpected: Callable[[BaseException], object],
    ) -> None:
        self.entry, self.wish, self.path = entry, wish, path
        self.fraction, self.what, self.done = 0.0, "Beginning", False
        self.result: Exported | None = None
        self.problem: ChatbotError | None = None
        self._began = self._ended = time.monotonic()
        self._stop = threading.Event()
        self._on_unexpected = on_unexpected
        self._thread = threading.Thread(target=self._run, name="export", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end; nothing of it stays."""
        self._stop.set()

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    @property
    def seconds_left(self) -> float | None:
        """None where that can't be said yet."""
        if self.fraction < _ENOUGH:
            return None
        return (time.monotonic() - self._began) / self.fraction * (1 - self.fraction)

    @property
    def age(self) -> float:
        """Seconds since it was over; 0 while it goes on."""
        return time.monotonic() - self._ended if self.done else 0.0

    def wait(self, seconds: float) -> bool:
        """Whether it was over within so many seconds."""
        self._thread.join(seconds)
        return self.done

    def _run(self) -> None:
        try:
            self.result = export(self.entry, self.path, self.wish, told=self._tell, stop=self._stop)
        except Stopped:
            pass
        except ChatbotError as error:
            self.problem = error
        except Exception as error:
            self._on_unexpected(error)
            self.problem = NotAvailable(OUR_FAULT)
        finally:
            self._ended = time.monotonic()
            self.done = True

    def _tell(self, fraction: float, what: str) -> None:
        self.fraction, self.what = fraction, what


class Exports:
    """What is exported at the moment, and what became of the last one."""

    def __init__(
        self, on_unexpected: Callable[[BaseException], object] = lambda error: None
    ) -> None:
        self._on_unexpected = on_unexpected
        self._lock = threading.Lock()
        self._last: Exporting | None = None
        self._pushing: Pushing | None = None

    @property
    def last(self) -> Exporting | None:
        """Going on or over; None before the first one."""
        return self._last

    def start(self, entry: ModelEntry, wish: Wish, name: str) -> Exporting:
        """Begin to export a model into the folder of its exports.

        Raises:
            BadInput: no file can have this name.
            Conflict: another export is going on.
        """
        path = made.place_for(entry, wish, name)
        with self._lock:
            if self._last is not None and not self._last.done:
                raise Conflict(
                    "Another export is going on.",
                    value=self._last.entry.title,
                    remedy="Wait until it is done, or stop it.",
                )
            made.clear_unfinished(entry)
            self._last = Exporting(entry, wish, path, self._on_unexpected)
            return self._last

    @property
    def pushing(self) -> Pushing | None:
        """What is sent to a hub, or was sent last."""
        return self._pushing

    def push(self, parcel: Parcel, token: str) -> Pushing:
        """Begin to send an export to an account of a hub.

        Raises:
            Conflict: another one is being sent.
        """
        with self._lock:
            if self._pushing is not None and not self._pushing.done:
                raise Conflict(
                    "Another export is being sent.",
                    value=self._pushing.parcel.repo,
                    remedy="Wait until it is done, or stop it.",
                )
            self._pushing = Pushing(parcel, token, self._on_unexpected)
            return self._pushing

    def forget(self) -> None:
        """Take a finished one off the page."""
        with self._lock:
            if self._last is not None and self._last.done:
                self._last = None

    def close(self) -> None:
        """Stop what is going on."""
        for job in (self._last, self._pushing):
            if job is not None:
                job.stop()
