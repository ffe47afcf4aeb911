"""What the buttons beside a model do: callbacks between the page and exports, names, the trash."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from chatbot.engine.catalog import ModelEntry
from chatbot.errors import ChatbotError
from chatbot.exporting import made
from chatbot.exporting.formats import Wish
from chatbot.exporting.hub import Parcel
from chatbot.model_shelf import about, deleting
from pages.ui import errors, model_export_state, state
from pages.ui.model_export_state import Key, Outcome
from pages.ui.resources import engine_room, exports


def start(entry: ModelEntry) -> None:
    """Begin the export that the fields describe."""

    def act() -> None:
        format = st.session_state[Key.FORMAT.of(entry)]
        dtype = st.session_state.get(Key.DTYPE.of(entry)) or "bfloat16"
        name = model_export_state.typed(Key.FILE_NAME, entry)
        exports().start(entry, Wish(format, dtype), name)

    _act(act)


def stop() -> None:
    running = exports().last
    if running is not None:
        running.stop()


def remove(path: Path) -> None:
    """Delete a finished export."""
    _act(lambda: made.remove(path))


def push(entry: ModelEntry) -> None:
    """Send the chosen export with the typed token, which is not kept."""

    def act() -> None:
        token = model_export_state.take_token(entry)
        parcel = Parcel(
            Path(st.session_state[Key.PARCEL.of(entry)]),
            model_export_state.typed(Key.REPO, entry).strip(),
            bool(st.session_state[Key.PRIVATE.of(entry)]),
            bool(st.session_state[Key.AGAIN.of(entry)]),
        )
        exports().push(parcel, token)

    _act(act)


def stop_push() -> None:
    running = exports().pushing
    if running is not None:
        running.stop()


def save_about(entry: ModelEntry) -> None:
    """Keep the typed name and note."""

    def act() -> Outcome:
        about.rename(entry, model_export_state.typed(Key.NAME, entry))
        about.set_note(entry, model_export_state.typed(Key.NOTE, entry))
        return Outcome("Name and note are kept.")

    _act(act)


def delete(entry: ModelEntry) -> None:
    def act() -> Outcome:
        gone = deleting.delete(entry, in_use=_in_use())
        return Outcome(f"“{gone.name}” is deleted.", undo=gone.key)

    _act(act)


def undelete(key: str) -> None:
    def act() -> Outcome:
        deleting.undelete(key)
        return Outcome("It is back.")

    _act(act)


def _in_use() -> set[str]:
    """The models that are loaded for anybody, chosen in this tab, or being exported."""
    loaded = {each.choice.model for each in engine_room().held()}
    running = exports().last
    exported = {running.entry.name} if running is not None and not running.done else set()
    chosen = {name} if (name := state.model()) else set()
    return {*loaded, *chosen, *exported}


def _act(action: Callable[[], Outcome | None]) -> None:
    try:
        model_export_state.keep_outcome(action())
    except ChatbotError as error:
        model_export_state.keep_outcome(Outcome(problem=error))
    except Exception as error:
        errors.say_unexpected(error)
