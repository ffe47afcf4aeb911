"""Sentences that a page owes its visitor, and which it keeps until they had the time to read them.

A page also draws itself anew without being asked: a model has been loaded, an answer has ended.
That takes no sentence away; the visitor's next deed does.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NoReturn

import streamlit as st

_KEPT = "own_told"


class Place(StrEnum):
    """Where a sentence belongs on the page."""

    MESSAGE_BOX = "message box"
    HEAD = "head"
    PRESETS = "presets"


@dataclass
class _Told:
    """
    Attributes:
        drawn: the page was drawn to its end with these sentences.
        by_itself: the page draws itself anew, nobody did anything.
    """

    sentences: defaultdict[Place, list[str]] = field(default_factory=lambda: defaultdict(list))
    drawn: bool = False
    by_itself: bool = False


def tell(place: Place, *sentences: str) -> None:
    kept = _kept()
    if kept.drawn:
        _forget(kept)
    known = kept.sentences[place]
    known.extend(sentence for sentence in sentences if sentence not in known)


def at(place: Place) -> list[str]:
    return list(_kept().sentences[place])


def begin() -> bool:
    """At the beginning of a page; whether it draws itself anew, and nobody did anything."""
    kept = _kept()
    by_itself, kept.by_itself = kept.by_itself, False
    if kept.drawn and not by_itself:
        _forget(kept)
    kept.drawn = False
    return by_itself


def end() -> None:
    """At the end of a page: not before, as a rerun in its middle begins it anew."""
    _kept().drawn = True


def draw_anew() -> NoReturn:
    """For what goes on behind the page and has come to its end: `st.rerun`, which forgets nothing
    that was told."""
    _kept().by_itself = True
    st.rerun()


def _forget(kept: _Told) -> None:
    kept.sentences.clear()
    kept.drawn = False


def _kept() -> _Told:
    kept: _Told = st.session_state.setdefault(_KEPT, _Told())
    return kept
