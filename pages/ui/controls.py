"""Widgets that several pages use: the model picker, and where the model runs."""

import streamlit as st

from chatbot.engine import default_model
from chatbot.engine.catalog import ModelEntry
from chatbot.engine_room import Choice, EngineStatus
from chatbot.errors import ChatbotError
from pages.ui import state, told
from pages.ui.errors import plain
from pages.ui.state import Key

_DEVICES = {None: "Chosen for you", "cpu": "Processor", "cuda": "CUDA graphics card",
            "mps": "Apple graphics"}  # fmt: skip
_FORMATS = {None: "Chosen for you", "bfloat16": "bfloat16 (half the memory)",
            "float32": "float32 (exact)", "float16": "float16"}  # fmt: skip
SPOKEN_DEVICES = {"cpu": "processor", "cuda": "CUDA graphics card", "mps": "Apple graphics"}


def model_picker(entries: list[ModelEntry]) -> ModelEntry:
    """The model to chat with. Keeps the choice of this tab while that model exists."""
    by_name = {entry.name: entry for entry in entries}
    if state.model() not in by_name:
        state.choose_model(default_model.first(entries).name)
    chosen = st.selectbox(
        "Model",
        list(by_name),
        key=Key.MODEL,
        format_func=lambda name: _title(by_name[name]),
        persist_state="session",
        filter_mode=None,
    )
    return by_name[chosen]


def default_gone(entries: list[ModelEntry]) -> None:
    """Where the promoted model is gone: what takes its place, and the way to leave it at that.

    Its run may be gone as well, and with it the button that takes the promotion back.
    """
    gone = default_model.missing(entries)
    if not gone:
        return
    with st.container(gap="xxsmall", key="default-gone"):
        st.caption(
            f":orange[:material/info:] The default model {plain(gone)} is not there any more: the "
            "built-in one takes its place."
        )
        st.button(
            "Back to the built-in default",
            type="tertiary",
            icon=":material/star_half:",
            key=Key.DEMOTE,
            on_click=_demote,
            help="Forgets the model that is gone. Otherwise it is the default again as soon as it "
            "is brought back.",
        )


def _demote() -> None:
    try:
        default_model.demote()
    except ChatbotError as error:
        told.tell(told.Place.MESSAGE_BOX, str(error))


def placement(status: EngineStatus) -> None:
    """Where the model runs, and the way to change that."""
    with st.expander(runs_on(status), icon=":material/memory:"):
        st.selectbox(
            "Run on",
            list(_DEVICES),
            key=Key.DEVICE,
            format_func=lambda name: _DEVICES[name],
            persist_state="session",
        )
        st.selectbox(
            "Number format",
            list(_FORMATS),
            key=Key.NUMBER_FORMAT,
            format_func=lambda name: _FORMATS[name],
            persist_state="session",
        )
        if status.placement is not None:
            st.caption(plain(status.placement.reason))


def choice(entry: ModelEntry) -> Choice:
    """What this tab wants to have loaded."""
    return Choice(entry.name, state.device(), state.number_format())


def runs_on(status: EngineStatus) -> str:
    """`Runs on: processor, bfloat16`."""
    where = status.placement
    if where is None:
        return "Runs on: shown once loaded"
    kind = where.device.partition(":")[0]
    return f"Runs on: {SPOKEN_DEVICES.get(kind, kind)}, {where.dtype}"


def _title(entry: ModelEntry) -> str:
    if not entry.installed:
        return f"{entry.title} (not installed)"
    return f"{entry.title} (default)" if default_model.is_promoted(entry) else entry.title
