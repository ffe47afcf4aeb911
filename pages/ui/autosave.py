"""An invisible helper for text areas whose keys begin with `turn-`: see assets/autosave.js."""

from pathlib import Path

import streamlit as st

_component = st.components.v2.component(
    "autosave",
    html="<span hidden></span>",
    js=(Path(__file__).resolve().parent / "assets" / "autosave.js").read_text(encoding="utf-8"),
)


def autosave(*, key: str, conversation: str, focus: str, jumps: int, unsaved: bool) -> None:
    """Save while one types.

    Args:
        conversation: key of the container that a narrow screen moves to.
        focus: key of the text area to put the cursor in; each is taken once.
        jumps: a narrow screen moves whenever this number is another one.
        unsaved: whether to ask before the page is left.
    """
    _component(
        key=key,
        data={"conversation": conversation, "focus": focus, "jumps": jumps, "unsaved": unsaved},
    )
