"""A list to pick from: a component of ours, as no widget shows foreign text in a list of buttons
letter by letter, left-aligned and with something beside it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypedDict

import streamlit as st

_ASSETS = Path(__file__).resolve().parent / "assets"


class Row(TypedDict):
    """One line of the list.

    Attributes:
        aside: stands small at the end, such as how many turns.
        blank: the title is no words of the data.
        problem, severity: the doctor's sentence; "" where there is none.
    """

    index: int
    title: str
    aside: str
    blank: bool
    problem: str
    severity: str


_component = st.components.v2.component(
    "conversation_list",
    html='<div id="list" role="listbox"></div>',
    css=(_ASSETS / "conversation_list.css").read_text(encoding="utf-8"),
    js=(_ASSETS / "conversation_list.js").read_text(encoding="utf-8"),
)


def conversation_list(
    rows: Sequence[Row],
    *,
    selected: int | None,
    version: str,
    key: str,
    on_pick: Callable[[int, str], None],
    label: str = "Conversations",
) -> None:
    """Draw the rows. A click calls `on_pick(index, version of the file that was shown)`."""

    def picked() -> None:
        choice = st.session_state[key].picked
        if isinstance(choice, dict) and isinstance(choice.get("index"), int):
            on_pick(choice["index"], str(choice.get("version", "")))

    _component(
        key=key,
        data={
            "rows": tuple(rows),  # a list is looked at as a table, for which pandas is loaded
            "selected": selected,
            "version": version,
            "label": label,
        },
        on_picked_change=picked,
    )
