"""Whose conversations are shown: personas to choose, make, copy, rename, delete and bring back."""

from collections.abc import Callable

import streamlit as st

from chatbot.dataset import personas
from chatbot.dataset.personas import FIRST, LONGEST_NAME
from pages.ui import dataset_state
from pages.ui.dataset_actions import acting, free
from pages.ui.dataset_state import Key, store
from pages.ui.errors import plain

_NEW_NAME = "dataset_persona_new_name"
_NAME = "dataset_persona_name"
OFFERED_BACK = 3
"""Deleted personas that are offered to bring back, the last ones."""


def settle() -> None:
    """Before anything is drawn: a persona deleted elsewhere gives way to the chosen one."""
    memory = dataset_state.memory()
    if all(persona.key != memory.persona for persona in personas.personas()):
        memory.notice = "The persona that was open here was deleted elsewhere."
        dataset_state.show_persona(personas.chosen().key)


def picker() -> None:
    """A button with the persona's name, and what opens beneath it."""
    shown = dataset_state.memory().persona
    everybody = {persona.key: persona.name for persona in personas.personas()}
    name = everybody.get(shown, "")
    with st.popover(
        plain(name),
        icon=":material/theater_comedy:",
        key="dataset_personas",
        help="Several personas: each has conversations of its own.",
    ):
        if len(everybody) > 1:
            dataset_state.set_widget(Key.PERSONA, shown)
            st.radio(
                "Persona",
                list(everybody),
                format_func=lambda key: plain(everybody[key]),
                key=Key.PERSONA,
                on_change=_switch,
            )
        dataset_state.set_widget(_NAME, name, when=(shown, name))
        st.text_input("Its name", key=_NAME, max_chars=LONGEST_NAME, on_change=_rename)
        st.button(
            "Delete this persona",
            icon=":material/delete:",
            type="tertiary",
            key="dataset_persona_delete",
            disabled=shown == FIRST,
            help="The first persona stays." if shown == FIRST else "It can be brought back here.",
            on_click=_delete,
        )
        st.text_input(
            "One more persona",
            key=_NEW_NAME,
            max_chars=LONGEST_NAME,
            placeholder="Its name",
        )
        with st.container(horizontal=True):
            st.button("New", icon=":material/add:", key="dataset_persona_new", on_click=_new)
            st.button(
                "Copy of this one",
                icon=":material/content_copy:",
                key="dataset_persona_copy",
                on_click=_copy,
            )
        for gone in personas.deleted()[:OFFERED_BACK]:
            st.button(
                f"Bring back “{plain(gone.name)}”",
                icon=":material/restore_from_trash:",
                type="tertiary",
                key=f"dataset_persona_back_{gone.key}",
                on_click=_restore,
                args=(gone.key,),
            )


def _switch() -> None:
    key = dataset_state.widget(Key.PERSONA)
    _leave(lambda: personas.choose(key), lambda: key)


def _rename() -> None:
    with acting() as memory:
        name = personas.rename(memory.persona, dataset_state.widget(_NAME)).name
        memory.notice = f"This persona is called {name} now."


def _new() -> None:
    _make(lambda name: personas.new(name).key)


def _copy() -> None:
    content = store().raw_bytes()
    _make(lambda name: personas.new(name, content).key)


def _make(making: Callable[[str], str]) -> None:
    name = dataset_state.widget(_NEW_NAME)
    made: list[str] = []
    if _leave(lambda: made.append(making(name)), lambda: made[0]):
        dataset_state.set_widget(_NEW_NAME, "")


def _delete() -> None:
    memory = dataset_state.memory()
    gone: list[str] = []
    if _leave(lambda: gone.append(personas.delete(memory.persona).name), _chosen):
        memory.notice = f"“{gone[0]}” is deleted. The menu of personas brings it back."


def _restore(key: str) -> None:
    _leave(lambda: personas.restore(key), _chosen)


def _chosen() -> str:
    return personas.chosen().key


def _leave(change: Callable[[], object], key: Callable[[], str]) -> bool:
    """Save the open conversation, change something, and show the persona with that key."""
    with acting() as memory:
        if free(memory):
            change()
            dataset_state.show_persona(key())
            return True
    return False
