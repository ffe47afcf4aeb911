"""A list of tokens with two bars each: what is expected, and what came of it. See
assets/lab_rows.js."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

_ASSETS = Path(__file__).resolve().parent / "assets"

_component = st.components.v2.component(
    "lab_rows",
    html='<div id="view"></div>',
    css=(_ASSETS / "lab_rows.css").read_text(encoding="utf-8"),
    js=(_ASSETS / "lab_rows.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One token, or all the others together (`rest`).

    Args:
        expected, actual: shares from 0 to 1.
        figures: what stands behind the bars; growing rows write their own.
    """

    label: str
    expected: float
    actual: float = 0.0
    figures: str = ""
    faded: bool = False
    chosen: bool = False
    rest: bool = False


def still(rows: Sequence[Row], *, title: str, expected: str, actual: str, key: str) -> None:
    """Rows as they are. `expected` and `actual` name the two bars."""
    _component(
        key=key,
        data={
            "title": title,
            "legend": {"expected": expected, "actual": actual},
            "rows": [asdict(row) for row in rows],
        },
    )


def growing(
    rows: Sequence[Row],
    rolls: Sequence[int],
    *,
    since: int,
    name: str,
    told: str,
    title: str,
    expected: str,
    actual: str,
    key: str,
) -> None:
    """Rows whose second bars grow with the rolls.

    Args:
        rolls: which row each roll falls on.
        since: so many of them are there from the start.
        name: of these rolls; they grow only once under the same name.
        told: what is said when the last one has fallen.
    """
    _component(
        key=key,
        data={
            "title": title,
            "legend": {"expected": expected, "actual": actual},
            "rows": [asdict(row) for row in rows],
            "rolls": list(rolls),
            "from": since,
            "name": name,
            "told": told,
        },
    )
