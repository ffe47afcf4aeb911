"""What the compare page keeps of a session: its widgets' keys, the benches, the blind test."""

from dataclasses import dataclass, replace
from enum import StrEnum

import streamlit as st

from chatbot.comparing.bench import Bench
from chatbot.comparing.taste import TasteTest


class Key(StrEnum):
    """Keys of widgets; those of a column end with its number."""

    TASK = "compare_task"
    COUNT = "compare_count"
    MODEL = "compare_model_"
    SETTING = "compare_setting_"
    SOURCE = "compare_source"
    PROMPT = "compare_prompt"
    LIST = "compare_list"
    LIST_TEXT = "compare_list_text"
    LIST_NAME = "compare_list_name"
    SWEPT = "compare_swept"
    VALUES = "compare_values"


class _Own(StrEnum):
    BENCHES = "own_compare_benches"
    TASTE = "own_compare_taste"
    TEXT_OF = "own_compare_text_of"


@dataclass(frozen=True)
class Tasting:
    """The blind test of this tab, and the answers that are made for it."""

    test: TasteTest
    bench: Bench
    ended: bool = False


def bench(task: str) -> Bench | None:
    """The last comparison of this kind."""
    found: Bench | None = st.session_state.setdefault(_Own.BENCHES, {}).get(task)
    return found


def keep_bench(task: str, made: Bench) -> None:
    """Show this one from now on. Another one of this tab that still holds models gives them back;
    what it has answered stays."""
    benches: dict[str, Bench] = st.session_state.setdefault(_Own.BENCHES, {})
    for other in benches.values():
        other.close()
    benches[task] = made


def tasting() -> Tasting | None:
    return st.session_state.get(_Own.TASTE)


def keep_tasting(task: str, made: Tasting) -> None:
    keep_bench(task, made.bench)
    st.session_state[_Own.TASTE] = made


def end_tasting() -> None:
    """No more votes for now: the result is shown, and the models are given back."""
    found = tasting()
    if found is not None:
        found.bench.close()
        st.session_state[_Own.TASTE] = replace(found, ended=True)


def show_text_of(name: str, text: str) -> None:
    """Fill the list's field, once for each list that is chosen. Before the field is drawn."""
    if st.session_state.get(_Own.TEXT_OF) != name or Key.LIST_TEXT not in st.session_state:
        st.session_state[_Own.TEXT_OF] = name
        st.session_state[Key.LIST_TEXT] = text
        st.session_state[Key.LIST_NAME] = name


def choose_list(name: str) -> None:
    """Only in a callback."""
    st.session_state[Key.LIST] = name
    st.session_state.pop(_Own.TEXT_OF, None)
