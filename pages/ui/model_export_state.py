"""What the half of the Models page that exports, names and deletes keeps of a session."""

from dataclasses import dataclass
from enum import StrEnum

import streamlit as st

from chatbot.engine.catalog import ModelEntry
from chatbot.errors import ChatbotError


class Key(StrEnum):
    """Keys of widgets; those that belong to a model end with its name."""

    FORMAT = "model_export_format"
    DTYPE = "model_export_dtype"
    FILE_NAME = "model_export_file_name"
    START = "model_export_start"
    STOP = "model_export_stop"
    REMOVE = "model_export_remove"
    DOWNLOAD = "model_export_download"
    NAME = "model_export_name"
    NOTE = "model_export_note"
    SAVE = "model_export_save"
    DELETE = "model_export_delete"
    UNDO = "model_export_undo"
    REPO = "model_export_repo"
    TOKEN = "model_export_token"
    PRIVATE = "model_export_private"
    AGAIN = "model_export_again"
    PARCEL = "model_export_parcel"
    PUSH = "model_export_push"
    PUSH_STOP = "model_export_push_stop"

    def of(self, entry: ModelEntry) -> str:
        return self.of_name(entry.name)

    def of_name(self, name: str) -> str:
        return f"{self.value}_{name}"


@dataclass(frozen=True)
class Outcome:
    """What the last click came to. `undo`: the key of what was deleted."""

    said: str = ""
    problem: ChatbotError | None = None
    undo: str = ""


_OUTCOME = "own_model_export_outcome"


def keep_outcome(outcome: Outcome | None) -> None:
    if outcome is None:
        st.session_state.pop(_OUTCOME, None)
    else:
        st.session_state[_OUTCOME] = outcome


def outcome() -> Outcome | None:
    found: Outcome | None = st.session_state.get(_OUTCOME)
    return found


def typed(key: Key, entry: ModelEntry) -> str:
    """What stands in a field."""
    return str(st.session_state.get(key.of(entry)) or "")


def take_token(entry: ModelEntry) -> str:
    """The typed token, which is then no longer in its field or anywhere in the session."""
    token = typed(Key.TOKEN, entry)
    st.session_state[Key.TOKEN.of(entry)] = ""
    return token
