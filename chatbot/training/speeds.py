"""How fast this machine trains: from a few real steps, and from the runs that have been.

Kept in `models/runs/.speeds.json`, so that it is known after a restart; what can't be read there is
measured again.
"""

import json
import statistics
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from chatbot import paths
from chatbot.errors import BadInput, ChatbotError, NotAvailable
from chatbot.files import write_atomically
from chatbot.training.config import TrainingConfig
from chatbot.training.preflight import Preflight
from chatbot.training.runlog import now
from chatbot.training.runs import Run, active_run, list_runs
from chatbot.training.scores.results import read_scores
from chatbot.training.trial import Trial

LONGEST_TRIAL = 300.0
"""Seconds after which a trial is given up: so slow a run would take days."""
LOOKED_AT = 10
"""Newest runs that are looked through for a speed."""
FEWEST_STEPS = 5
"""Of a run, before its speed counts."""
READING = 3.0
"""So many times faster than learning is reading for an evaluation: there is no way back, which
costs twice the way there."""
TALKING = {"lora": 2.0, "full": 2.0, "scratch": 0.5}
"""Seconds for an answer, by the size of the model."""
SCORING = {"lora": 30.0, "full": 30.0, "scratch": 5.0}
"""Seconds for the scores at the end, until a run has told: SmolLM2 took 22 to 30 on two cores."""


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast a kind of run goes here.

    Attributes:
        tokens_per_second: while learning.
        tokens_a_conversation: in the mean; None where no trial has counted.
        preparing: seconds until the first step.
        of_run: the run that it is known from; "" for a trial.
        batch_size: with which it was measured.
        device: "cpu", "cuda" or "mps"; free: bytes there at that time, None for the processor.
        bfloat16: whether it was learned in, which takes less memory than float32.
        scoring: seconds for the scores at the end; None where no run has told.
    """

    tokens_per_second: float
    tokens_a_conversation: float | None
    preparing: float
    of_run: str
    batch_size: int
    device: str = "cpu"
    free: int | None = None
    bfloat16: bool = False
    scoring: float | None = None

    def seconds(self, config: TrainingConfig, plan: Preflight, tokens: float) -> float:
        """How long a whole run will take.

        Args:
            tokens: of a conversation, in the mean.
        """
        each = min(tokens, config.max_length)
        learned = plan.steps * config.conversations_a_step * each
        measured = (config.evaluations + 1) * len(plan.parts.held_out) * each / READING
        answers = 2 * 5 * TALKING[config.method]
        scores = SCORING[config.method] if self.scoring is None else self.scoring
        return self.preparing + (learned + measured) / self.tokens_per_second + answers + scores


class Speeds:
    """What is known, and the trial that may be going on. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._process: subprocess.Popen[str] | None = None
        self._problem: dict[str, ChatbotError] = {}
        self._of_runs: dict[str, float | None] = {}

    def known(self, config: TrainingConfig) -> Speed | None:
        """The speed of such a run: of one with the same base and way, its last trial or run."""
        kept = self._read().get(_kind(config))
        trial = _trial_of(kept)
        run = self._newest_run(config, since=str(kept["when"]) if trial and kept else "")
        if run is not None:
            speed = self._of_runs[run.id]
            assert speed is not None
            return Speed(
                tokens_per_second=speed,
                tokens_a_conversation=trial.tokens_a_conversation if trial else None,
                preparing=trial.preparing if trial else 10.0,
                of_run=run.id,
                scoring=_scoring(run),
                batch_size=run.config.batch_size,
                device=trial.device if trial else "cpu",
                free=trial.free if trial else None,
                bfloat16=run.facts.get("dtype") == "bfloat16",
            )
        if trial is None or kept is None:
            return None
        return Speed(
            tokens_per_second=trial.tokens_a_step / trial.seconds_a_step,
            tokens_a_conversation=trial.tokens_a_conversation,
            preparing=trial.preparing,
            of_run="",
            batch_size=int(kept["batch_size"]),
            device=trial.device,
            free=trial.free,
            bfloat16=trial.bfloat16,
        )

    @property
    def measuring(self) -> bool:
        """Whether a trial is going on."""
        thread = self._thread
        return thread is not None and thread.is_alive()

    def problem(self, config: TrainingConfig) -> ChatbotError | None:
        """Why the last trial of such a run told nothing."""
        return self._problem.get(_kind(config))

    def measure(self, config: TrainingConfig) -> None:
        """Begin a trial in the background; nothing where one, or a run, is going on."""
        with self._lock:
            if self.measuring or active_run() is not None:
                return
            self._problem.pop(_kind(config), None)
            self._thread = threading.Thread(
                target=self._measure, args=(config,), name="trial", daemon=True
            )
            self._thread.start()

    def remember(self, config: TrainingConfig, trial: Trial) -> None:
        """Keep what a trial of such a run told."""
        kept = {**asdict(trial), "batch_size": config.batch_size, "when": now()}
        with self._lock:
            write_atomically(
                paths.runs_dir() / ".speeds.json",
                json.dumps({**self._read(), _kind(config): kept}, indent=2) + "\n",
            )

    def stop(self) -> None:
        """End the trial that is going on, so that a run has the machine for itself."""
        with self._lock:
            process = self._process
        if process is not None:
            process.kill()

    def join(self, timeout: float | None = None) -> None:
        """Wait for the end of the trial."""
        if self._thread is not None:
            self._thread.join(timeout)

    def _measure(self, config: TrainingConfig) -> None:
        try:
            trial = self._carry_out(config)
            if trial is None:
                return
            self.remember(config, trial)
        except ChatbotError as error:
            self._problem[_kind(config)] = error

    def _carry_out(self, config: TrainingConfig) -> Trial | None:
        """A trial in a process of its own; None where it was stopped.

        Raises:
            NotAvailable: it could not begin, took too long, or ran out of memory.
            BadInput: what it says of the data or the settings.
        """
        try:
            process = begin_trial()
        except OSError as error:
            raise NotAvailable("The trial could not begin.", value=error.strerror) from error
        with self._lock:
            self._process = process
        try:
            said, complaint = process.communicate(config.to_json(), timeout=LONGEST_TRIAL)
        except subprocess.TimeoutExpired as error:
            process.kill()
            process.communicate()  # closes what was open to it
            raise NotAvailable(
                "A few steps took longer than five minutes, so they were given up.",
                remedy="Choose a smaller model, a smaller batch or shorter conversations.",
            ) from error
        finally:
            with self._lock:
                self._process = None
        return _read_trial(process.returncode, said, complaint)

    def _read(self) -> dict[str, Any]:
        try:
            content = json.loads((paths.runs_dir() / ".speeds.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def _newest_run(self, config: TrainingConfig, since: str) -> Run | None:
        for run in list_runs()[:LOOKED_AT]:
            with suppress(ChatbotError):
                if _kind(run.config) != _kind(config) or run.status().started < since:
                    continue
                if self._of_runs.get(run.id) is None:
                    self._of_runs[run.id] = _speed_of(run)
                if self._of_runs[run.id] is not None:
                    return run
        return None


def _speed_of(run: Run) -> float | None:
    rows = [row["tokens_per_second"] for row in run.metrics() if row.get("tokens_per_second")]
    return statistics.median(rows) if len(rows) >= FEWEST_STEPS else None


def begin_trial() -> "subprocess.Popen[str]":
    """The program of `chatbot.training.trial`, waiting for its settings.

    Raises:
        OSError: it could not be begun.
    """
    return subprocess.Popen(
        [sys.executable, "-m", "chatbot.training.trial"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        cwd=paths.PROJECT,
    )


def _read_trial(code: int, said: str, complaint: str) -> Trial | None:
    if code == 1 and complaint.strip():
        raise BadInput(complaint.strip().splitlines()[-1])
    if code < 0 and not said and not complaint:  # killed: by us, or by a machine out of memory
        return None
    try:
        return Trial(**json.loads(said))
    except (ValueError, TypeError) as error:
        raise NotAvailable(
            "A few steps could not be made: the trial ended early.",
            value=f"exit code {code}",
            remedy="It may have run out of memory. Choose a smaller batch or a smaller model.",
        ) from error


def _scoring(run: Run) -> float | None:
    scores = read_scores(run.path)
    return None if scores is None else scores.seconds


def _kind(config: TrainingConfig) -> str:
    """Runs of one kind are about equally fast, whatever their length and their data."""
    if config.method == "scratch":
        shape = (config.scratch_layers, config.scratch_width, config.scratch_vocab)
        return "scratch " + " ".join(map(str, shape))
    return f"{config.method} {config.base_model}"


def _trial_of(kept: Mapping[str, Any] | None) -> Trial | None:
    if not isinstance(kept, Mapping) or not isinstance(kept.get("when"), str):
        return None
    if not isinstance(kept.get("batch_size"), int):
        return None
    try:
        trial = Trial(**{name: kept[name] for name in Trial.__slots__})
        return trial if trial.seconds_a_step > 0 and trial.tokens_a_step > 0 else None
    except (KeyError, TypeError):
        return None
