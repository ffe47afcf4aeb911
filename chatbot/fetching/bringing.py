"""A model that is on this machine already, made one of the list: folder, zip, GGUF, LoRA adapter.

It is copied into a hidden folder, checked there, and renamed into models/ at the end: what is
refused leaves nothing behind, and what is brought stays when the original goes.
"""

import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from chatbot import files, paths
from chatbot.engine import catalog, checkpoints
from chatbot.engine.catalog import ModelEntry
from chatbot.errors import BadInput, Conflict, NotAvailable, OutOfResources
from chatbot.fetching import archives, checking, gguf_files, wanted
from chatbot.fetching.download import ORIGIN
from chatbot.fetching.plans import SPARE

LONGEST_NAME = 80
_RESERVED = frozenset(
    {catalog.RUNS, catalog.POCKET_MODEL, catalog.POCKET_FOLDER, catalog.DEFAULT_MODEL, "con",
     "nul", "aux", "prn"}
)  # fmt: skip
_CHUNK = 1 << 22
Report = Callable[[str, float], None]
"""Is told what is done, in a word, and the finished fraction of it, 0 to 1."""


def bring(
    source: str | Path,
    name: str | None = None,
    base: str | None = None,
    report: Report | None = None,
) -> ModelEntry:
    """Copy a model into models/, checked. Returns its entry.

    Args:
        source: a folder, a zip of one, or a GGUF file.
        name: what it shall be called; None takes the name of the source.
        base: for a LoRA adapter, the model it belongs to; None takes what the adapter says.

    Raises:
        BadInput: it can't be used; says why.
        NotAvailable: there is nothing there, or the adapter's base is not here.
        Conflict: there is a model of this name.
        OutOfResources: there is no room on the disk.
        ChatbotError: it can't be written.
    """
    tell = report or (lambda _word, _fraction: None)
    path = _found(source)
    target = _target(path, name)
    work: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _clean_leftovers(target.parent)
        work = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".bringing.{os.getpid()}."))
        model = work / "model"
        model.mkdir()
        _copy(path, model, work, tell)
        if base is not None:
            _set_base(model, base)
        tell("Checking", 0.0)
        checking.check(model, base)
        origin = {"brought": path.name}
        files.write_atomically(model / ORIGIN, json.dumps(origin, indent=2) + "\n")
        if target.exists():
            raise _taken(target)
        model.rename(target)
        files.flush_folder(target.parent)
    except OSError as error:
        place = str(error.filename or "")
        if place.startswith((str(path.resolve()), str(path))):
            raise NotAvailable(
                f"This can't be read: {error.strerror or error}.",
                value=place,
                remedy="Check that the lab may read it.",
            ) from error
        raise files.write_error(error, target) from error
    finally:
        if work is not None:
            shutil.rmtree(work, ignore_errors=True)
    tell("Done", 1.0)
    return catalog.entry_of(target)


def usable_name(text: str) -> str:
    """A name for a folder under models/.

    Raises:
        BadInput: it has slashes or other signs that don't belong in a name, or is too long.
    """
    name = text.strip()
    allowed = re.fullmatch(r"[\w][\w .()+-]*", name) and not name.endswith((".", " "))
    if not allowed or len(name) > LONGEST_NAME or name.lower() in _RESERVED:
        raise BadInput(
            "This can't be the name of a model.",
            value=name[:LONGEST_NAME] or None,
            remedy=f"Use letters, digits, blanks, dots and dashes, {LONGEST_NAME} at most; no "
            "slashes, and none of the lab's own names.",
        )
    return name


def _found(source: str | Path) -> Path:
    text = str(source).strip()
    if "\0" in text:
        raise BadInput("This is no path.")
    try:
        path = Path(text).expanduser()
        there = bool(text) and path.exists()
    except (OSError, RuntimeError):  # too long, not allowed to look, no home folder
        there = False
    if not there:
        raise NotAvailable(
            "There is no file or folder of this name.",
            value=text[:200] or None,
            remedy="Write the whole path, such as /home/me/my-model or C:\\Users\\me\\my-model.",
        )
    return path


def _target(path: Path, name: str | None) -> Path:
    if name is None or not name.strip():
        stem = path.resolve().name if path.is_dir() else path.stem
        run = path.resolve().parent.name
        stem = f"{run} {stem}" if re.fullmatch(r"checkpoint-\d+", stem) and run else stem
        name = re.sub(r"[^\w .()+-]", "-", stem).strip(" .-")[:LONGEST_NAME].strip() or "model"
        if name.lower() in _RESERVED:
            name = f"my {name}"
    target = paths.models_dir() / usable_name(name)
    if target.exists():
        raise _taken(target)
    return target


def _taken(target: Path) -> Conflict:
    return Conflict(
        "There is a model of this name already.", value=target.name, remedy="Give another name."
    )


