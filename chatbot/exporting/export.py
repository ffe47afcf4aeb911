"""One export from the first check to the finished files: whole at its place, or not there at all.

Everything is made under a hidden name beside the target and renamed at the end.
"""

import contextlib
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chatbot.engine import catalog
from chatbot.engine.catalog import ModelEntry
from chatbot.errors import ChatbotError, Conflict
from chatbot.exporting import formats
from chatbot.exporting.card import MOST_ANSWERS, card
from chatbot.exporting.formats import Wish
from chatbot.exporting.names import slug
from chatbot.exporting.provenance import Provenance, provenance_of
from chatbot.exporting.zipping import write_zip
from chatbot.files import write_error

if TYPE_CHECKING:
    from chatbot.engine.loading import LoadedModel

Told = Callable[[float, str], object]
"""Is told the finished fraction, and in a word what is done at the moment."""
GGUF = ".gguf"
QUESTIONS = ("Hello!", "Who are you?", "What do you like?", "Tell me a joke.")
"""Asked where no answers of the model are kept."""
LONGEST_ANSWER = 60
"""Tokens of these."""
PATIENCE = 15.0
"""Seconds after which no more of them are asked: a card is not worth a long wait."""


class Stopped(ChatbotError):
    """Somebody asked to stop; nothing is left behind."""


@dataclass(frozen=True)
class Exported:
    """What was made: a file or a folder, its bytes, and for GGUF the file to load."""

    path: Path
    size: int
    file: Path | None = None


def export(
    model: ModelEntry | str | Path,
    target: Path,
    wish: Wish,
    *,
    told: Told = lambda fraction, what: None,
    stop: threading.Event | None = None,
) -> Exported:
    """Write a model to `target`; an adapter comes merged into its base.

    Args:
        target: for a zip the file, else a folder; must not exist, or be an empty folder. A GGUF
            file alone, without card and Modelfile, where its name ends in ".gguf".
        stop: ends it, when set.

    Raises:
        NotAvailable, BadInput: the model is not here, damaged, or not to be had in this format.
        Conflict: there is something at `target`.
        OutOfResources: not enough room on the disk or in memory.
        Stopped: `stop` was set.
        ChatbotError: the target can't be written.
    """
    entry = model if isinstance(model, ModelEntry) else catalog.resolve(model)
    target = _named(target.expanduser().absolute(), wish)
    stop = stop or threading.Event()
    report = _Reporter(told, stop)
    _check_free(target)
    formats.check_room(target.parent, formats.size_of(entry, wish))
    known = provenance_of(entry)
    unfinished = target.with_name(f".{target.name}.tmp")
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        content = unfinished / "content"
        content.mkdir(parents=True)
        file = _write(entry, known, content, target, wish, report)
        made = content
        if wish.format == "zip":
            made = unfinished / target.name
            write_zip(content, made, report.part("Packing", 0.7, 0.99))
        elif target.suffix == GGUF:
            made, file = content / file, ""
        report.check()
        size = _size(made)
        if target.is_dir():
            target.rmdir()
        made.rename(target)
    except OSError as error:
        raise write_error(error, target) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    told(1.0, "Done")
    return Exported(target, size, target / file if file else None)


def _write(
    entry: ModelEntry,
    known: Provenance,
    folder: Path,
    target: Path,
    wish: Wish,
    report: "_Reporter",
) -> str:
    """All files of an export; returns the name of the GGUF file, "" for a folder."""
    from chatbot.engine.shapes import shape_of
    from chatbot.exporting.folder import write_model
    from chatbot.exporting.gguf_file import About, write_gguf
    from chatbot.exporting.modelfile import modelfile

    report("Reading the model", 0.02)
    loaded = _loaded(entry, wish)
    name = slug(target.stem if target.suffix in (".zip", GGUF) else target.name)
    report("Writing", 0.3)
    file = ""
    if wish.gguf_kind is None:
        write_model(loaded, folder)
    else:
        file = name + GGUF
        about = About(known.title, known.licence.id, "Exported from Chatbot Lab.")
        part = report.part("Writing", 0.3, 0.85)
        write_gguf(loaded.model, loaded.tokenizer, folder / file, wish.gguf_kind, about, part)
        text = modelfile(loaded.tokenizer, file, loaded.window)
        (folder / "Modelfile").write_text(text, encoding="utf-8")
    answers = known.answers
    if not answers:
        report("Asking it for the model card", 0.6 if wish.format == "zip" else 0.86)
        answers = _asked(loaded, report)
    text = card(
        known,
        wish,
        name,
        answers[:MOST_ANSWERS],
        window=loaded.window,
        parameters=loaded.model.num_parameters(),
        stops=shape_of(loaded.tokenizer).stop_strings,
    )
    (folder / "README.md").write_text(text, encoding="utf-8")
    return file


def _loaded(entry: ModelEntry, wish: Wish) -> "LoadedModel":
    """On the CPU; for GGUF as it is kept, so that its numbers are rounded once only."""
    from chatbot.engine.device import Placement
    from chatbot.engine.loading import load

    dtype = formats.stored_dtype(entry) if wish.gguf_kind else wish.dtype
    return load(entry.path, Placement("cpu", dtype, "for an export"))


def _asked(loaded: "LoadedModel", report: "_Reporter") -> tuple[tuple[str, str], ...]:
    """Questions and answers for the card, as many as come in good time."""
    from chatbot.messages import user
    from chatbot.training.scores import greedy

    until = time.monotonic() + PATIENCE
    said: list[tuple[str, str]] = []
    for question in QUESTIONS:
        try:
            answer = greedy.answers(
                loaded,
                [[user(question)]],
                longest=LONGEST_ANSWER,
                stopped=lambda: report.stopped() or time.monotonic() > until,
            )
        except greedy.StoppedError:
            break
        said.append((question, answer[0]))
    report.check()
    return tuple(said)


def _named(target: Path, wish: Wish) -> Path:
    """With the ending that a zip needs."""
    if wish.format == "zip" and target.suffix.lower() != ".zip":
        return target.with_name(f"{target.name}.zip")
    return target


def _check_free(target: Path) -> None:
    with contextlib.suppress(OSError):
        taken = target.exists() and not (target.is_dir() and not any(target.iterdir()))
        if taken or target.is_symlink():
            raise Conflict(
                "There is something at this place already, and it is not overwritten.",
                value=str(target),
                remedy="Choose another name.",
            )


def _size(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def _stopped() -> Stopped:
    return Stopped("The export was stopped; nothing of it is left.")


class _Reporter:
    """Tells how far it is, and stops where somebody asked for it."""

    def __init__(self, told: Told, stop: threading.Event) -> None:
        self._told = told
        self._stop = stop

    def __call__(self, what: str, fraction: float) -> None:
        self.check()
        self._told(fraction, what)

    def part(self, what: str, begin: float, end: float) -> Callable[[float], None]:
        return lambda fraction: self(what, begin + (end - begin) * fraction)

    def stopped(self) -> bool:
        return self._stop.is_set()

    def check(self) -> None:
        if self._stop.is_set():
            raise _stopped()
