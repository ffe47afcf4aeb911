"""The session_state keys of the fine-tune page, behind typed accessors."""

from enum import StrEnum

import streamlit as st

from chatbot.errors import NotAvailable
from chatbot.training.config import PRESETS, Method, PresetName, TrainingConfig
from chatbot.training.runs import Run, get_run


class Key(StrEnum):
    """Keys of widgets; each names a CSS class `st-key-<key>` as well."""

    PERSONA = "ft_persona"
    BASE = "ft_base"
    METHOD = "ft_method"
    PRESET = "ft_preset"
    START = "ft_start"
    FROM_SCRATCH = "ft_scratch"
    STOP = "ft_stop"
    RESUME = "ft_resume"
    CHAT = "ft_chat"
    CHART = "ft_chart"
    RUN = "ft_run"


_SHOWN = "ft_own_shown"
_NO_STEPS = 0
"""What the field for the largest number of steps shows where there is no limit."""


def field_key(name: str, method: Method, preset: PresetName) -> str:
    """Key of an advanced field. Another method or preset brings fields of its own, freshly set."""
    return f"ft_field_{name}_{method}_{preset}".lower()


def set_fields(config: TrainingConfig, names: tuple[str, ...], preset: PresetName) -> None:
    """Fill the advanced fields that the page has not drawn yet."""
    for name in names:
        key = field_key(name, config.method, preset)
        if key not in st.session_state:
            value = getattr(config, name)
            st.session_state[key] = _NO_STEPS if value is None else value


def fields(names: tuple[str, ...], method: Method, preset: PresetName) -> dict[str, float | None]:
    """The advanced fields as they stand."""
    values = {name: st.session_state[field_key(name, method, preset)] for name in names}
    if values.get("max_steps") == _NO_STEPS:
        values["max_steps"] = None
    return values


def change_fields(values: dict[str, int], method: Method, preset: PresetName) -> None:
    """Set some advanced fields. Only in a callback."""
    for name, value in values.items():
        st.session_state[field_key(name, method, preset)] = value


def show_run(run: Run) -> None:
    """Which run the page tells about, until another is chosen."""
    st.session_state[_SHOWN] = run.id


def shown_run() -> Run | None:
    """The run that was chosen in this tab, if it is still there."""
    chosen = st.session_state.get(_SHOWN)
    try:
        return get_run(chosen) if chosen else None
    except NotAvailable:  # deleted meanwhile
        return None


def preset() -> PresetName:
    """The preset that is chosen on the page Fine-tune, or its default."""
    chosen = st.session_state.get(Key.PRESET)
    return next((name for name in PRESETS if name == chosen), "Balanced")
