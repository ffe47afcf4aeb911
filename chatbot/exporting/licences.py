"""Under which licence a base model came: what its own card says, else what is known of the name."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

LARGEST_CARD = 1_000_000
_LICENSE_LINE = re.compile(
    r"^license:[ \t]*[\"']?([A-Za-z0-9][A-Za-z0-9.-]{0,40})[\"']?[ \t]*$", re.M
)
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,40}")
_HUB_ID = re.compile(r"[\w.-]{1,96}(/[\w.-]{1,96})?")
_KNOWN = (
    (re.compile(r"smollm2[-_]?(\d+m)([-_]instruct)?", re.I), "apache-2.0", "HuggingFaceTB/SmolLM2"),
    (re.compile(r"distilgpt2", re.I), "apache-2.0", "distilbert/distilgpt2"),
    (re.compile(r"dialogpt[-_](small|medium|large)", re.I), "mit", "microsoft/DialoGPT"),
    (re.compile(r"(?<![a-z-])gpt2([-_](medium|large|xl))?(?![a-z])", re.I), "mit", "gpt2"),
)
_TITLES = {"apache-2.0": "Apache License 2.0", "mit": "MIT License"}


@dataclass(frozen=True)
class Licence:
    """`id` as hubs write it, "" where it is not known; `hub_id` of the base there, "" as well."""

    id: str = ""
    hub_id: str = ""

    @property
    def title(self) -> str:
        return _TITLES.get(self.id, self.id)


def licence_of(name: str, folder: Path) -> Licence:
    """Of a base model.

    Args:
        name: as the catalog or a hub calls it.
        folder: where it lies.
    """
    by_name = next((known for known in map(_of_name, (name, folder.name)) if known.id), Licence())
    fetched = _of_origin(folder / "origin.json")
    own = _of_card(folder / "README.md") or fetched.id
    return Licence(own or by_name.id, fetched.hub_id or by_name.hub_id)


def _of_name(name: str) -> Licence:
    for pattern, id, hub_id in _KNOWN:
        found = pattern.search(name.rpartition("--")[2] if "--" in name else name)
        if found is None:
            continue
        if hub_id == "gpt2":
            return Licence(id, "openai-community/gpt2" + (found[1] or "").replace("_", "-").lower())
        if hub_id.endswith("SmolLM2"):
            return Licence(id, f"{hub_id}-{found[1].upper()}" + ("-Instruct" if found[2] else ""))
        return Licence(id, hub_id if found.lastindex is None else f"{hub_id}-{found[1].lower()}")
    return Licence()


def _of_origin(path: Path) -> Licence:
    """What was noted when the model was fetched from a hub."""
    try:
        noted = json.loads(path.read_text(encoding="utf-8"))
        licence, hub_id = str(noted.get("licence") or ""), str(noted.get("id") or "")
    except (OSError, ValueError, AttributeError, RecursionError):
        return Licence()
    plain = _WORD.fullmatch(licence)
    return Licence(licence.lower() if plain else "", hub_id if _HUB_ID.fullmatch(hub_id) else "")


def _of_card(path: Path) -> str:
    """The licence that the head of a model card names."""
    try:
        if path.stat().st_size > LARGEST_CARD:
            return ""
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    if not text.startswith("---\n"):
        return ""
    found = _LICENSE_LINE.search(text.partition("---\n")[2].partition("\n---")[0])
    return found[1].lower() if found else ""