def _copy(path: Path, model: Path, work: Path, tell: Report) -> None:
    if path.is_dir():
        _copy_folder(path, model, tell)
        return
    with path.open("rb") as handle:
        beginning = handle.read(4)
    if beginning == b"GGUF":
        _convert(path, model, tell)
    elif beginning[:2] == b"PK" and path.suffix.lower() not in (".pt", ".pth", ".bin", ".ckpt"):
        size = archives.unpacked_size(path)
        _see_that_it_fits(size, model)
        unpacked = work / "unpacked"
        unpacked.mkdir()
        found = archives.unpack(
            path, unpacked, lambda done: tell("Unpacking", min(done / max(size, 1), 1.0))
        )
        if found.is_file():
            _copy(found, model, work, tell)
        else:
            for each in unpacked.iterdir():
                each.rename(model / each.name)
    else:
        raise BadInput(
            "This file is no model that can be brought.",
            value=path.name,
            remedy="Bring a folder with config.json, model.safetensors and tokenizer.json, a zip "
            "of such a folder, or a GGUF file. Files such as .bin, .pt and .ckpt can run foreign "
            "code when they are opened, so they never are.",
        )


def _copy_folder(folder: Path, model: Path, tell: Report) -> None:
    if not checkpoints.is_candidate(folder):
        ggufs = [each for each in folder.iterdir() if each.suffix.lower() == ".gguf"]
        if len(ggufs) == 1:
            _convert(_inside(ggufs[0], folder), model, tell)
            return
    there = [each.name for each in folder.iterdir() if each.is_file()]
    chosen = {name: _inside(folder / name, folder) for name in wanted.chosen(there, "This folder")}
    for name, beside in _tokenizer_above(folder, chosen).items():
        chosen[name] = beside
    for name, file in chosen.items():
        if name in wanted.SMALL and file.stat().st_size > wanted.LARGEST_SMALL_FILE:
            raise BadInput(f"{name} is far too large to be right.", value=folder.name)
    total = sum(file.stat().st_size for file in chosen.values())
    _see_that_it_fits(total, model)
    done = 0
    for name, file in chosen.items():
        with file.open("rb") as source, (model / name).open("xb") as copy:
            while chunk := source.read(_CHUNK):
                copy.write(chunk)
                done += len(chunk)
                tell("Copying", min(done / max(total, 1), 1.0))


def _inside(file: Path, folder: Path) -> Path:
    """The file itself. The hub's own cache keeps files as links to its blobs, which are followed.

    Raises:
        BadInput: it is a link that leads out of the folder.
    """
    real, home = file.resolve(), folder.resolve()
    snapshot = home.parent.name == "snapshots" and home.parent.parent.name.startswith("models--")
    allowed = (home, home.parent.parent / "blobs") if snapshot else (home,)
    if not any(real.is_relative_to(place) for place in allowed):
        raise BadInput(
            "A file of this folder is a link to another place, which is not followed.",
            value=file.name,
            remedy="Copy the file itself into the folder.",
        )
    return real


def _tokenizer_above(folder: Path, chosen: dict[str, Path]) -> dict[str, Path]:
    """Trainer leaves the tokenizer of a run one folder above its checkpoints, or beside them."""
    if "tokenizer.json" in chosen or "vocab.json" in chosen or checkpoints.ADAPTER_CONFIG in chosen:
        return {}
    place = checkpoints.tokenizer_folder(folder)
    if place is None or place == folder:
        return {}
    names = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.json",
             "merges.txt", "added_tokens.json", "chat_template.jinja")  # fmt: skip
    return {name: _inside(place / name, place) for name in names if (place / name).is_file()}


def _convert(gguf: Path, model: Path, tell: Report) -> None:
    _see_that_it_fits(gguf_files.converted_size(gguf), model)
    gguf_files.convert(gguf, model, lambda part: tell("Converting", part))


def _set_base(model: Path, base: str) -> None:
    """Write into an adapter which model it belongs to."""
    path = model / checkpoints.ADAPTER_CONFIG
    if not path.is_file():
        raise BadInput(
            "A base model was named, but this is a whole model and no adapter.",
            value=base,
            remedy="Leave the base out.",
        )
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        config["base_model_name_or_path"] = catalog.resolve(base).name
    except (ValueError, TypeError, RecursionError) as error:
        raise BadInput("adapter_config.json is not readable JSON.") from error
    files.write_atomically(path, json.dumps(config, indent=2) + "\n")


def _see_that_it_fits(size: int, folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < size + SPARE:
        raise OutOfResources(
            "There is not enough room on the disk for this model.",
            value=f"{(size + SPARE) / 1e6:,.0f} MB needed, {free / 1e6:,.0f} MB free",
            remedy="Free some space and try again.",
        )


def _clean_leftovers(folder: Path) -> None:
    """What a process left that was killed while it brought a model."""
    import psutil

    for leftover in folder.glob(".bringing.*"):
        owner = leftover.name.split(".")[2]
        if not owner.isdigit() or not psutil.pid_exists(int(owner)):
            shutil.rmtree(leftover, ignore_errors=True)
