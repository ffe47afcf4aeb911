"""An invisible helper of the chat page: it copies words and knows the keys.

See assets/chat_keys.js.
"""

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

KEYS: Mapping[str, str] = {
    "Alt+R": "regenerate the last answer",
    "Alt+C": "continue the last answer",
    "Alt+↑, Alt+↓": "edit the last question, the last answer",
    "Alt+G": "the last answer is good: into the data set, or out again",
    "Alt+B": "the last answer is bad: write a better one",
    "Alt+PgUp, Alt+PgDn": "the version of the last answer before, after",
    "Alt+Z, Alt+Shift+Z": "undo, redo",
    "Alt+N": "a new conversation",
    "Alt+L": "the list of conversations",
    "Esc": "stop the answer, or leave a message as it was",
    "Ctrl+Enter": "keep an edited message",
}
"""What the keys do, for people. Alt is the Option key of a Mac."""

_component = st.components.v2.component(
    "chat_keys",
    html="<span hidden></span>",
    js=(Path(__file__).resolve().parent / "assets" / "chat_keys.js").read_text(encoding="utf-8"),
)


def chat_keys(texts: Mapping[str, str], focus: str) -> None:
    """Hear the keys, and copy without asking the server.

    Args:
        texts: what each copy button copies, by the button's key.
        focus: key of a text area to put the cursor in, whenever it is another one; "" for none.
    """
    _component(key="chat_keys", data={"texts": dict(texts), "focus": focus})
