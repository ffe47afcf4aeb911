"""The few figures of a run that a list of runs shows."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from chatbot.training.runs import Run, RunStatus, read_rows

LAST_STEPS = 20
"""Steps at the end over which the training loss is averaged; a tenth of a run where that is less:
single steps jump."""


@dataclass(frozen=True)
class Summary:
    """What became of a run; None where it is not known.

    Args:
        held_out: the lowest held-out loss after the first step.
        trained: mean training loss of the last steps.
        seconds: of training, pauses between interruption and resume not counted.
        started: with time zone.
    """

    held_out: float | None
    trained: float | None
    seconds: float | None
    started: datetime | None


def summary(run: Run, status: RunStatus) -> Summary:
    """The figures of a run that stands so; its metrics are read anew only when they changed."""
    path = run.path / "metrics.jsonl"
    figures: tuple[float | None, float | None, float | None] = (None, None, None)
    with suppress(OSError):
        facts = path.stat()
        figures = _figures(path, facts.st_mtime_ns, facts.st_size)
    started = None
    with suppress(ValueError):
        started = datetime.fromisoformat(status.started).astimezone()
    return Summary(*figures, started)


@lru_cache(maxsize=256)
def _figures(
    path: Path, changed: int, size: int
) -> tuple[float | None, float | None, float | None]:
    rows = read_rows(path)
    held_out = _numbers(rows, "eval_loss", after=0)
    losses = _numbers(rows, "loss")
    last = losses[-max(1, min(LAST_STEPS, len(losses) // 10)) :]
    return (
        min(held_out, default=None),
        sum(last) / len(last) if last else None,
        max(_numbers(rows, "seconds"), default=None),
    )


def _numbers(rows: Sequence[Mapping[str, Any]], name: str, after: int = -1) -> list[float]:
    return [
        row[name]
        for row in rows
        if isinstance(row.get(name), int | float) and row.get("step", 0) > after
    ]
