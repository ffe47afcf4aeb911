"""Why a model can't be deleted now: each reason that somebody or something still needs it."""

from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from chatbot import paths
from chatbot.engine import catalog, default_model
from chatbot.engine.catalog import ModelEntry
from chatbot.errors import BadInput, ChatbotError, Conflict
from chatbot.model_shelf.units import Unit, inside
from chatbot.training.runs import GOING_ON, list_runs


def reason(unit: Unit, in_use: Collection[str]) -> ChatbotError | None:
    """The first one; None where nobody needs it.

    Args:
        in_use: names or folders of the models that are loaded or being exported.
    """
    models = inside(unit)
    used = {_name(each) for each in in_use}
    for entry in models:
        if entry.name in used:
            return Conflict(
                "This model is in use: it is loaded for a chat, or being exported.",
                value=entry.title,
                remedy="Choose another model in the chat, or wait for the export; then delete it.",
            )
        if default_model.is_promoted(entry):
            return Conflict(
                "New chats begin with this model.",
                value=entry.title,
                remedy="Make another model the default first.",
            )
    return _needed_by_adapter(unit, models) or _needed_by_run(unit)


def _needed_by_adapter(unit: Unit, models: list[ModelEntry]) -> Conflict | None:
    names = {entry.name for entry in models}
    for other in catalog.list_models(all_checkpoints=True):
        if other.base in names and not unit.holds(other):
            return Conflict(
                "Another model is an adapter on this one and could not be used any more.",
                value=other.title,
                remedy="Export that one as a folder, or delete it first.",
            )
    return None


def _needed_by_run(unit: Unit) -> Conflict | None:
    folder = unit.path.resolve()
    for run in list_runs():
        state = run.status().state
        if run.path.resolve() == folder:
            if state in GOING_ON:
                return Conflict(
                    "The training run of this model is going on.",
                    value=run.id,
                    remedy="Stop it first.",
                )
            continue
        with suppress(BadInput):
            config = run.config
            base = (paths.models_dir() / config.base_model).resolve()
            waits = state in GOING_ON or state == "waiting" or run.can_resume
            if config.method != "scratch" and base.is_relative_to(folder) and waits:
                return Conflict(
                    "A training run that is going on, waits or can be resumed starts from this "
                    "model.",
                    value=run.id,
                    remedy="Let it end, or delete that run first.",
                )
    return None


def _name(name_or_folder: str | Path) -> str:
    try:
        return catalog.resolve(name_or_folder).name
    except ChatbotError:
        return str(name_or_folder)
