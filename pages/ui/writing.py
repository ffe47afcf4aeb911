"""An invisible helper for the text areas whose keys begin with `turn-` or `note-`: it saves while
one types and knows the keys of a person who writes without a mouse. See assets/writing.js."""

from collections.abc import Callable, Mapping
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


def steps(key: str) -> tuple[str, list[str]]:
    """All presses of the undo and redo keys since the browser's part began, and a name for it.

    A callback would be cut short by the next press, and not called again.
    """
    steps = getattr(st.session_state.get(key), "steps", None)
    if not isinstance(steps, dict) or not isinstance(steps.get("names"), list):
        return "", []
    return str(steps.get("since")), [str(name) for name in steps["names"]]


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
    """

    def heard() -> None:
        command = st.session_state[key].command
        if isinstance(command, dict):
            on_command(command)

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
        on_steps_change=lambda: None,  # the page itself asks for `steps`
    )
