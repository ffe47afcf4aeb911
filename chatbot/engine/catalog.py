"""Which models there are: the embedded one, the shipped one, and whatever lies under models/.

Reads folders and small files only, no torch: a page can paint its picker at once.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from chatbot import paths
from chatbot.engine import checkpoints, embedded, labels
from chatbot.engine.families import SPOKEN, Family
from chatbot.errors import BadInput, NotAvailable

DEFAULT_MODEL = embedded.SMOLLM2_FOLDER
POCKET_MODEL = "pocket-gpt2"
POCKET_FOLDER = "checkpoint-420"
RUNS = "runs"
DEEPEST = 4
"""Folders below models/ that are looked into: a hub download has models--*/snapshots/*/."""

Kind = Literal["embedded", "shipped", "checkpoint", "adapter"]


@dataclass(frozen=True)
class ModelEntry:
    """One model that can be chosen.

    Args:
        name: what people and programs call it; for a checkpoint its path under models/.
        title: the name for a picker.
        path: its folder, whether it is there or not.
        installed: whether it can be loaded now.
        note: size and shape, or how to get it.
        base: for an adapter, the name of the model it belongs to.
        problem: why it can't be loaded; None in every entry that `list_models` gives.
    """

    name: str
    title: str
    path: Path
    family: Family
    kind: Kind
    installed: bool
    note: str
    base: str | None = None
    problem: str | None = None


def list_models(*, all_checkpoints: bool = False) -> list[ModelEntry]:
    """The embedded and the shipped model, installed or not, then checkpoints, newest first.

    Args:
        all_checkpoints: also a run's checkpoints that are not its best (or last) one.
    """
    found: dict[str, tuple[float, ModelEntry]] = {}
    for root in _roots():
        for folder in _candidates(root):
            name = folder.relative_to(root).as_posix()
            if name in found or name in (DEFAULT_MODEL, POCKET_FOLDER):
                continue
            entry = _entry(folder, name)
            if entry.problem is None:
                found[name] = (_age_mark(folder), entry)
    newest_first = sorted(found.values(), key=lambda pair: (-pair[0], pair[1].name))
    entries = [entry for _, entry in newest_first]
    if not all_checkpoints:
        entries = _best_of_runs(entries)
    return [_embedded_entry(), _pocket_entry(), *entries]


def folder_name(hub_id: str) -> str:
    """The folder under models/ in which a model of the hub is kept: `owner--name`."""
    return hub_id.replace("/", "--")


def resolve(name_or_path: str | Path) -> ModelEntry:
    """The model of a name as in the list, of its id on the hub, or of a folder anywhere.

    Raises:
        NotAvailable: there is no such model, or it is not installed; says how to get it.
        BadInput: the folder is there and can't be loaded; says why.
    """
    wanted = str(name_or_path).strip()
    if wanted == DEFAULT_MODEL:
        return _installed(_embedded_entry())
    if wanted == POCKET_MODEL:
        return _installed(_pocket_entry())
    folder = _folder_of(wanted)
    if folder is None:
        raise NotAvailable(
            "There is no such model.",
            value=wanted,
            remedy="Choose one of the list, or put a checkpoint folder (config.json, "
            "model.safetensors, tokenizer.json) into models/.",
        )
    entry = entry_of(folder)
    if entry.problem is not None:
        raise BadInput(
            f"This model can't be loaded. {entry.problem}",
            value=entry.name,
            remedy="A checkpoint needs config.json, complete model.safetensors and "
            f"tokenizer.json, and must be of one of these families: {SPOKEN}.",
        )
    return entry


def name_of(wanted: str) -> str:
    """The catalog name of a model that is named by its folder or its id on the hub; what is no
    model here stays as it is, for `resolve` to explain."""
    folder = _folder_of(wanted)
    if folder is None:
        return DEFAULT_MODEL if wanted == embedded.HUB_ID else wanted
    return entry_of(folder).name


def entry_of(folder: Path) -> ModelEntry:
    """The entry of an existing folder, under its catalog name where it has one."""
    real = folder.resolve()
    if real == embedded.folder().resolve():
        return _embedded_entry()
    if real == _pocket_folder().resolve():
        return _pocket_entry()
    for root in _roots():
        if real.is_relative_to(root.resolve()):
            return _entry(folder, real.relative_to(root.resolve()).as_posix())
    return _entry(folder, folder.as_posix())


def _roots() -> list[Path]:
    """The user's models/ first, then ours where that is another one."""
    own, shipped = paths.models_dir(), paths.shipped_models_dir()
    return [own] if own.resolve() == shipped.resolve() else [own, shipped]


def _folder_of(wanted: str) -> Path | None:
    """A name under models/, a hub id that was fetched, a path from here, or from the project."""
    if not wanted or "\0" in wanted:
        return None
    for start in (*_roots(), Path.cwd(), paths.PROJECT):
        folder = start / Path(wanted).expanduser()
        if folder.is_dir() and not any(folder.resolve() == root.resolve() for root in _roots()):
            return folder
    if wanted.count("/") == 1 and "--" not in wanted and ".." not in wanted:
        fetched = paths.models_dir() / folder_name(wanted)
        return fetched if fetched.is_dir() else None
    return None


def _candidates(root: Path) -> Iterator[Path]:
    """Folders under `root` that look like checkpoints. Hidden ones and links out are left alone."""
    real_root = root.resolve()
    waiting = [(root, 0)]
    while waiting:
        folder, depth = waiting.pop()
        try:
            children = sorted(child for child in folder.iterdir() if child.is_dir())
        except OSError:
            continue
        for child in children:
            hidden = child.name.startswith((".", "__"))
            if hidden or not child.resolve().is_relative_to(real_root):
                continue
            if checkpoints.is_candidate(child):
                yield child
            if depth + 1 < DEEPEST:
                waiting.append((child, depth + 1))


def _entry(folder: Path, name: str) -> ModelEntry:
    contents = checkpoints.inspect(folder)
    entry = ModelEntry(
        name=name,
        title=labels.titled(folder, _title(name)),
        path=folder,
        family=contents.family,
        kind="adapter" if contents.adapter else "checkpoint",
        installed=contents.problem is None,
        note=contents.summary,
        problem=contents.problem,
    )
    return _with_base(entry, contents.base) if contents.base else entry


def _with_base(adapter: ModelEntry, wanted: str) -> ModelEntry:
    """Name the adapter's base model, or say that it is not here."""
    base = _base_entry(wanted)
    if base is None or base.kind == "adapter" or not base.installed or base.problem is not None:
        problem = f"It is an adapter for the model {wanted!r}, which is not here."
        return replace(adapter, base=wanted, installed=False, problem=problem)
    return replace(
        adapter, base=base.name, family=base.family, note=f"{adapter.note}, on {base.title}"
    )


def _base_entry(wanted: str) -> ModelEntry | None:
    """A base by name, or by a path that lies under one of our models folders."""
    special = {DEFAULT_MODEL: _embedded_entry, POCKET_MODEL: _pocket_entry}.get(wanted)
    if special is not None:
        return special()
    folder = _folder_of(wanted)
    if folder is None and wanted == embedded.HUB_ID:
        return _embedded_entry()
    if folder is None or (folder / checkpoints.ADAPTER_CONFIG).is_file():
        return None
    inside = any(folder.resolve().is_relative_to(root.resolve()) for root in _roots())
    return entry_of(folder) if inside else None


def _embedded_entry() -> ModelEntry:
    folder = embedded.folder()
    installed = embedded.is_installed()
    how = "Not installed: python3 start.py setup puts it in place (93 MB to download)."
    return ModelEntry(
        name=DEFAULT_MODEL,
        title="SmolLM2 135M Instruct",
        path=folder,
        family="llama",
        kind="embedded",
        installed=installed,
        note=checkpoints.inspect(folder).summary if installed else how,
    )


def _pocket_folder() -> Path:
    own = paths.models_dir() / POCKET_FOLDER
    return own if own.is_dir() else paths.shipped_models_dir() / POCKET_FOLDER


def _pocket_entry() -> ModelEntry:
    folder = _pocket_folder()
    contents = checkpoints.inspect(folder)
    how = f"Not installed: models/{POCKET_FOLDER} came with the project and is missing or damaged."
    return ModelEntry(
        name=POCKET_MODEL,
        title="Pocket GPT-2",
        path=folder,
        family="gpt2",
        kind="shipped",
        installed=contents.problem is None,
        note=contents.summary if contents.problem is None else how,
    )


def _installed(entry: ModelEntry) -> ModelEntry:
    if entry.installed:
        return entry
    remedy = (
        "Run python3 start.py setup, or use the button on the page Models."
        if entry.kind == "embedded"
        else "Restore models/checkpoint-420 from the repository."
    )
    raise NotAvailable(f"The model {entry.title} is not installed.", remedy=remedy)


def _title(name: str) -> str:
    """`runs/20261122-161502-smollm2-lora/checkpoint-40` -> `20261122-… · step 40`."""
    parts = name.removeprefix(f"{RUNS}/").split("/")
    steps = parts[-1].removeprefix("checkpoint-")
    if len(parts) > 1 and steps != parts[-1] and steps.isdigit():
        return f"{'/'.join(parts[:-1])} · step {steps}"
    return "/".join(parts)


def _age_mark(folder: Path) -> float:
    """Seconds since the epoch at which the checkpoint was written."""
    names = (checkpoints.ADAPTER_WEIGHTS, checkpoints.WEIGHTS, checkpoints.WEIGHTS_INDEX)
    for name in names:
        if (folder / name).is_file():
            return (folder / name).stat().st_mtime
    return folder.stat().st_mtime


def _best_of_runs(entries: list[ModelEntry]) -> list[ModelEntry]:
    """Keep one checkpoint of each run: the one its status names as best, else the last step."""
    runs: dict[str, list[ModelEntry]] = {}
    for entry in entries:
        run = _run_of(entry)
        if run is not None:
            runs.setdefault(run, []).append(entry)
    kept = {run: _best(of_run) for run, of_run in runs.items()}
    return [e for e in entries if (run := _run_of(e)) is None or kept[run] is e]


def _run_of(entry: ModelEntry) -> str | None:
    parts = entry.name.split("/")
    return parts[1] if parts[0] == RUNS and len(parts) == 3 else None


def _best(of_run: list[ModelEntry]) -> ModelEntry:
    named = _best_name(of_run[0].path.parent)
    by_name = {entry.path.name: entry for entry in of_run}
    return by_name.get(named) or max(of_run, key=lambda entry: _step(entry.path.name))


def _best_name(run: Path) -> str:
    """The checkpoint that the run's status.json calls its best; "" where it names none."""
    try:
        status = json.loads((run / "status.json").read_text(encoding="utf-8"))
        return Path(str(status["best_checkpoint"])).name
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _step(name: str) -> int:
    number = name.rpartition("-")[2]
    return int(number) if number.isdigit() else -1
