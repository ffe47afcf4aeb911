"""What the history's menus do: callbacks between the page and the shelf of runs.

What a click came to is kept and shown by the next run of the page, beside the list.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import streamlit as st

from chatbot.engine import default_model
from chatbot.engine.catalog import resolve
from chatbot.engine_room import Choice
from chatbot.errors import ChatbotError, NotAvailable
from chatbot.training import shelf
from chatbot.training.config import TrainingConfig, preset
from chatbot.training.runs import Run, get_run
from pages.ui import errors, fine_tune_state, state
from pages.ui.fine_tune_state import Key, Outcome
from pages.ui.resources import engine_room

EDIT = "Name and note"
FILL = "Train again with changes"
GO_ON = "Train on from its checkpoint"
PROMOTE = "Make it the default"
DEMOTE = "Back to the built-in default"
DELETE = "Delete"
ICONS: Mapping[str, str] = {
    EDIT: "edit",
    FILL: "replay",
    GO_ON: "step_over",
    PROMOTE: "star",
    DEMOTE: "star_half",
    DELETE: "delete",
}


def chosen(run_id: str) -> None:
    """Do what was chosen in the menu of a run."""
    do(str(st.session_state[f"{Key.RUN_MENU}_{run_id}"]), run_id)


def do(action: str, run_id: str) -> None:
    """One of the actions that a menu offers. Only in a callback."""
    _act(lambda: _ACTIONS[action](get_run(run_id)))


def save_about(run_id: str) -> None:
    """Keep the typed name and note, and close the fields."""

    def save() -> Outcome | None:
        run = get_run(run_id)
        shelf.set_label(run, fine_tune_state.typed(Key.RUN_NAME, run_id))
        shelf.set_note(run, fine_tune_state.typed(Key.RUN_NOTE, run_id))
        fine_tune_state.edit("")
        return None

    _act(save)


def close() -> None:
    """Leave the name and the note as they were."""
    fine_tune_state.edit("")


def remove(run_id: str) -> None:
    """Take a waiting run out of the queue; it can be brought back like any other."""
    _act(lambda: _removed(get_run(run_id)))


def _removed(run: Run) -> Outcome:
    name = shelf.name(run)
    shelf.delete(run)
    return Outcome(f"“{name}” does not wait any more.", undo=run.id)


def undelete(run_id: str) -> None:
    _act(lambda: Outcome(f"“{shelf.name(shelf.undelete(run_id))}” is back."))


def _act(action: Callable[[], Outcome | None]) -> None:
    try:
        fine_tune_state.keep_outcome(action())
    except ChatbotError as error:
        fine_tune_state.keep_outcome(Outcome(problem=error))
    except Exception as error:
        errors.say_unexpected(error)


def _edit(run: Run) -> None:
    fine_tune_state.edit(run.id)


def _fill(run: Run) -> Outcome:
    missing = fine_tune_state.plan_again(run.config)
    return Outcome(f"The form holds the settings of “{shelf.name(run)}”.", " ".join(missing))


def _go_on(run: Run) -> Outcome:
    missing = fine_tune_state.plan_again(continued(run))
    said = f"The form starts from the checkpoint of “{shelf.name(run)}”."
    return Outcome(said, " ".join(missing))


def _delete(run: Run) -> Outcome:
    name = shelf.name(run)
    shelf.delete(run, in_use=_in_use(run))
    return Outcome(f"“{name}” and its checkpoints are deleted.", undo=run.id)


def is_default(run: Run) -> bool:
    """Whether new chats begin with the best checkpoint of this run."""
    best = run.best_checkpoint
    try:
        return best is not None and default_model.is_promoted(resolve(best))
    except ChatbotError:  # damaged: nobody can load it
        return False


def _promote(run: Run) -> Outcome:
    best = run.best_checkpoint
    if best is None:
        raise NotAvailable("This run has no checkpoint to chat with.", value=run.id)
    default_model.promote(resolve(best).name)
    return Outcome(f"New chats begin with “{shelf.name(run)}”.")


def _demote(_: Run) -> Outcome:
    default_model.demote()
    return Outcome("New chats begin with the built-in default again.")


_ACTIONS: Mapping[str, Callable[[Run], Outcome | None]] = {
    EDIT: _edit,
    FILL: _fill,
    GO_ON: _go_on,
    PROMOTE: _promote,
    DEMOTE: _demote,
    DELETE: _delete,
}


def continued(run: Run) -> TrainingConfig:
    """Settings for a new run that starts from the best checkpoint of this one.

    An adapter learns on, and a full fine-tune goes on as it was. A model from scratch is small: all
    its weights are trained, and as its rates would not do, they are the preset's.

    Raises:
        NotAvailable: it has no checkpoint.
        BadInput: its settings can't be read, or the checkpoint is damaged.
    """
    best, config = run.best_checkpoint, run.config
    if best is None:
        raise NotAvailable("This run has no checkpoint to start from.", value=run.id)
    base = resolve(best).name
    if config.method != "scratch":
        return replace(config, base_model=base)
    learned = run.facts.get("trained_on")
    suited = preset(
        "Balanced",
        method="full",
        base_model=base,
        conversations=learned if isinstance(learned, int) else 1,
    )
    return replace(
        suited,
        dataset=config.dataset,
        max_length=config.max_length,
        held_out=config.held_out,
        seed=config.seed,
        questions=config.questions,
    )


def _in_use(run: Run) -> list[Path]:
    """Checkpoints of the run that this tab chats with, or that are loaded for any chat."""
    return [path for path in run.checkpoints() if _is_in_use(path)]


def _is_in_use(checkpoint: Path) -> bool:
    try:
        name = resolve(checkpoint).name
    except ChatbotError:  # damaged: nobody can load it
        return False
    choices = {Choice(name), Choice(name, state.device(), state.number_format())}
    loaded = any(engine_room().status(c).state in ("loading", "ready") for c in choices)
    return loaded or state.model() == name
