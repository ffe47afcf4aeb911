"""What is known of how a model came to be: its run, its persona, its scores, its base's licence."""

import json
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chatbot.dataset import personas
from chatbot.engine import catalog
from chatbot.engine.catalog import ModelEntry
from chatbot.errors import ChatbotError
from chatbot.exporting.licences import Licence, licence_of
from chatbot.training.config import TrainingConfig
from chatbot.training.origins import base_of
from chatbot.training.runs import Run, step_of
from chatbot.training.scores.results import Scores, read_scores

_DEEPEST = 12
"""Fine-tunes of fine-tunes that are followed back."""


@dataclass(frozen=True)
class Provenance:
    """Of one model; "" or None where it is not known.

    Args:
        title: what people call it.
        persona: name of the data set that it learned from.
        dataset_version: SHA-256 of these conversations.
        conversations: how many there were to learn from.
        base: the model that it was fine-tuned from, and `root` the one where that began.
        scratch: whether it was trained from nothing, so that there is no base.
        scores: of this very checkpoint.
        answers: recorded pairs of question and answer of this very checkpoint.
    """

    title: str
    run: Run | None = None
    config: TrainingConfig | None = None
    persona: str = ""
    dataset_version: str = ""
    conversations: int | None = None
    base: ModelEntry | None = None
    root: ModelEntry | None = None
    scratch: bool = False
    licence: Licence = field(default_factory=Licence)
    scores: Scores | None = None
    answers: tuple[tuple[str, str], ...] = ()


def provenance_of(entry: ModelEntry) -> Provenance:
    """Everything that its folder and the folder of its run tell."""
    run = run_of(entry)
    if run is None:
        return _without_run(entry)
    config = None
    with suppress(ChatbotError):
        config = run.config
    scores = read_scores(run.path)
    if scores is not None and scores.checkpoint != entry.path.name:
        scores = None
    base = base_of(entry)
    root = _root_of(base) if base else None
    facts = run.facts
    learned = facts.get("trained_on")
    scratch = config is not None and config.method == "scratch"
    base_name = str(config.base_model) if config else ""
    return Provenance(
        title=entry.title,
        run=run,
        config=config,
        persona=_persona(config.dataset if config else ""),
        dataset_version=run.dataset_version,
        conversations=learned if isinstance(learned, int) else None,
        base=base,
        root=root,
        scratch=scratch,
        licence=_licence(root, base_name) if not scratch else Licence(),
        scores=scores,
        answers=_answers(run, entry, scores),
    )


def run_of(entry: ModelEntry) -> Run | None:
    """The run whose checkpoint this is; None for any other model."""
    folder = entry.path.parent
    here = step_of(entry.path) >= 0 and (folder / "config.json").is_file()
    return Run(folder) if here and (folder / "status.json").is_file() else None


def _without_run(entry: ModelEntry) -> Provenance:
    recipe = _read(entry.path / "recipe.json")
    base = catalog.resolve(entry.base) if entry.base else None
    scratch = recipe.get("config", {}).get("method") == "scratch" if recipe else False
    root = _root_of(base) if base else None
    conversations = recipe.get("conversations")
    return Provenance(
        title=entry.title,
        persona="Starter persona" if scratch else "",
        dataset_version=str(recipe.get("dataset_sha256") or ""),
        conversations=conversations if isinstance(conversations, int) else None,
        base=base,
        root=root,
        scratch=scratch,
        licence=Licence() if scratch else _licence(root or entry, ""),
    )


def _root_of(entry: ModelEntry) -> ModelEntry:
    for _ in range(_DEEPEST):
        below = base_of(entry)
        if below is None:
            break
        entry = below
    return entry


def _licence(root: ModelEntry | None, name: str) -> Licence:
    if root is not None and _read(root.path / "recipe.json").get("command"):
        return Licence()  # our own, from scratch
    return licence_of(root.name, root.path) if root else licence_of(name, Path(name))


def _persona(dataset: str) -> str:
    """The name of the persona whose file this is; the file's own name where it is another one."""
    with suppress(ChatbotError, OSError):
        for persona in personas.personas():
            if persona.path == Path(dataset) or (not dataset and persona.key == personas.FIRST):
                return persona.name
    return Path(dataset).stem


def _answers(run: Run, entry: ModelEntry, scores: Scores | None) -> tuple[tuple[str, str], ...]:
    if scores is not None and scores.asked:
        facts = scores.of_kind("fact") or scores.asked
        return tuple((asked.question, asked.after.text) for asked in facts)
    step = step_of(entry.path)
    rows = [row for row in run.answers() if row.get("step") == step]
    return tuple((str(row.get("question", "")), str(row.get("answer", ""))) for row in rows)


def _read(path: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        content = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(content, dict):
            return content
    return {}
