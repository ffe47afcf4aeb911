"""What is being fetched, on disk: so that a server that was restarted offers to go on.

A download lives in `models/.fetching/<owner>--<name>/`: `plan.json` names the commit and the files,
`parts/` holds what has arrived. The catalog looks into no hidden folder.
"""

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from chatbot import paths
from chatbot.engine import catalog
from chatbot.errors import ChatbotError, OutOfResources
from chatbot.fetching import wanted
from chatbot.fetching.hub import Listing, RemoteFile, id_of
from chatbot.files import write_atomically

SPARE = 50_000_000
"""Bytes that are left free on the disk."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The files of a model at one commit. `asked`: the revision that was asked for."""

    id: str
    asked: str
    commit: str
    licence: str
    files: tuple[RemoteFile, ...]

    @property
    def folder(self) -> Path:
        return folder_of(self.id)

    @property
    def target(self) -> Path:
        """Where the model is put once it is whole."""
        return paths.models_dir() / catalog.folder_name(self.id)

    @property
    def parts(self) -> Path:
        return self.folder / "parts"

    @property
    def total(self) -> int:
        """Bytes of all files of a known size."""
        return sum(file.size or 0 for file in self.files)

    def part(self, file: RemoteFile) -> Path:
        return self.parts / file.name

    def whole(self, file: RemoteFile) -> Path:
        """Where the file lies once it has been checked."""
        return self.folder / "files" / file.name

    def arrived(self) -> int:
        """Bytes that are here."""
        places = (place for file in self.files for place in (self.part(file), self.whole(file)))
        return sum(place.stat().st_size for place in places if place.is_file())

    def save(self) -> None:
        for folder in (self.parts, self.folder / "files"):
            folder.mkdir(parents=True, exist_ok=True)
        write_atomically(self.folder / "plan.json", json.dumps(asdict(self), indent=2))

    def see_that_it_fits(self) -> None:
        """
        Raises:
            OutOfResources: there is no room for what is missing.
        """
        missing = self.total - self.arrived() + SPARE
        free = shutil.disk_usage(paths.models_dir()).free
        if free < missing:
            raise OutOfResources(
                "There is not enough room on the disk for this model.",
                value=f"{missing / 1e6:,.0f} MB needed, {free / 1e6:,.0f} MB free",
                remedy="Free some space, then go on; nothing that has arrived is lost.",
            )

    def discard(self) -> None:
        """Forget the download and all that has arrived."""
        shutil.rmtree(self.folder, ignore_errors=True)


def folder_of(id: str) -> Path:
    return _root() / catalog.folder_name(id)


def made(listing: Listing, revision: str | None) -> Plan:
    """The plan for a repository.

    Raises:
        BadInput: it has no weights that are taken.
    """
    names = wanted.chosen([file.name for file in listing.files], listing.id)
    by_name = {file.name: file for file in listing.files}
    chosen = tuple(by_name[name] for name in names)
    return Plan(listing.id, revision or "", listing.commit, listing.licence, chosen)


def saved(id: str) -> Plan | None:
    """The plan of a download that was begun; None where there is none that can be read."""
    return _read(folder_of(id) / "plan.json")


def begun() -> Sequence[Plan]:
    """All downloads that were begun and are not whole, in the order of their ids."""
    plans = map(_read, sorted(_root().glob("*/plan.json")))
    return [plan for plan in plans if plan is not None]


def _root() -> Path:
    return paths.models_dir() / ".fetching"


def _read(path: Path) -> Plan | None:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        files = tuple(RemoteFile(**row) for row in content["files"])
        plan = Plan(**{**content, "files": files, "id": id_of(content["id"])})
        good = plan.folder == path.parent and all(wanted.is_wanted(file.name) for file in files)
        return plan if good else None
    except (OSError, ValueError, TypeError, KeyError, ChatbotError):
        return None
