"""A run's progress as lines of text, for the command line and for scripts."""

import time
from collections.abc import Callable

from chatbot.training.runs import Run, RunStatus, active_run

EVERY = 5.0
"""Seconds between two lines of the same phase."""

_PHASES = {
    "preparing": "Preparing the model",
    "tokenising": "Turning conversations into tokens",
    "training": "Training",
    "evaluating": "Measuring the held-out loss",
    "saving": "Saving",
    "answering": "Asking the model some questions",
    "scoring": "Measuring the scores",
}


class ProgressLines:
    """A listener that says what happens: each new phase once, steps every few seconds."""

    def __init__(self, write: Callable[[str], None], every: float = EVERY) -> None:
        self._write = write
        self._every = every
        self._run: Run | None = None
        self._said = 0.0
        self._announced: set[str] = set()
        self._evaluations = 0
        self._message = ""

    def __call__(self, status: RunStatus) -> None:
        self._run = self._run or active_run()
        if status.phase and status.phase not in self._announced:
            self._announced.add(status.phase)
            self._write(f"{_PHASES[status.phase]} …")
        if status.message != self._message:
            self._message = status.message
            self._write(status.message)
        self._tell_evaluations()
        now = time.monotonic()
        if status.phase == "training" and status.step and now - self._said >= self._every:
            self._said = now
            self._write(self._step(status))

    def _step(self, status: RunStatus) -> str:
        parts = [f"step {status.step} of {status.total_steps}"]
        losses = [row["loss"] for row in self._rows() if "loss" in row]
        if losses:
            recent = losses[-10:]
            parts.append(f"loss {sum(recent) / len(recent):.2f}")
        if status.tokens_per_second:
            parts.append(f"{status.tokens_per_second:,.0f} tokens/s")
        if status.seconds_left is not None:
            parts.append(f"about {duration(status.seconds_left)} left")
        return "  " + " · ".join(parts)

    def _tell_evaluations(self) -> None:
        measured = [row for row in self._rows() if "eval_loss" in row]
        for row in measured[self._evaluations :]:
            self._write(f"  step {row['step']}: held-out loss {row['eval_loss']:.3f}")
        self._evaluations = max(self._evaluations, len(measured))

    def _rows(self) -> list[dict[str, float]]:
        return self._run.metrics() if self._run is not None else []


def duration(seconds: float) -> str:
    """75 -> `1 min 15 s`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
