"""Answers that came from elsewhere: the button that asks for one, and who made it."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from chatbot.answering import Request
from chatbot.chat_tree import Turn
from pages.ui import chats, presses, provider_state
from pages.ui.errors import plain
from pages.ui.resources import answering

PROVIDER = "provider"
"""The field that tells a provider's receipt from a model's of this machine."""
_ENDS = {
    "end": "ended by itself",
    "length": "ended at the limit of new tokens",
    "stopped": "was stopped",
    "cut off": "broke off",
    "refused": "was refused",
}


def ask_button(chat: str, turn: Turn, request: Request, busy: bool, *, last: bool) -> None:
    """Under an answer, while a bigger model is switched on: its answer as another version."""
    provider = provider_state.current()
    if provider is None:
        return
    by_it = replace(request, provider=provider, by_provider=True)
    if presses.button(
        "Ask the bigger model" if last else ":material/cloud_upload:",
        icon=":material/cloud_upload:" if last else None,
        key="ask-bigger" if last else f"ask-bigger-{turn.id}",
        type="tertiary",
        help=f"Sends this question, what was said before it and the persona text to "
        f"{plain(provider.name)}. Its answer becomes another version; this one stays.",
        disabled=busy,
    ):
        chats.attempt(partial(answering().regenerate, chat, by_it, turn.id))
        st.rerun()


def draw_receipt(receipt: Mapping[str, Any]) -> None:
    """Who answered, and how."""
    note, finish = receipt.get("note"), str(receipt.get("finish"))
    if finish == "cut off":
        st.caption(plain(f"Cut off: {note} What came is kept."))
    elif finish == "refused":
        st.caption(plain(str(note or "The provider did not want to go on.")))
    elif finish == "length":
        st.caption("The answer reached its limit; raise *Max new tokens* for longer ones.")
    with st.expander(plain(told(receipt)), type="compact"):
        st.caption(
            "  \n".join(f"**{name}** {plain(value)}" for name, value in _rows(receipt).items())
        )


def told(receipt: Mapping[str, Any]) -> str:
    """In one line."""
    return f"Answered by {receipt.get('model')} at {receipt.get('host')}, not on this machine"


def _rows(receipt: Mapping[str, Any]) -> dict[str, str]:
    params: Mapping[str, Any] = receipt.get("params") or {}
    sent = [str(name) for name in receipt.get("sent") or ()]
    settings = ", ".join(f"{name.replace('_', ' ')} {params.get(name)}" for name in sent)
    read, new = receipt.get("prompt_tokens"), receipt.get("new_tokens")
    counted = read is not None and new is not None
    seconds = receipt.get("seconds_to_first")
    first = f"{seconds:.1f} s" if isinstance(seconds, int | float) else "?"
    end = _ENDS.get(str(receipt.get("finish")), "")
    return {
        "Model": str(receipt.get("model")),
        "Sent to": str(receipt.get("host")),
        "Settings it was told": settings or "none",
        "Speed": f"first words after {first}",
        "Length": f"{read} tokens read and {new} new ones, as the server says; it {end}"
        if counted
        else f"the server counted no tokens; it {end}",
    }
