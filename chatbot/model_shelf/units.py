"""What belongs to a model when it is named, measured or deleted: its run, or its folder."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from chatbot import paths
from chatbot.engine import catalog
from chatbot.engine.catalog import ModelEntry
from chatbot.errors import BadInput
from chatbot.exporting.provenance import run_of
from chatbot.training.runs import Run

_HUB_CACHE = "models--"
"""Folders of the hub's own cache: a model lies deep inside, its files beside it."""


@dataclass(frozen=True)
class Unit:
    """`path` is what is moved; `run` where it is the folder of one."""

    path: Path
    run: Run | None = None

    def holds(self, entry: ModelEntry) -> bool:
        return entry.path.resolve().is_relative_to(self.path.resolve())


def unit_of(entry: ModelEntry) -> Unit:
    """What belongs to a model that a person made or brought.

    Raises:
        BadInput: it came with the lab, or lies outside models/.
    """
    if entry.kind in ("embedded", "shipped"):
        raise BadInput(
            "This model belongs to the lab: it can't be deleted or renamed.", value=entry.title
        )
    root = paths.models_dir().resolve()
    folder = entry.path.resolve()
    if not folder.is_relative_to(root) or folder == root:
        raise BadInput(
            "This model lies outside models/, so it is left alone.",
            value=str(entry.path),
            remedy="Delete or rename its folder yourself.",
        )
    run = run_of(entry)
    if run is not None:
        return Unit(run.path, run)
    top = root / folder.relative_to(root).parts[0]
    return Unit(top if top.name.startswith(_HUB_CACHE) else folder)


def size(entry: ModelEntry) -> int:
    """Bytes on the disk of all that would go with it; a file with two names counts once."""
    try:
        folder = unit_of(entry).path
    except BadInput:
        folder = entry.path
    seen: dict[tuple[int, int], int] = {}
    for path in folder.rglob("*"):
        with suppress(OSError):  # removed meanwhile
            if path.is_file() and not path.is_symlink():
                facts = path.stat()
                seen[facts.st_dev, facts.st_ino] = facts.st_size
    return sum(seen.values())


def inside(unit: Unit) -> list[ModelEntry]:
    """Every model of the catalog that lies in it."""
    return [entry for entry in catalog.list_models(all_checkpoints=True) if unit.holds(entry)]
