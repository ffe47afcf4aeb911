"""What a person does with runs: name them, note something, delete them and bring them back.

Beside what the run itself wrote lies `about.json` with its name and note.
"""

import json
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from chatbot import paths
from chatbot.errors import BadInput, ChatbotError, Conflict, NotAvailable
from chatbot.files import write_atomically
from chatbot.training import trash
from chatbot.training.run_differences import Difference, differences
from chatbot.training.runlog import request_stop
from chatbot.training.runs import GOING_ON, Run, list_runs

__all__ = [
    "Deleted",
    "Difference",
    "delete",
    "deleted",
    "differences",
    "label",
    "name",
    "note",
    "runs",
    "set_label",
    "set_note",
    "size",
    "throw_away",
    "undelete",
]

LONGEST_LABEL = 80
LONGEST_NOTE = 2000
"""Characters."""
THROW_AWAY = "throw_away"
"""Where it lies in a run's folder, the run is deleted as soon as it no longer goes on."""

_ABOUT = "about.json"
_TO_COME = {*GOING_ON, "waiting"}


@dataclass(frozen=True)
class Deleted:
    """A run in the trash: `undelete(id)` brings it back."""

    id: str
    name: str
    when: datetime


# --- the list, names and notes ----------------------------------------------------------------


def runs() -> list[Run]:
    """All runs, newest first, after those that were to be thrown away are gone."""
    found = list_runs()
    for run in found:
        if (run.path / THROW_AWAY).exists() and run.status().state not in GOING_ON:
            with suppress(ChatbotError):  # somebody was faster, or it is tried again next time
                trash.put(run)
    return [run for run in found if run.path.exists()]


def label(run: Run) -> str:
    """The name that a person gave it; "" where nobody did."""
    return _about(run.path, "label")


def name(run: Run) -> str:
    """What to call it: its label, else its id."""
    return label(run) or run.id


def note(run: Run) -> str:
    """What a person wrote about it; "" where nobody did."""
    return _about(run.path, "note")


def set_label(run: Run, text: str) -> None:
    """Name a run; "" takes the name away. Spaces and line breaks become single spaces.

    Raises:
        BadInput: it is longer than 80 characters.
        NotAvailable: the run is no longer there.
    """
    _set_about(run, "label", " ".join(text.split()), LONGEST_LABEL)


def set_note(run: Run, text: str) -> None:
    """Write something down about a run; "" takes it away.

    Raises:
        BadInput: it is longer than 2,000 characters.
        NotAvailable: the run is no longer there.
    """
    _set_about(run, "note", text.strip(), LONGEST_NOTE)


def size(run: Run) -> int:
    """Bytes on the disk, checkpoints included."""
    total = 0
    for path in run.path.rglob("*"):
        with suppress(OSError):  # removed meanwhile
            if path.is_file():
                total += path.stat().st_size
    return total


# --- deleting ---------------------------------------------------------------------------------


def delete(run: Run, *, in_use: Collection[Path] = ()) -> None:
    """Move a run with its checkpoints into the trash, and empty that of what is older than a week.

    Args:
        in_use: folders of models that somebody chats with.

    Raises:
        Conflict: it goes on, a model of it is in use, or another run needs its checkpoint.
        NotAvailable: it is no longer there.
        ChatbotError: the system refuses to move it.
    """
    if run.status().state in GOING_ON:
        raise Conflict(
            "This run is going on, so it can't be deleted.",
            value=name(run),
            remedy="Stop it first.",
        )
    if any(path.resolve().is_relative_to(run.path.resolve()) for path in in_use):
        raise Conflict(
            "The chat uses a model of this run.",
            value=name(run),
            remedy="Choose another model in the chat, then delete this one.",
        )
    if (dependent := _built_on(run)) is not None:
        raise Conflict(
            f"Another run is built on a checkpoint of {name(run)} and could not be used any more.",
            value=name(dependent),
            remedy="Delete that one first.",
        )
    trash.put(run)


def throw_away(run: Run) -> None:
    """Stop a run and delete it once it has ended; one that has ended already is deleted at once.

    Does not wait: the mark stays in the folder, and whoever lists the runs next carries it out,
    also after this program was ended.

    Raises:
        NotAvailable: it is no longer there.
        ChatbotError: the mark can't be written.
    """
    _check_there(run)
    write_atomically(run.path / THROW_AWAY, "")
    request_stop(run)
    runs()


def deleted() -> list[Deleted]:
    """The runs that can be brought back, the last deleted first."""
    return [
        Deleted(found.run_id, _about(found.path, "label") or found.run_id, found.when)
        for found in trash.content()
    ]


def undelete(run_id: str) -> Run:
    """Bring back the run of this id that was deleted last.

    Raises:
        NotAvailable: it is not in the trash (any more).
        Conflict: there is a run of this name again.
        ChatbotError: the system refuses to move it.
    """
    found = next((found for found in trash.content() if found.run_id == run_id), None)
    if found is None:
        raise NotAvailable(
            "This run can't be brought back any more.",
            value=run_id,
            remedy=f"Deleted runs are kept for {trash.DAYS_KEPT} days.",
        )
    with suppress(FileNotFoundError):
        (found.path / THROW_AWAY).unlink()  # else it would be swept away at once
    return Run(trash.bring_back(found))


def _built_on(run: Run) -> Run | None:
    """A run whose adapter, or whose going on, needs a checkpoint of this one."""
    for other in list_runs():
        with suppress(BadInput):
            config = other.config
            if other == run or config.method == "scratch":
                continue
            base = (paths.models_dir() / config.base_model).resolve()
            if base.is_relative_to(run.path.resolve()) and (
                config.method == "lora" or other.can_resume or other.status().state in _TO_COME
            ):
                return other
    return None


def _about(folder: Path, key: Literal["label", "note"]) -> str:
    text = _read_about(folder).get(key)
    return text if isinstance(text, str) else ""


def _read_about(folder: Path) -> dict[str, object]:
    try:
        content = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _set_about(run: Run, key: Literal["label", "note"], text: str, longest: int) -> None:
    if len(text) > longest:
        raise BadInput(
            f"This is longer than {longest:,} characters.",
            value=f"{len(text):,} characters",
            remedy="Shorten it.",
        )
    _check_there(run)  # writing would make its folder anew
    content = {**_read_about(run.path), key: text}
    write_atomically(run.path / _ABOUT, json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def _check_there(run: Run) -> None:
    if not (run.path / "config.json").is_file():
        raise trash.gone(run)
