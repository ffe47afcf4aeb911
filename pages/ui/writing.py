"""An invisible helper for the text areas whose keys begin with `turn-` or `note-`: it saves while
one types and knows the keys of a person who writes without a mouse. See assets/writing.js."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

KEYS: Mapping[str, str] = {
    "Alt+Enter": "on to the next turn; after the last one, a new one",
    "Alt+Shift+Enter": "split the turn where the cursor stands",
    "Alt+Shift+Backspace": "join the turn with the one before",
    "Alt+↑, Alt+↓": "move the turn",
    "Alt+Shift+↓": "duplicate the turn",
    "Alt+Shift+Delete": "delete the turn",
    "Alt+N": "a new conversation",
    "Alt+Z, Alt+Shift+Z": "undo, redo",
    "Alt+PgUp, Alt+PgDn": "previous, next conversation",
}
"""What the keys do, for people. Alt is the Option key of a Mac."""

_component = st.components.v2.component(
    "writing",
    html="<span hidden></span>",
    js=(Path(__file__).resolve().parent / "assets" / "writing.js").read_text(encoding="utf-8"),
)


def writing(
    *,
    key: str,
    conversation: str,
    focus: str,
    focused: int,
    jumps: int,
    unsaved: bool,
    cursor_of: str,
    on_command: Callable[[Mapping[str, Any]], None],
    on_steps: Callable[[str, Sequence[str]], None],
) -> None:
    """Save while one types, and hear the keys.

    Args:
        conversation: key of the container that a narrow screen moves to.
        focus, focused: key of the text area to put the cursor in, whenever the number is another.
        jumps: a narrow screen moves whenever this number is another one.
        unsaved: whether to ask before the page is left.
        cursor_of: key of a text area that is to be split where its cursor stands; each is asked
            for once.
        on_command: called with {"name": what, "key": of the text area, "text": what stands in it,
            "at": characters before the cursor}; names are split, joined, next, duplicated,
            deleted, up and down.
        on_steps: called with (since, names): all presses of "undo" and "redo" since the browser's
            part began, which `since` names.
    """

    def heard() -> None:
        command = st.session_state[key].command
        if isinstance(command, dict):
            on_command(command)

    def stepped() -> None:
        steps = st.session_state[key].steps
        if isinstance(steps, dict) and isinstance(steps.get("names"), list):
            on_steps(str(steps.get("since")), [str(name) for name in steps["names"]])

    _component(
        key=key,
        data={
            "conversation": conversation,
            "focus": focus,
            "focused": focused,
            "jumps": jumps,
            "unsaved": unsaved,
            "cursorOf": cursor_of,
        },
        on_command_change=heard,
        on_steps_change=stepped,
    )
