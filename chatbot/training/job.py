"""The one run that may be going on: started, resumed and stopped here, carried out in the
background or in the foreground. In the background those that wait follow by themselves."""

import re
import threading
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from chatbot import paths
from chatbot.dataset.lock import FileLock
from chatbot.errors import BadInput, ChatbotError, Conflict
from chatbot.files import write_atomically, write_error
from chatbot.training import data, preflight, queue
from chatbot.training.config import TrainingConfig
from chatbot.training.explained import in_plain_words
from chatbot.training.preflight import Preflight
from chatbot.training.runlog import Listener, RunLog, request_pause, request_stop
from chatbot.training.runs import Run, active_run, get_run, going_on_here


class TrainingJob:
    """A background run, and after it those that wait. Any number of jobs may exist, one run at a
    time is going on: a lock file sees to that, also between processes."""

    def __init__(self) -> None:
        self._run: Run | None = None
        self._thread: threading.Thread | None = None

    @property
    def run(self) -> Run | None:
        """The run that this job started last; None before."""
        return self._run

    @property
    def is_at_work(self) -> bool:
        """Whether a run of this job is going on, or the next one is about to."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, config: TrainingConfig) -> Run:
        """Begin a new run and return at once.

        Raises:
            Conflict: a run is going on, here or in another process; names it.
            BadInput, NotAvailable, OutOfResources: it could not end well; says why.
        """
        return self._launch(_Attempt.new(config))

    def enqueue(self, config: TrainingConfig) -> Run:
        """Pin the settings and the data of a run that begins when those before it have ended.

        The job that carries those out takes it up, unless the last one was paused; where none is
        going on here, `start_waiting` does.

        Raises:
            as `start`, but that nobody needs to be in the way.
        """
        plan = preflight.check(config)
        run = Run(_new_folder(config, None))
        _pin(run, config, plan)
        RunLog(run).wait()
        return run

    def start_waiting(self, run_id: str) -> Run:
        """Begin a run that waits, out of its turn or where nobody else does.

        Raises:
            NotAvailable: there is no such run.
            Conflict: it does not wait any more, or another run is going on.
            BadInput, OutOfResources: it could not end well any more.
        """
        return self._launch(_Attempt.of_waiting(get_run(run_id)))

    def resume(self, run_id: str) -> Run:
        """Go on with a run that ended early; it ends as if it had never been interrupted.

        Raises:
            NotAvailable: there is no such run.
            BadInput: it can't be resumed.
            Conflict, OutOfResources: as `start`.
        """
        return self._launch(_Attempt.again(run_id))

    def stop(self) -> None:
        """Ask the run to stop after its present step and to keep what it has. Does not wait.

        Where this job has none, the run of another process is asked.
        """
        run = self._going_on()
        if run is not None:
            request_stop(run)

    def pause(self) -> None:
        """Ask the run to end after its present step so that `resume` can go on exactly there. It
        leaves the memory and the processor until then. Does not wait."""
        run = self._going_on()
        if run is not None:
            request_pause(run)

    def join(self, timeout: float | None = None) -> None:
        """Wait for the end of the run."""
        if self._thread is not None:
            self._thread.join(timeout)

    def _going_on(self) -> Run | None:
        return self._run if self.is_at_work else active_run()

    def _launch(self, attempt: "_Attempt") -> Run:
        thread = threading.Thread(
            target=self._carry_out, args=(attempt,), name="training", daemon=True
        )
        self._run, self._thread = attempt.run, thread
        try:
            thread.start()
        except RuntimeError:  # no more threads, or the program is ending
            attempt.abandon()
            raise
        return attempt.run

    def _carry_out(self, attempt: "_Attempt") -> None:
        """One run, then those that wait; after a pause nothing takes the machine by itself."""
        following: _Attempt | None = attempt
        while following is not None:
            self._run = following.run
            following.carry_out()
            paused = following.run.status().state == "paused"
            following = None if paused else _next_attempt()


def _next_attempt() -> "_Attempt | None":
    """The first of those that wait which can begin; None where there is none, or where another
    program was faster. One that can't begin any more has failed, and says why."""
    for run in queue.waiting():
        try:
            return _Attempt.of_waiting(run)
        except Conflict:
            if queue.is_waiting(run):  # another one is going on
                return None
        except Exception as error:
            log = RunLog(run)
            log.trouble(error)
            with suppress(ChatbotError):
                log.end("failed", error=in_plain_words(error))
    return None


def run_training(
    config: TrainingConfig, *, run_id: str | None = None, on_progress: Listener | None = None
) -> Run:
    """A run in the foreground; returns when it has ended, however it has.

    Args:
        run_id: its name; None makes one of the time, the base and the method.
        on_progress: told about twice a second.

    Raises:
        as `TrainingJob.start`; how a run ended that did start is in its status.
    """
    attempt = _Attempt.new(config, run_id, on_progress)
    attempt.carry_out()
    return attempt.run


