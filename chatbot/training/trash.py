"""Where deleted runs wait: moved in one rename to `models/runs/.trash/<id>.<nanoseconds>`.

That folder is hidden, so neither the list of runs nor the catalog of models looks into it.
"""

import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from chatbot import paths
from chatbot.errors import ChatbotError, Conflict, NotAvailable
from chatbot.training.runs import Run

DAYS_KEPT = 7
"""How long a deleted run can be brought back."""

_SECOND = 10**9


@dataclass(frozen=True)
class Trashed:
    """A run in the trash. `deleted_at`: nanoseconds since the epoch."""

    path: Path
    run_id: str
    deleted_at: int

    @property
    def when(self) -> datetime:
        return datetime.fromtimestamp(self.deleted_at / _SECOND, UTC)

    @property
    def is_kept(self) -> bool:
        """Whether it can be brought back; an old one may have been removed in part already."""
        return time.time_ns() - self.deleted_at <= DAYS_KEPT * 24 * 3600 * _SECOND


def put(run: Run) -> None:
    """Move a run here, then empty the trash of what is too old.

    A program that is killed meanwhile leaves the run in the one place or in the other, whole.

    Raises:
        NotAvailable: it is no longer there.
        ChatbotError: the system refuses to move it.
    """
    place = _folder() / f"{run.id}.{time.time_ns()}"
    try:
        if run.path.is_dir():
            place.parent.mkdir(exist_ok=True)
        run.path.rename(place)
    except FileNotFoundError as error:
        raise gone(run) from error
    except OSError as error:
        raise _refused(error, run.id) from error
    for old in _found():
        if not old.is_kept:
            shutil.rmtree(old.path, ignore_errors=True)  # what is left is tried again next time


def content() -> list[Trashed]:
    """What can be brought back, the last deleted first."""
    kept = [trashed for trashed in _found() if trashed.is_kept]
    return sorted(kept, key=lambda trashed: trashed.deleted_at, reverse=True)


def bring_back(trashed: Trashed) -> Path:
    """Move a run back to its place; returns that.

    Raises:
        Conflict: there is a run of this name again.
        NotAvailable: it is no longer in the trash.
        ChatbotError: the system refuses to move it.
    """
    place = paths.runs_dir() / trashed.run_id
    if place.exists():
        raise Conflict("There is a run of this name again.", value=trashed.run_id)
    try:
        trashed.path.rename(place)
    except FileNotFoundError as error:
        raise NotAvailable("It was brought back already.", value=trashed.run_id) from error
    except OSError as error:
        raise _refused(error, trashed.run_id) from error
    return place


def gone(run: Run) -> NotAvailable:
    """The sentence for a run that somebody else deleted."""
    return NotAvailable("This run was deleted meanwhile.", value=run.id)


def _folder() -> Path:
    return paths.runs_dir() / ".trash"


def _found() -> list[Trashed]:
    found = []
    with suppress(OSError):
        for path in _folder().iterdir():
            run_id, _, at = path.name.rpartition(".")
            if run_id and at.isdigit():
                found.append(Trashed(path, run_id, int(at)))
    return found


def _refused(error: OSError, run_id: str) -> ChatbotError:
    """Windows refuses to move a folder while somebody reads in it."""
    return ChatbotError(
        f"The folder of this run could not be moved: {error.strerror or error}.",
        value=run_id,
        remedy="Close programs that have its files open, and try again.",
    )
