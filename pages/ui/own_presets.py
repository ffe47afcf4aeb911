"""The built-in presets and those of one's own: choose, save by a name, delete with undo."""

from collections.abc import Mapping

import streamlit as st

from chatbot import presets
from chatbot.engine.sampling import PRESETS, SamplingParams
from chatbot.errors import BadInput, ChatbotError
from pages.ui import errors, state, told
from pages.ui.state import Key

HELP = {
    "Factual": "Factual: careful and steady (temperature 0.5 to 0.8).",
    "Creative": "Creative: bolder and more varied (temperature 0.8 to 1.0, repetition "
    "penalty 1.2).",
}


def choose() -> None:
    """All presets, the one that the sliders stand at marked."""
    own, problem = _own()
    everything = {**PRESETS, **own}
    state.show_preset(everything)
    st.pills(
        "Preset",
        list(everything),
        key=Key.PRESET,
        on_change=state.apply_preset,
        args=(everything,),
        help=" ".join(HELP[name] for name in PRESETS),
        width="stretch",
    )
    with st.container():  # always there: what comes and goes in it moves nothing below
        if problem is not None:
            errors.say(problem)
        errors.say_told(told.Place.PRESETS)
        deleted = state.deleted_preset()
        if deleted is not None and deleted[0] not in own:
            st.button(
                f"Bring back {errors.plain(deleted[0])}",
                icon=":material/undo:",
                key="preset_undo",
                type="tertiary",
                on_click=_keep,
                args=deleted,
            )


def menu() -> None:
    """Save the settings as they stand by a name, or delete what was saved."""
    own, _ = _own()
    with st.popover("My presets", icon=":material/bookmark:", type="tertiary", key="presets_own"):
        with st.form("preset_new", border=False, clear_on_submit=True):
            st.text_input(
                "Save these settings as",
                key=Key.PRESET_NAME,
                max_chars=presets.LONGEST_NAME,
                placeholder="Bedtime stories",
            )
            st.form_submit_button("Save", icon=":material/bookmark_add:", on_click=_save)
        for name in own:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.text(name, width="stretch")
                st.button(
                    "",
                    icon=":material/delete:",
                    key=f"preset_delete_{name}",
                    type="tertiary",
                    help="Delete this preset; the sliders stay as they are.",
                    on_click=_delete,
                    args=(name,),
                )


def _own() -> tuple[Mapping[str, SamplingParams], ChatbotError | None]:
    """Those of one's own, and why they can't be read."""
    try:
        return presets.saved(), None
    except BadInput as error:
        return {}, error


def _save() -> None:
    _keep(state.preset_name(), state.params())


def _keep(name: str, params: SamplingParams) -> None:
    try:
        presets.save(name, params)
    except ChatbotError as error:
        told.tell(told.Place.PRESETS, str(error))
    else:
        state.forget_deleted_preset()


def _delete(name: str) -> None:
    try:
        settings = presets.delete(name)
    except ChatbotError as error:
        told.tell(told.Place.PRESETS, str(error))
    else:
        if settings is not None:
            state.remember_deleted_preset(name, settings)
