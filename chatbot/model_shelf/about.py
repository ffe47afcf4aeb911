"""A model's given name and note, in `about.json` of its folder; a checkpoint has its run's."""

import json
from contextlib import suppress
from pathlib import Path

from chatbot.engine import labels
from chatbot.engine.catalog import ModelEntry
from chatbot.errors import BadInput, NotAvailable
from chatbot.exporting import names
from chatbot.exporting.provenance import run_of
from chatbot.files import write_atomically
from chatbot.model_shelf.units import unit_of
from chatbot.training import shelf

LONGEST_NOTE = shelf.LONGEST_NOTE


def label(entry: ModelEntry) -> str:
    """The name that a person gave it; "" where nobody did."""
    run = run_of(entry)
    return labels.label_of(entry.path if run is None else run.path)


def note(entry: ModelEntry) -> str:
    """What a person wrote about it; "" where nobody did."""
    run = run_of(entry)
    if run is not None:
        return shelf.note(run)
    found = _read(entry.path).get("note")
    return found if isinstance(found, str) else ""


def rename(entry: ModelEntry, text: str) -> None:
    """Call it so wherever models are shown; "" takes the name away. Its folder keeps its own, so
    that whatever refers to it still finds it.

    Raises:
        BadInput: no model may have this name, or not this model.
        NotAvailable: it is no longer there.
        ChatbotError: it can't be written.
    """
    name = names.checked(text) if text.strip() else ""
    unit = unit_of(entry)
    if unit.run is not None:
        shelf.set_label(unit.run, name)
    else:
        _set(entry, "label", name)


def set_note(entry: ModelEntry, text: str) -> None:
    """Write something down about it; "" takes it away. Raises: as `rename`."""
    unit = unit_of(entry)
    if unit.run is not None:
        shelf.set_note(unit.run, text)
        return
    if len(text.strip()) > LONGEST_NOTE:
        raise BadInput(
            f"This is longer than {LONGEST_NOTE:,} characters.",
            value=f"{len(text):,} characters",
            remedy="Shorten it.",
        )
    _set(entry, "note", text.strip())


def _read(folder: Path) -> dict[str, object]:
    with suppress(OSError, ValueError, RecursionError):
        content = json.loads((folder / labels.FILE).read_text(encoding="utf-8"))
        if isinstance(content, dict):
            return content
    return {}


def _set(entry: ModelEntry, key: str, text: str) -> None:
    if not entry.path.is_dir():  # writing would make its folder anew
        raise NotAvailable("This model was deleted meanwhile.", value=entry.title)
    content = {**_read(entry.path), key: text}
    text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    write_atomically(entry.path / labels.FILE, text)
