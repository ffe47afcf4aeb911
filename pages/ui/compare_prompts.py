"""What the models are asked: one prompt, or a list that is kept."""

import streamlit as st

from chatbot.comparing import prompts
from chatbot.errors import ChatbotError
from pages.ui import compare_state, errors
from pages.ui.compare_state import Key

ONE, LIST = "One prompt", "A list of prompts"


def choose(*, always_list: bool = False) -> str:
    """The fields; returns the text as it stands: one prompt, or one a line."""
    source = LIST
    if not always_list:
        source = st.segmented_control(
            "Ask",
            (ONE, LIST),
            default=ONE,
            key=Key.SOURCE,
            required=True,
            persist_state="session",
            label_visibility="collapsed",
        )
    if source == ONE:
        return str(
            st.text_area(
                "Prompt",
                key=Key.PROMPT,
                placeholder="What all models are asked, such as: Who are you?",
                persist_state="session",
            )
        )
    return _list()


def asked(text: str, *, as_list: bool) -> tuple[str, ...]:
    """The prompts of what `choose` gave.

    Raises:
        BadInput: none, too many, or one that can't be asked.
    """
    return prompts.parsed(text) if as_list else (prompts.checked(text),)


def is_list() -> bool:
    return st.session_state.get(Key.SOURCE) == LIST


def _list() -> str:
    kept = prompts.lists()
    if st.session_state.get(Key.LIST) not in kept:
        st.session_state[Key.LIST] = next(iter(kept))
    name = str(st.selectbox("List", list(kept), key=Key.LIST, persist_state="session"))
    compare_state.show_text_of(name, "\n".join(kept[name]))
    text = str(
        st.text_area("Prompts, one a line", key=Key.LIST_TEXT, height=180, persist_state="session")
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Name of the list", key=Key.LIST_NAME, persist_state="session")
        st.button("Save list", icon=":material/save:", key="compare-save-list", on_click=_save)
        st.button(
            "Delete list", icon=":material/delete:", key="compare-delete-list", on_click=_delete
        )
    return text


def _save() -> None:
    try:
        name = prompts.save(
            str(st.session_state[Key.LIST_NAME]), str(st.session_state[Key.LIST_TEXT]).splitlines()
        )
    except ChatbotError as error:
        errors.say(error)
        return
    compare_state.choose_list(name)
    st.toast("The list is saved.", icon=":material/check:")


def _delete() -> None:
    with errors.shown():
        prompts.delete(str(st.session_state[Key.LIST]))
        st.session_state.pop(Key.LIST, None)
