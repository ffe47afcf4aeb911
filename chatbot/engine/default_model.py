"""The model that a new chat begins with: the one that somebody promoted, else the first installed.

Which one that is stands in `models/default.json`. A fine-tune starts from what its settings say.
"""

import json
from collections.abc import Sequence
from contextlib import suppress

from chatbot import paths
from chatbot.engine import catalog
from chatbot.engine.catalog import RUNS, ModelEntry
from chatbot.files import write_atomically, write_error

_FILE = "default.json"


def promoted() -> str:
    """The catalog name that was promoted, whether it is still there or not; "" where none was."""
    with suppress(OSError, ValueError):
        found = json.loads((paths.models_dir() / _FILE).read_text(encoding="utf-8"))
        if isinstance(found, dict) and isinstance(found.get("model"), str):
            return str(found["model"])
    return ""


def promote(name: str) -> None:
    """Let new chats begin with this model.

    Raises:
        NotAvailable, BadInput: it can't be loaded.
        OutOfResources, ChatbotError: the choice can't be written.
    """
    entry = catalog.resolve(name)
    write_atomically(paths.models_dir() / _FILE, json.dumps({"model": entry.name}) + "\n")


def demote() -> None:
    """Back to the built-in default.

    Raises:
        ChatbotError: the choice can't be taken back.
    """
    path = paths.models_dir() / _FILE
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise write_error(error, path) from error


def is_promoted(entry: ModelEntry) -> bool:
    """Whether new chats begin with it. Of a run that went on, its better checkpoint counts."""
    name = promoted()
    run = _run_of(name)
    return bool(name) and (entry.name == name or (run != "" and _run_of(entry.name) == run))


def first(entries: Sequence[ModelEntry]) -> ModelEntry:
    """What a new chat begins with.

    Args:
        entries: as `catalog.list_models()` gives them; at least one.
    """
    installed = [entry for entry in entries if entry.installed]
    return next((e for e in installed if is_promoted(e)), (installed or list(entries))[0])


def missing(entries: Sequence[ModelEntry]) -> str:
    """The promoted model that is not there any more; "" where all is as it was chosen."""
    name = promoted()
    found = any(entry.installed and is_promoted(entry) for entry in entries)
    return "" if found else name


def _run_of(name: str) -> str:
    """The run of a checkpoint's name; "" for any other model."""
    parts = name.split("/")
    return parts[1] if len(parts) == 3 and parts[0] == RUNS else ""
