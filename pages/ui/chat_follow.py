"""An invisible helper of the chat page: it brings the end of a chat that is opened into view, and a
new question with its answer.

Streamlit follows a page to its end only while one stands there already. See assets/chat_follow.js.
"""

from pathlib import Path

import streamlit as st

_component = st.components.v2.component(
    "chat_follow",
    html="<span hidden></span>",
    js=(Path(__file__).resolve().parent / "assets" / "chat_follow.js").read_text(encoding="utf-8"),
)


def chat_follow(chat: str, turns: int) -> None:
    """Show the end of a chat that this tab has not seen yet, and the last turn when there are more
    `turns` than it has seen."""
    _component(key="chat_follow", data={"chat": chat, "turns": turns})
