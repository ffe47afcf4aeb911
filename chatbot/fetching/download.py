"""A whole model from the hub: planned, fetched file by file, checked, and put in place at the end.

Nothing appears in the list of models before it is whole. An interrupted download stays on the disk
(see `plans`) and is gone on with by the same call.
"""

import json
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from chatbot import files, paths
from chatbot.dataset.lock import FileLock
from chatbot.engine import catalog
from chatbot.engine.families import SPOKEN, family_of
from chatbot.errors import BadInput, Conflict
from chatbot.fetching import checking, hub, plans
from chatbot.fetching.parts import Stopped, fetch_file
from chatbot.fetching.plans import Plan

ORIGIN = "origin.json"
"""Beside the weights: where they came from."""
_WINDOW = 5.0
"""Seconds over which the speed is the mean."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a download is. Bytes; `speed` in bytes a second, 0 while nobody can know."""

    phase: Literal["asking", "downloading", "checking"]
    done: int = 0
    total: int = 0
    speed: float = 0.0

    @property
    def fraction(self) -> float:
        return min(self.done / self.total, 1.0) if self.total else 0.0

    @property
    def seconds_left(self) -> float | None:
        return max(self.total - self.done, 0) / self.speed if self.speed else None


def fetch(
    id: str,
    revision: str | None = None,
    on_progress: Callable[[Progress], object] | None = None,
    stop: threading.Event | None = None,
) -> Path:
    """Fetch a model, or go on with one that was begun. Returns its folder under models/.

    Args:
        id: as on the hub, or the address of its page.
        revision: a branch, a tag or a commit; None for the newest.
        on_progress: is told of every piece that has arrived.
        stop: pauses it, when set.

    Raises:
        Stopped: `stop` was set; what has arrived is kept.
        BadInput: no such model, or it can't be used here; nothing is kept then.
        NotAvailable: no network or no permission; what has arrived is kept.
        OutOfResources: there is no room on the disk.
        Conflict: it is here already, or is being fetched by another process.
    """
    name = hub.id_of(id)
    report, ending = on_progress or (lambda _: None), stop or threading.Event()
    target = paths.models_dir() / catalog.folder_name(name)
    if target.exists():
        raise Conflict(
            "This model is here already.",
            value=target.name,
            remedy="Delete or rename it first if you want to fetch it again.",
        )
    lock = plans.folder_of(name).with_suffix(".lock")
    try:
        with FileLock(lock, timeout=0.0):
            report(Progress("asking"))
            plan = _plan(name, revision)
            plan.see_that_it_fits()
            _fetch_files(plan, report, ending)
            folder = _finish(plan, report)
            with suppress(OSError):  # Windows deletes no file that is open
                lock.unlink()
            return folder
    except OSError as error:
        raise files.write_error(error, target) from error
    except Conflict as error:
        if not isinstance(error.__cause__, OSError):
            raise
        raise Conflict(
            "This model is being fetched already, by another program or window.",
            value=name,
            remedy="Wait for it, or stop it there.",
        ) from error


def discard(id: str) -> None:
    """Forget a download that was begun. Only when nobody works on it."""
    plan = plans.saved(id)
    if plan is not None:
        plan.discard()


def _plan(id: str, revision: str | None) -> Plan:
    """The one on disk where it is for the same revision, else a new one."""
    plan = plans.saved(id)
    if plan is not None and plan.asked == (revision or ""):
        return plan
    fresh = plans.made(hub.listing(id, revision), revision)
    if plan is not None:
        plan.discard()
    fresh.save()
    return fresh


def _fetch_files(plan: Plan, report: Callable[[Progress], object], stop: threading.Event) -> None:
    meter = _Meter(plan, report)
    for file in plan.files:
        whole = plan.whole(file)
        if not whole.is_file():
            fetch_file(plan.id, plan.commit, file, plan.part(file), whole, meter.told, stop)
        if file.name == "config.json":
            _see_that_it_can_be_used(plan, whole)
        meter.next_file(whole.stat().st_size)


def _see_that_it_can_be_used(plan: Plan, config: Path) -> None:
    """Before gigabytes are fetched: is it of a family that is loaded here?"""
    try:
        content = json.loads(config.read_text(encoding="utf-8"))
        model_type, code = content.get("model_type"), content.get("auto_map")
    except (ValueError, AttributeError, RecursionError):
        model_type, code = None, None
    if family_of(model_type) is not None and not code:
        return
    plan.discard()
    if code:
        raise BadInput(
            "This model wants to run code of its own (auto_map), which is never done here.",
            value=plan.id,
        )
    raise BadInput(
        f"This model is of a kind that can't be loaded here: {model_type!r}.",
        value=plan.id,
        remedy=f"What can be loaded: {SPOKEN}.",
    )


def _finish(plan: Plan, report: Callable[[Progress], object]) -> Path:
    done = plan.folder / "files"
    report(Progress("checking", plan.total, plan.total))
    try:
        checking.check(done)
    except BadInput:
        plan.discard()
        raise
    origin = {"id": plan.id, "commit": plan.commit, "licence": plan.licence}
    files.write_atomically(done / ORIGIN, json.dumps(origin, indent=2) + "\n")
    done.rename(plan.target)
    files.flush_folder(plan.target.parent)
    plan.discard()
    return plan.target


class _Meter:
    """Adds up the bytes of all files, and knows how fast they come."""

    def __init__(self, plan: Plan, report: Callable[[Progress], object]) -> None:
        self._report, self._total = report, plan.total
        self._before = 0
        self._seen: deque[tuple[float, int]] = deque()

    def told(self, bytes_of_file: int) -> None:
        now, done = time.monotonic(), self._before + bytes_of_file
        self._seen.append((now, done))
        while now - self._seen[0][0] > _WINDOW and len(self._seen) > 2:
            self._seen.popleft()
        then, had = self._seen[0]
        speed = (done - had) / (now - then) if now - then > 0.2 else 0.0
        self._report(Progress("downloading", done, max(self._total, done), max(speed, 0.0)))

    def next_file(self, size: int) -> None:
        self._before += size


__all__ = ["ORIGIN", "Progress", "Stopped", "discard", "fetch"]
