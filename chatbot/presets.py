"""Presets of one's own: sampling settings that were saved by a name, in `data/presets.json`."""

import json
import threading
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

from chatbot import paths
from chatbot.engine.sampling import PRESETS, SamplingParams
from chatbot.errors import BadInput
from chatbot.files import write_atomically

LONGEST_NAME = 30
MOST = 50
_writing = threading.Lock()


def saved() -> Mapping[str, SamplingParams]:
    """All of one's own, in the order in which they were saved.

    Raises:
        BadInput: the file can't be read.
    """
    path = _path()
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return {row["name"]: SamplingParams(**row["settings"]) for row in rows}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, RecursionError, BadInput) as error:
        raise BadInput(
            "Your saved presets can't be read.",
            value=f"data/{path.name}",
            remedy="Mend the file or delete it; the built-in presets work without it.",
        ) from error


def save(name: str, params: SamplingParams) -> str:
    """Keep these settings, all but the seed, in the place of those that had the name before.

    Returns:
        the name as it is kept: one line, without blanks around it.

    Raises:
        BadInput: the name is empty, too long or that of a built-in preset, there are too many, or
            the file can't be read.
        ChatbotError: the file can't be written.
    """
    name = _cleaned(name)
    with _writing:
        kept = dict(saved())
        if name not in kept and len(kept) >= MOST:
            raise BadInput(
                "There are as many presets as the page can show.",
                value=len(kept),
                remedy="Delete one that you don't use.",
            )
        kept[name] = replace(params, seed=None)
        _write(kept)
    return name


def delete(name: str) -> SamplingParams | None:
    """Forget a preset; returns its settings, to bring it back, or None where it is gone already.

    Raises:
        BadInput: the file can't be read.
        ChatbotError: the file can't be written.
    """
    with _writing:
        kept = dict(saved())
        settings = kept.pop(name, None)
        if settings is not None:
            _write(kept)
    return settings


def _cleaned(name: str) -> str:
    printable = "".join(" " if unicodedata.category(c)[0] in "ZC" else c for c in name)
    name = " ".join(printable.split())
    if not name or len(name) > LONGEST_NAME:
        raise BadInput(
            f"A preset needs a name of 1 to {LONGEST_NAME} characters.",
            value=name,
            remedy="Write what it is good for, such as Bedtime stories.",
        )
    if name.casefold() in {built_in.casefold() for built_in in PRESETS}:
        raise BadInput(
            "A built-in preset has this name.", value=name, remedy="Choose another name."
        )
    return name


def _write(kept: Mapping[str, SamplingParams]) -> None:
    rows = [{"name": name, "settings": asdict(params)} for name, params in kept.items()]
    text = json.dumps(rows, ensure_ascii=False, indent=1) + "\n"
    write_atomically(_path(), text.encode("utf-8", "replace"))


def _path() -> Path:
    return paths.data_dir() / "presets.json"
