"""Buttons whose press is not lost.

What `st.button` returns is true in a single run of the page, and only until any run of it ends:
where the page begins anew above the button, or a timer's run ends beside this one, the press is
forgotten though its visitor saw it. Here a press is kept until the page is drawn as far as its
button, and so meets what the page is set to by then: the model that was chosen and the prompt that
was written just before.
"""

from typing import Any

import streamlit as st

_KEPT = "own_presses"


def button(label: str, *, key: str, disabled: bool = False, **options: Any) -> bool:
    """`st.button`, pressed or not. A press on what is disabled by now counts for nothing."""
    st.button(label, key=key, disabled=disabled, on_click=_note, args=(key,), **options)
    kept = _kept()
    pressed = key in kept
    kept.discard(key)
    return pressed and not disabled


def forget() -> None:
    """At the end of a page: what has no button any more is never drawn."""
    _kept().clear()


def _note(key: str) -> None:
    _kept().add(key)


def _kept() -> set[str]:
    """The keys of the buttons that were pressed."""
    kept: set[str] = st.session_state.setdefault(_KEPT, set())
    return kept
