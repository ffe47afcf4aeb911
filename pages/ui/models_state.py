"""What the models page keeps of a session: its widgets' keys, and whose details are open."""

from enum import StrEnum

import streamlit as st


class Key(StrEnum):
    """Keys of widgets."""

    TASK = "models_task"
    ID = "models_id"
    REVISION = "models_revision"
    PATH = "models_path"
    UPLOAD = "models_upload"
    NAME = "models_name"
    BASE = "models_base"
    ALL = "models_all"


class _Own(StrEnum):
    NOTE = "own_models_note"
    OPEN = "own_models_open"
    TROUBLE = "own_models_trouble"


def opened() -> str:
    """The name of the model whose details are shown; "" for none."""
    return str(st.session_state.get(_Own.OPEN) or "")


def open_details(name: str) -> None:
    st.session_state[_Own.OPEN] = "" if opened() == name else name


def typed(key: Key) -> str:
    return str(st.session_state.get(key) or "").strip()


def tell(trouble: str) -> None:
    """Something that went wrong in a callback, to be shown once."""
    st.session_state[_Own.TROUBLE] = trouble


def trouble() -> str:
    return str(st.session_state.pop(_Own.TROUBLE, ""))


def note(text: str) -> None:
    """Something that began in a callback, to be told once."""
    st.session_state[_Own.NOTE] = text


def noted() -> str:
    return str(st.session_state.pop(_Own.NOTE, ""))
