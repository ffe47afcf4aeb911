"""The writing side of a run: status, metrics, answers."""

import json
import os
import platform
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chatbot.files import write_atomically, write_error
from chatbot.training.runs import (
    GOING_ON,
    Phase,
    Run,
    RunState,
    RunStatus,
    process_start,
    read_rows,
)

STATUS_EVERY = 0.5
"""Seconds between two writes of the status while nothing but numbers changes."""

STOP_FILE = "stop"
"""Where it lies in a run's folder, the run ends after its present step. Any process may put it. It
says whether that is meant as a pause."""
_PAUSE = "pause"

Listener = Callable[[RunStatus], None]


class RunLog:
    """Writes the files of one run. Safe to call from several threads.

    Args:
        listener: told each status that is written (the command line prints it).
    """

    def __init__(self, run: Run, listener: Listener | None = None) -> None:
        self.run = run
        self._listener = listener
        self._lock = threading.RLock()
        self._written = 0.0
        self._owner = {
            "pid": os.getpid(),
            "process_started": process_start(os.getpid()),
            "machine": platform.node(),
        }
        self._resumable = True
        self._best: str = ""
        self._trained = False
        self.status = RunStatus(started=now())

    def wait(self) -> None:
        """Say that the run waits for its turn."""
        with self._lock:
            self.status = replace(self.status, state="waiting", phase="")
            self._write_now()

    def begin(self, *, again: bool) -> None:
        """Take the run: from now on it reads as going on in this process."""
        best = self.run.best_checkpoint
        with self._lock:
            if again:
                before = self.run.status()
                self.status = replace(
                    before, state="running", phase="preparing", message="", error="", ended=None
                )
                self._best = best.name if best else ""
                self._trained = self.run.is_trained
            with suppress(FileNotFoundError):
                (self.run.path / STOP_FILE).unlink()
            self._write_now()

    def update(self, phase: Phase | None = None, **changes: Any) -> None:
        """New numbers; a new phase is written at once, the rest at most twice a second."""
        with self._lock:
            new_phase = phase is not None and phase != self.status.phase
            self.status = replace(self.status, **changes, phase=phase or self.status.phase)
            if new_phase or time.monotonic() - self._written >= STATUS_EVERY:
                self._write_now()

    def note(self, sentence: str) -> None:
        """Add a sentence to the message, once."""
        with self._lock:
            if sentence not in self.status.message:
                message = f"{self.status.message} {sentence}".strip()
                self.status = replace(self.status, message=message)

    def name_best(self, checkpoint: Path) -> None:
        with self._lock:
            self._best = checkpoint.name
            self._write_now()

    def trained(self) -> None:
        """Say that no step is left: a resume has nothing more to learn."""
        with self._lock:
            self._trained = True
            self._write_now()

    def end(
        self, state: RunState, *, message: str = "", error: str = "", resumable: bool = True
    ) -> None:
        """The last status of this attempt, flushed to the disk."""
        with self._lock:
            self.note(message)
            self._resumable = resumable
            self.status = replace(
                self.status, state=state, phase="", seconds_left=None, error=error, ended=now()
            )
            write_atomically(self.run.path / "status.json", self._content())
            self._tell()

    def stop_requested(self) -> bool:
        """Whether the run is to end after its present step, to be kept or as a pause."""
        requested = (self.run.path / STOP_FILE).exists()
        state: RunState = "pausing" if requested and self.pause_requested() else "stopping"
        if requested and self.status.state != state:
            with self._lock:
                self.status = replace(self.status, state=state)
                self._write_now()
        return requested

    def pause_requested(self) -> bool:
        """Whether the stop that was asked for is a pause: the last word counts."""
        try:
            return (self.run.path / STOP_FILE).read_text(encoding="utf-8").startswith(_PAUSE)
        except OSError:
            return False

    def metric(self, row: Mapping[str, Any]) -> None:
        self._append("metrics.jsonl", row)

    def answer(self, row: Mapping[str, Any]) -> None:
        self._append("samples.jsonl", row)

    def forget_after(self, step: int) -> None:
        """Drop rows of steps that are about to be done again, and a checkpoint's answers: they
        were the end of an attempt that is not the end any more."""
        for name in ("metrics.jsonl", "samples.jsonl"):
            path = self.run.path / name
            if path.exists():
                kept = [
                    row
                    for row in read_rows(path)
                    if row.get("step", 0) <= step and not (row.get("step") and row.get("hash"))
                ]
                write_atomically(path, "".join(_line(row) for row in kept))

    def remark(self, sentence: str) -> None:
        """A line for those who look into train.log."""
        self._to_train_log(sentence)

    def trouble(self, error: BaseException) -> None:
        """The traceback, for developers; pages never show it."""
        self._to_train_log("\n" + "".join(traceback.format_exception(error)))

    def _to_train_log(self, text: str) -> None:
        path = self.run.path / "train.log"
        with suppress(OSError), path.open("a", encoding="utf-8") as handle:
            handle.write(f"{now()} {text}\n")

    def _append(self, name: str, row: Mapping[str, Any]) -> None:
        path = self.run.path / name
        try:
            with self._lock, path.open("a", encoding="utf-8") as handle:
                handle.write(_line(row))
        except OSError as error:
            raise write_error(error, path) from error

    def _content(self) -> str:
        own = {
            **self._owner,
            "best_checkpoint": self._best,
            "trained": self._trained,
            "resumable": self._resumable,
        }
        return json.dumps({**asdict(self.status), **own}, indent=1) + "\n"

    def _write_now(self) -> None:
        """Replace the file without waiting for the disk: it is written again soon, and a killed
        process leaves the old one or the new one. Windows refuses while somebody reads it."""
        self._written = time.monotonic()
        handle, name = tempfile.mkstemp(dir=self.run.path, prefix=".status.", suffix=".tmp")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(self._content())
            Path(name).replace(self.run.path / "status.json")
        except PermissionError:
            Path(name).unlink(missing_ok=True)
        except OSError as error:
            Path(name).unlink(missing_ok=True)
            raise write_error(error, self.run.path / "status.json") from error
        self._tell()

    def _tell(self) -> None:
        if self._listener is not None:
            self._listener(self.status)


def request_stop(run: Run) -> None:
    """Ask whoever works on this run to stop after the present step and keep what there is."""
    if run.status().state in GOING_ON:
        write_atomically(run.path / STOP_FILE, f"stop {now()}\n")


def request_pause(run: Run) -> None:
    """Ask the same, meaning to go on later: nothing is asked or written but what that needs."""
    if run.status().state in GOING_ON:
        write_atomically(run.path / STOP_FILE, f"{_PAUSE} {now()}\n")


def now() -> str:
    return datetime.now(UTC).astimezone().isoformat(timespec="seconds")


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps(row) + "\n"
