"""Widgets that several pages use: the model picker, the sliders, where the model runs."""

from collections.abc import Mapping

import streamlit as st

from chatbot.engine import default_model
from chatbot.engine.catalog import ModelEntry
from chatbot.engine.sampling import LARGEST_SEED, PRESETS, SamplingParams
from chatbot.engine_room import Choice, EngineStatus
from pages.ui import errors, state
from pages.ui.errors import plain
from pages.ui.state import Key

PRESET_HELP = {
    "Factual": "Factual: careful and steady (temperature 0.5 to 0.8).",
    "Creative": "Creative: bolder and more varied (temperature 0.8 to 1.0, repetition "
    "penalty 1.2).",
}
SENTENCES: Mapping[str, str] = {
    Key.TEMPERATURE: "How daring the choice of each word is; 0 always takes the likeliest.",
    Key.TOP_P: "Only the likeliest words that together reach this share are considered.",
    Key.TOP_K: "At most this many candidates for each word; 0 is no limit.",
    Key.REPETITION_PENALTY: "Above 1, words that were said already become less likely.",
    Key.MAX_NEW_TOKENS: "The answer ends here at the latest; a token is about ¾ of a word.",
    Key.SEED: "The same seed gives the same answer again; empty draws a new one.",
}
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
    with errors.shown():
        default_model.demote()


def sampling() -> SamplingParams:
    """Presets and sliders."""
    if not state.has_params():
        state.set_params(PRESETS["Factual"])
    _presets()
    _slider("Temperature", Key.TEMPERATURE, 0.0, 2.0, 0.05)
    _slider("Top-p", Key.TOP_P, 0.05, 1.0, 0.05)
    _slider("Top-k", Key.TOP_K, 0, 200, 1)
    _slider("Repetition penalty", Key.REPETITION_PENALTY, 0.5, 2.0, 0.05)
    _slider("Max new tokens", Key.MAX_NEW_TOKENS, 8, 1024, 8)
    with st.container(gap="xxsmall"):
        st.number_input(
            "Seed",
            min_value=0,
            max_value=LARGEST_SEED,
            value=None,
            step=1,
            key=Key.SEED,
            placeholder="a new one each time",
            persist_state="session",
        )
        st.caption(SENTENCES[Key.SEED])
    return state.params()


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


def _presets() -> None:
    state.show_preset(PRESETS)
    st.segmented_control(
        "Preset",
        list(PRESETS),
        key=Key.PRESET,
        on_change=lambda: state.apply_preset(PRESETS),
        help=" ".join(PRESET_HELP[name] for name in PRESETS),
        width="stretch",
    )


def _slider(label: str, key: Key, low: float, high: float, step: float) -> None:
    state.keep_within(key, low, high)
    with st.container(gap=None):
        st.slider(label, low, high, step=step, key=key, persist_state="session")
        st.caption(SENTENCES[key])


def _title(entry: ModelEntry) -> str:
    if not entry.installed:
        return f"{entry.title} (not installed)"
    return f"{entry.title} (default)" if default_model.is_promoted(entry) else entry.title
