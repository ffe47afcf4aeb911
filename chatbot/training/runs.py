"""What happened, read from the files of a run; the pages, the command line and the job agree here.

A run is a folder `models/runs/<id>/`:

    config.json        the settings
    data.json          the exact conversations, as they were when the run began
    run.json           versions of the libraries, hashes, counts: what the run was made of
    status.json        how far it is; replaced twice a second
    metrics.jsonl      one row a step, one an evaluation
    samples.jsonl      the same questions, answered before and after
    scores.json        what both models were asked for the scores, their answers and copies
    train.log          what went wrong, for developers
    checkpoint-<step>/ models that can be chatted with: the best and the last
    .resume/           the exact state for going on, until the run has finished
"""

import json
import math
import os
import platform
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from chatbot import paths
from chatbot.errors import BadInput, NotAvailable
from chatbot.files import sha256_of
from chatbot.training.config import TrainingConfig

RunState = Literal[
    "waiting",
    "running",
    "stopping",
    "pausing",
    "finished",
    "stopped",
    "paused",
    "failed",
    "interrupted",
]
Phase = Literal[
    "preparing", "tokenising", "training", "evaluating", "saving", "answering", "scoring", ""
]
GOING_ON: frozenset[RunState] = frozenset({"running", "stopping", "pausing"})
RESUMABLE: frozenset[RunState] = frozenset({"interrupted", "stopped", "paused", "failed"})

MEMORY_NEARLY_FULL = 200_000_000
"""Bytes free below which the end of a program is probably the system's doing."""
SILENCE = 300.0
"""Seconds after which a run of another machine, whose processes can't be looked up here, counts as
ended: a step takes seconds, and each writes."""
CLOCK_TOLERANCE = 2.0
"""Seconds by which a process's start time may shift when the system clock is set."""

going_on_here: set[Path] = set()
"""Runs that a thread of this very process works on; kept by the job."""


@dataclass(frozen=True)
class RunStatus:
    """How a run stands.

    Args:
        phase: what it does at the moment; "" when it has ended.
        seconds_left: until everything is done; None where that can't be said yet.
        tokens_per_second: tokens read while training, evaluations not counted.
        memory, memory_free: bytes that the program holds, and that the machine has left; on a
            graphics card, of its memory. None before training.
        message: one sentence on what there is to know.
        error: why it failed; "" where it did not.
        started, ended: ISO 8601 with time zone.
    """

    state: RunState = "running"
    phase: Phase = "preparing"
    step: int = 0
    total_steps: int = 0
    seconds_left: float | None = None
    tokens_per_second: float | None = None
    memory: int | None = None
    memory_free: int | None = None
    message: str = ""
    error: str = ""
    started: str = ""
    ended: str | None = None


