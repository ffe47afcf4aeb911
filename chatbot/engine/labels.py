"""The name that a person gave a model: `about.json` in its folder, or in the folder of its run."""

import json
from pathlib import Path

FILE = "about.json"
LONGEST = 80


def label_of(folder: Path) -> str:
    """ "" where nobody gave one, or what is there is no name."""
    try:
        label = json.loads((folder / FILE).read_text(encoding="utf-8")).get("label")
    except (OSError, ValueError, AttributeError, RecursionError):
        return ""
    if not isinstance(label, str) or len(label) > LONGEST or not label.isprintable():
        return ""
    return label.strip()


def titled(folder: Path, title: str) -> str:
    """What to call the model of a folder whose title without a given name would be this.

    A name of its own replaces all of it; that of the run only the first part of `2026… · step 40`.
    """
    own = label_of(folder)
    if own:
        return own
    _, dot, step = title.rpartition(" · step ")
    of_run = label_of(folder.parent) if dot else ""
    return f"{of_run}{dot}{step}" if of_run else title