def resume_training(run_id: str, *, on_progress: Listener | None = None) -> Run:
    """`TrainingJob.resume` in the foreground."""
    attempt = _Attempt.again(run_id, on_progress)
    attempt.carry_out()
    return attempt.run


class _Attempt:
    """A run that has been taken: it is locked, and reads as going on, until the attempt is over."""

    def __init__(self, run: Run, log: RunLog, lock: FileLock) -> None:
        self.run = run
        self._log = log
        self._lock = lock

    @classmethod
    def new(
        cls, config: TrainingConfig, run_id: str | None = None, listener: Listener | None = None
    ) -> "_Attempt":
        plan = preflight.check(config)
        lock = _take_lock()
        try:
            run = Run(_new_folder(config, run_id))
            _pin(run, config, plan)
            return cls._begun(run, RunLog(run, listener), lock, again=False)
        except BaseException:
            _release(lock)
            raise

    @classmethod
    def of_waiting(cls, run: Run) -> "_Attempt":
        lock = _take_lock()
        try:
            if not queue.is_waiting(run):
                raise Conflict("This run does not wait any more.", value=run.id)
            preflight.check_again(run.config, _pinned(run))
            return cls._begun(run, RunLog(run), lock, again=False)
        except BaseException:
            _release(lock)
            raise

    @classmethod
    def again(cls, run_id: str, listener: Listener | None = None) -> "_Attempt":
        run = get_run(run_id)
        lock = _take_lock()
        try:
            if not run.can_resume:
                raise BadInput(
                    "This run can't be resumed.",
                    value=f"{run.id}: {run.status().state}",
                    remedy="Start a new one with its settings.",
                )
            preflight.check_again(run.config, _pinned(run))
            return cls._begun(run, RunLog(run, listener), lock, again=True)
        except BaseException:
            _release(lock)
            raise

    @classmethod
    def _begun(cls, run: Run, log: RunLog, lock: FileLock, *, again: bool) -> "_Attempt":
        going_on_here.add(run.path.resolve())
        try:
            log.begin(again=again)
        except BaseException:
            going_on_here.discard(run.path.resolve())
            raise
        return cls(run, log, lock)

    def carry_out(self) -> None:
        from chatbot.training.work import carry_out

        try:
            carry_out(self.run, self._log)
        finally:
            self.abandon()

    def abandon(self) -> None:
        going_on_here.discard(self.run.path.resolve())
        _release(self._lock)


def _pinned(run: Run) -> data.Source:
    return data.source_of((run.path / "data.json").read_bytes(), "data.json")


def _take_lock() -> FileLock:
    lock = FileLock(paths.runs_dir() / ".lock", timeout=0)
    try:
        lock.__enter__()
    except Conflict as error:
        running = active_run()
        raise Conflict(
            "A fine-tune is going on already, and two at once would only slow each other down.",
            value=running.id if running else None,
            remedy="Wait until it has ended, or stop it; what it has learned is kept.",
        ) from error
    return lock


def _release(lock: FileLock) -> None:
    lock.__exit__(None, None, None)


def _new_folder(config: TrainingConfig, run_id: str | None) -> Path:
    wanted = run_id or f"{datetime.now():%Y%m%d-%H%M%S}-{_base_slug(config)}-{config.method}"
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}", wanted):
        raise BadInput(
            "A run's name may have letters, digits, dots, hyphens and underscores.", value=wanted
        )
    for number in range(1, 1000):
        folder = paths.runs_dir() / (wanted if number == 1 else f"{wanted}-{number}")
        try:
            folder.mkdir(parents=True)
            return folder
        except FileExistsError:
            if run_id is not None:
                raise Conflict(
                    "There is a run of this name already.", value=run_id, remedy="Choose another."
                ) from None
        except OSError as error:
            raise write_error(error, folder) from error
    raise ChatbotError("No free name was found for the run.", value=wanted)


def _base_slug(config: TrainingConfig) -> str:
    """smollm2 of smollm2-135m-instruct; gpt2 for a new model."""
    if config.method == "scratch":
        return "gpt2"
    parts = [part for part in re.split(r"[\\/]", config.base_model) if part]
    named = [part for part in parts if not part.startswith("checkpoint-")] or parts
    return re.sub(r"[^a-z0-9]+", "", named[-1].lower().split("-")[0]) or "model"


def _pin(run: Run, config: TrainingConfig, plan: Preflight) -> None:
    """Keep the settings and the exact data, so that the run means the same for ever."""
    write_atomically(run.path / "data.json", plan.source.data)
    write_atomically(run.path / "config.json", config.to_json())