class Run:
    """One run on the disk. Nothing is kept in memory: every call reads anew."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Run) and other.path == self.path

    def __hash__(self) -> int:
        return hash(self.path)

    def __repr__(self) -> str:
        return f"Run({self.id!r})"

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def config(self) -> TrainingConfig:
        """Raises `BadInput` where the file can't be read."""
        try:
            text = (self.path / "config.json").read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput("The settings of this run can't be read.", value=self.id) from error
        return TrainingConfig.from_json(text)

    def status(self) -> RunStatus:
        """How it stands. One whose process is gone is "interrupted", whatever its file says."""
        raw = self._raw_status()
        known = {field.name for field in fields(RunStatus)}
        try:
            status = RunStatus(**{key: value for key, value in raw.items() if key in known})
        except TypeError:
            status = RunStatus(state="interrupted")
        if status.state not in GOING_ON or self._is_alive(raw):
            return status
        at = f"at step {status.step}" if status.step else "before the first step"
        return RunStatus(
            state="interrupted",
            phase="",
            step=status.step,
            total_steps=status.total_steps,
            message=f"The program was ended {at}, while this run was going on. "
            + _memory_hint(status)
            + "It can be resumed and ends the same as without the interruption.",
            started=status.started,
            ended=None,
        )

    def metrics(self) -> list[dict[str, Any]]:
        """Rows as they came: `step`, `epoch`, `seconds` and `loss`, `learning_rate`, `grad_norm`,
        `tokens_per_second` of a step, or `eval_loss` of an evaluation."""
        return read_rows(self.path / "metrics.jsonl")

    def answers(self) -> list[dict[str, Any]]:
        """`step` (0 is the untuned model), `question`, `answer`, `model`, `hash`, `seed`."""
        return read_rows(self.path / "samples.jsonl")

    @property
    def facts(self) -> Mapping[str, Any]:
        """What the run was made of: versions, hashes, counts. Empty before it has begun."""
        return MappingProxyType(_read_object(self.path / "run.json"))

    @property
    def best_checkpoint(self) -> Path | None:
        """The checkpoint to chat with; None as long as there is none."""
        named = self._raw_status().get("best_checkpoint")
        if isinstance(named, str) and named and (self.path / Path(named).name).is_dir():
            return self.path / Path(named).name
        checkpoints = self.checkpoints()
        return checkpoints[-1] if checkpoints else None

    def checkpoints(self) -> list[Path]:
        """Whole checkpoints, by step."""
        found = [path for path in self.path.glob("checkpoint-*") if step_of(path) >= 0]
        return sorted(found, key=step_of)

    @property
    def is_trained(self) -> bool:
        """Whether every step is done and its model is written; the answers may still be missing."""
        return self._raw_status().get("trained") is True and self.best_checkpoint is not None

    @property
    def can_resume(self) -> bool:
        """Whether it can go on where it was: it ended early, and doing so is not pointless."""
        if self.status().state not in RESUMABLE:
            return False
        whole = (self.path / "config.json").is_file() and (self.path / "data.json").is_file()
        return whole and self._raw_status().get("resumable", True) is not False

    @property
    def dataset_version(self) -> str:
        """SHA-256 of the exact conversations, as the editor counts versions."""
        try:
            return sha256_of(self.path / "data.json")
        except OSError:
            return ""

    def _seconds_silent(self) -> float:
        with suppress(OSError):
            return time.time() - (self.path / "status.json").stat().st_mtime
        return math.inf

    def _raw_status(self) -> dict[str, Any]:
        return _read_object(self.path / "status.json")

    def _is_alive(self, raw: Mapping[str, Any]) -> bool:
        pid = raw.get("pid")
        if not isinstance(pid, int):
            return False
        if raw.get("machine", platform.node()) != platform.node():
            return self._seconds_silent() < SILENCE
        if pid == os.getpid():
            return self.path.resolve() in going_on_here
        started = process_start(pid)
        recorded = raw.get("process_started")
        if started is None or not isinstance(recorded, int | float):
            return False
        return abs(started - recorded) < CLOCK_TOLERANCE


def _memory_hint(status: RunStatus) -> str:
    """Why the system may have ended the program: it asks nobody when memory runs out."""
    if status.memory_free is None or status.memory_free > MEMORY_NEARLY_FULL:
        return ""
    return (
        f"Only {status.memory_free / 1e6:,.0f} MB of memory were free then, so the system may have "
        "ended it: close other programs first. "
    )


def list_runs() -> list[Run]:
    """All runs, newest first."""
    try:
        folders = [path for path in paths.runs_dir().iterdir() if (path / "config.json").is_file()]
    except OSError:
        return []
    return [Run(path) for path in sorted(folders, key=lambda path: path.name, reverse=True)]


def active_run() -> Run | None:
    """The run that is going on, here or in another process."""
    return next((run for run in list_runs() if run.status().state in GOING_ON), None)


def get_run(run_id: str) -> Run:
    """The run with this id.

    Raises:
        NotAvailable: there is none.
    """
    folder = paths.runs_dir() / run_id
    if not run_id or Path(run_id).name != run_id or not (folder / "config.json").is_file():
        raise NotAvailable(
            "There is no such run.", value=run_id, remedy="Choose one of the list of runs."
        )
    return Run(folder)


def process_start(pid: int) -> float | None:
    """When a process began, in seconds since the epoch; None where there is none."""
    import psutil

    with suppress(psutil.Error):
        process = psutil.Process(pid)
        if process.status() != psutil.STATUS_ZOMBIE:
            return float(process.create_time())
    return None


def step_of(checkpoint: Path) -> int:
    """40 of `checkpoint-40`; -1 where the name says none."""
    number = checkpoint.name.removeprefix("checkpoint-")
    return int(number) if number.isdigit() and number != checkpoint.name else -1


def read_rows(path: Path) -> list[dict[str, Any]]:
    """JSON objects, one a line. A last line that is still being written is left out."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return []
    rows = []
    for line in lines:
        with suppress(ValueError):
            row = json.loads(line)
            if isinstance(row, dict):
                rows.append(row)
    return rows


def _read_object(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
