"""Models that go and come back: moved in one rename to a hidden trash, emptied after a week.

A checkpoint goes with its run, into the trash of the runs. Any other folder goes to
`models/.trash/<quoted name>.<nanoseconds>`, where the catalog does not look.
"""

import shutil
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, unquote

from chatbot import paths
from chatbot.engine import labels
from chatbot.engine.catalog import ModelEntry
from chatbot.errors import ChatbotError, Conflict, NotAvailable
from chatbot.model_shelf import use
from chatbot.model_shelf.units import unit_of
from chatbot.training import shelf
from chatbot.training.trash import DAYS_KEPT

_SECOND = 10**9
_RUN = "run:"


@dataclass(frozen=True)
class Deleted:
    """`undelete(key)` brings it back."""

    key: str
    name: str
    when: datetime


def delete(entry: ModelEntry, *, in_use: Collection[str] = ()) -> Deleted:
    """Move a model into the trash; of a run, all of the run.

    Args:
        in_use: names or folders of the models that are loaded or being exported.

    Raises:
        BadInput: it came with the lab, or lies outside models/.
        Conflict: somebody or something needs it; says who.
        NotAvailable: it is no longer there.
        ChatbotError: the system refuses to move it.
    """
    unit = unit_of(entry)
    problem = use.reason(unit, in_use)
    if problem is not None:
        raise problem
    if unit.run is not None:
        name = shelf.name(unit.run)
        shelf.delete(unit.run)
        return Deleted(f"{_RUN}{unit.run.id}", name, datetime.now(UTC))
    inside = unit.path.resolve().relative_to(paths.models_dir().resolve()).as_posix()
    place = _trash() / f"{quote(inside, safe='')}.{time.time_ns()}"
    _move(unit.path, place, entry.title)
    _empty_old()
    return Deleted(place.name, entry.title, datetime.now(UTC))


def deleted() -> list[Deleted]:
    """The models that can be brought back, the last deleted first."""
    found = [Deleted(f"{_RUN}{run.id}", run.name, run.when) for run in shelf.deleted()]
    for path, inside, at in _content():
        if _is_kept(at):
            when = datetime.fromtimestamp(at / _SECOND, UTC)
            found.append(Deleted(path.name, labels.label_of(path) or inside, when))
    return sorted(found, key=lambda each: each.when, reverse=True)


def undelete(key: str) -> None:
    """Bring back a model.

    Raises:
        NotAvailable: it is not in the trash (any more).
        Conflict: there is something at its place again.
        ChatbotError: the system refuses to move it.
    """
    if key.startswith(_RUN):
        shelf.undelete(key.removeprefix(_RUN))
        return
    found = next(((path, inside) for path, inside, _ in _content() if path.name == key), None)
    if found is None:
        raise NotAvailable(
            "This model can't be brought back any more.",
            value=unquote(key.rpartition(".")[0]),
            remedy=f"Deleted models are kept for {DAYS_KEPT} days.",
        )
    path, inside = found
    place = paths.models_dir() / inside
    if place.exists():
        raise Conflict("There is a model of this name again.", value=inside)
    _move(path, place, inside)


def _move(path: Path, place: Path, name: str) -> None:
    try:
        if path.is_dir():
            place.parent.mkdir(parents=True, exist_ok=True)
        path.rename(place)
    except FileNotFoundError as error:
        raise NotAvailable("This model was deleted meanwhile.", value=name) from error
    except OSError as error:
        raise ChatbotError(
            f"The folder of this model could not be moved: {error.strerror or error}.",
            value=name,
            remedy="Close programs that have its files open, and try again.",
        ) from error


def _empty_old() -> None:
    for path, _, at in _content():
        if not _is_kept(at):
            shutil.rmtree(path, ignore_errors=True)  # what is left is tried again next time


def _trash() -> Path:
    return paths.models_dir() / ".trash"


def _content() -> list[tuple[Path, str, int]]:
    """(folder, where it was below models/, nanoseconds since the epoch)."""
    found = []
    with suppress(OSError):
        for path in _trash().iterdir():
            name, _, at = path.name.rpartition(".")
            inside = unquote(name)
            safe = inside and not inside.startswith("/") and ".." not in Path(inside).parts
            if safe and at.isdigit():
                found.append((path, inside, int(at)))
    return found


def _is_kept(at: int) -> bool:
    return time.time_ns() - at <= DAYS_KEPT * 24 * 3600 * _SECOND
