"""The downloads of one server: in the background, seen from every tab, paused, gone on with, ended.

A download that an earlier server left unfinished is shown as paused.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from chatbot.errors import ChatbotError
from chatbot.fetching import download, hub, plans
from chatbot.fetching.download import Progress, Stopped

State = Literal["running", "pausing", "paused", "failed", "done"]


@dataclass(frozen=True, slots=True)
class Shown:
    """How a download stands. `problem`: why it has "failed", in a sentence; `folder`: the name
    of the model that came of it, once it is "done"."""

    id: str
    state: State
    progress: Progress
    problem: str = ""
    folder: str = ""

    @property
    def going_on(self) -> bool:
        return self.state in ("running", "pausing")


@dataclass(eq=False)
class _Job:
    shown: Shown
    revision: str | None
    stop: threading.Event
    discard: bool = False
    thread: threading.Thread | None = None


class Downloads:
    """Any number at a time, one for each model.

    Args:
        on_unexpected: is told of a fault of ours; the page must not wait for ever.
    """

    def __init__(self, on_unexpected: Callable[[Exception], object] = lambda _: None) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[str, _Job] = {}
        self._on_unexpected = on_unexpected

    def start(self, id: str, revision: str | None = None) -> str:
        """Begin a download, or go on with it; returns the model's id.

        Raises:
            BadInput: this is no id.
        """
        name = hub.id_of(id)
        plan = plans.saved(name)
        if plan is not None and revision is None:
            revision = plan.asked or None
        with self._lock:
            job = self._jobs.get(name)
            if job is not None and job.shown.going_on:
                return name
            done = plan.arrived() if plan else 0
            progress = Progress("asking", done, plan.total if plan else 0)
            job = _Job(Shown(name, "running", progress), revision or None, threading.Event())
            self._jobs[name] = job
            job.thread = threading.Thread(
                target=self._run, args=(name, job), name=f"fetch {name}", daemon=True
            )
            job.thread.start()
        return name

    def pause(self, id: str) -> None:
        """Let it rest; what has arrived is kept, for another day too."""
        self._end(id, discard=False)

    def stop(self, id: str) -> None:
        """End it and throw away what has arrived."""
        if not self._end(id, discard=True):
            download.discard(id)
            with self._lock:
                self._jobs.pop(id, None)

    def dismiss(self, id: str) -> None:
        """Show no more that it is done or has failed; what has arrived stays."""
        with self._lock:
            job = self._jobs.get(id)
            if job is not None and not job.shown.going_on:
                del self._jobs[id]

    def all(self) -> list[Shown]:
        """Those of this server, then those on the disk that nobody works on."""
        with self._lock:
            shown = [job.shown for job in self._jobs.values()]
        known = {each.id for each in shown}
        for plan in plans.begun():
            if plan.id not in known:
                progress = Progress("downloading", plan.arrived(), plan.total)
                shown.append(Shown(plan.id, "paused", progress))
        return shown

    def wait(self, id: str, seconds: float) -> bool:
        """Whether nobody works on it any more, after so many seconds at most."""
        with self._lock:
            job = self._jobs.get(id)
        if job is None or job.thread is None:
            return True
        job.thread.join(seconds)
        return not job.thread.is_alive()

    def _end(self, id: str, *, discard: bool) -> bool:
        with self._lock:
            job = self._jobs.get(id)
            if job is None or not job.shown.going_on:
                return False
            job.discard = job.discard or discard
            job.shown = replace(job.shown, state="pausing")
            job.stop.set()
            return True

    def _run(self, id: str, job: _Job) -> None:
        def report(progress: Progress) -> None:
            with self._lock:
                job.shown = replace(job.shown, progress=progress)

        try:
            folder = download.fetch(id, job.revision, report, job.stop)
        except Stopped:
            self._stopped(id, job)
        except ChatbotError as error:
            self._failed(id, job, str(error))
        except Exception as error:
            self._on_unexpected(error)
            self._failed(id, job, f"The download failed: {error}")
        else:
            with self._lock:
                job.shown = replace(job.shown, state="done", folder=folder.name)

    def _stopped(self, id: str, job: _Job) -> None:
        if job.discard:
            download.discard(id)
        with self._lock:
            job.shown = replace(job.shown, state="paused")
            self._jobs.pop(id, None)

    def _failed(self, id: str, job: _Job, problem: str) -> None:
        if job.discard:
            self._stopped(id, job)
            return
        with self._lock:
            job.shown = replace(job.shown, state="failed", problem=problem)
