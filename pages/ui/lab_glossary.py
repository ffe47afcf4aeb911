"""The glossary of the sampling lab: the field's words in plain ones, formulas on demand."""

import streamlit as st

from pages.ui import lab_play_state
from pages.ui.errors import plain
from pages.ui.lab_play_state import Key
from pages.ui.lab_terms import TERMS, Term


def panel() -> None:
    """All terms, folded away until they are wanted."""
    with st.expander("Glossary: the words of this page", icon=":material/dictionary:"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text_input(
                "Find a word",
                key=Key.GLOSSARY_SEARCH,
                placeholder="Find a word",
                label_visibility="collapsed",
                icon=":material/search:",
                persist_state="session",
            )
            formulas = st.toggle(
                "Formulas", key=Key.GLOSSARY_FORMULAS, persist_state="session", width="content"
            )
        wanted = lab_play_state.wanted_terms()
        found = [term for term in TERMS if wanted in f"{term.name} {term.meaning}".lower()]
        for term in found:
            _term(term, formulas=formulas)
        if not found:
            st.caption(f"No term has “{plain(wanted)}” in it.")


def _term(term: Term, *, formulas: bool) -> None:
    with st.container(gap="xxsmall"):
        st.markdown(f"**{term.name}**  \n{term.meaning}")
        if formulas:
            if term.formula:
                st.latex(term.formula)
            st.caption(term.legend)
        st.caption(f"{term.source}.")
