"""With which model's eyes the Dataset page reads: its tokenizer, and all token counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from chatbot import paths
from chatbot.engine.catalog import DEFAULT_MODEL, POCKET_MODEL, ModelEntry, list_models
from chatbot.messages import Conversation
from chatbot.training.seen import LONGEST, Reader, reader_of
from chatbot.training.telling import Telling
from pages.ui import fine_tune_state, state

if TYPE_CHECKING:
    from chatbot.training.lengths import Lengths

SCRATCH = "from scratch"
"""Stands for the model that is not there yet."""
_CHOSEN = "own_dataset_reader"


@dataclass(frozen=True, slots=True)
class Choice:
    """The model whose tokenizer is used. `scratch`: it stands in for one that is yet to be made."""

    reader: Reader
    scratch: bool
    max_length: int = LONGEST

    @property
    def limit(self) -> int:
        """Tokens of a conversation that training reads."""
        return self.reader.limit(self.max_length)


def chosen() -> Choice | None:
    """The model that was chosen here, else on the page Fine-tune or in the chat; None without any.

    Raises:
        NotAvailable, BadInput: it is gone or damaged.
    """
    entries = _installed()
    name = _name(entries)
    if not name:
        return None
    return Choice(reader_of(POCKET_MODEL if name == SCRATCH else name), name == SCRATCH)


def picker(key: str) -> None:
    """Choose the model. What is chosen counts for all of the page."""
    entries = _installed()
    if not entries:
        return
    titles = {entry.name: entry.title for entry in entries}
    if POCKET_MODEL in titles:
        titles[SCRATCH] = "A new GPT-2, from scratch"
    st.session_state[key] = _name(entries)
    st.selectbox(
        "Base model",
        list(titles),
        format_func=lambda name: titles[name],
        key=key,
        on_change=_choose,
        args=(key,),
        help="Every model cuts text into tokens in its own way: choose the one that you will "
        "fine-tune.",
    )
    if st.session_state[key] == SCRATCH:
        st.caption(
            "A new GPT-2 gets a tokenizer of its own, made from your conversations when its "
            "training begins: there is none to look at before. Shown are the tokens of Pocket "
            "GPT-2, whose tokenizer was made in the same way."
        )


def lengths(reader: Reader) -> "Lengths":
    """The token counts with this reader, shared by all tabs."""
    return _lengths(str(paths.home()), reader)


@st.cache_resource(show_spinner=False, max_entries=3, hash_funcs={Reader: id})
def _lengths(home: str, reader: Reader) -> "Lengths":
    from chatbot.training.lengths import Lengths

    return Lengths(reader)


@st.cache_resource(show_spinner=False, max_entries=2)
def telling(version: str, _conversations: Sequence[Conversation]) -> Telling:
    """The words that tell what was asked for, counted in all of this version of the file."""
    return Telling(_conversations)


def _choose(key: str) -> None:
    st.session_state[_CHOSEN] = st.session_state[key]


def _installed() -> list[ModelEntry]:
    return [entry for entry in list_models() if entry.installed]


def _name(entries: list[ModelEntry]) -> str:
    by_name = {entry.name: entry for entry in entries}
    talked_to = by_name.get(state.model() or "")
    wanted = [
        st.session_state.get(_CHOSEN),
        st.session_state.get(fine_tune_state.Key.BASE),
        talked_to and (talked_to.base or talked_to.name),
        DEFAULT_MODEL,
        *by_name,
    ]
    known = {*by_name, SCRATCH} if POCKET_MODEL in by_name else set(by_name)
    return next((name for name in wanted if name in known), "")
