"""The left side of the Dataset page: search, the list of conversations, its pager."""

from collections import Counter
from collections.abc import Mapping, Sequence

import streamlit as st

from chatbot.dataset.ailments import AILMENTS
from chatbot.dataset.changes import title
from chatbot.dataset.doctor import Finding
from chatbot.dataset.editing import Draft, is_blank
from chatbot.dataset.search import find
from chatbot.dataset.snapshot import Snapshot
from chatbot.messages import Conversation
from pages.ui import dataset_actions as actions
from pages.ui import dataset_bulk as bulk
from pages.ui import dataset_state
from pages.ui.conversation_list import Row, conversation_list
from pages.ui.dataset_state import Key, counted
from pages.ui.errors import plain

PER_PAGE = 20


def overview(
    snapshot: Snapshot, draft: Draft | None, findings: Mapping[int, Sequence[Finding]]
) -> list[int]:
    """Search, list and pager; returns the indices that the search leaves."""
    st.text_input(
        "Search",
        type="search",
        live="300ms",
        placeholder="Search in all turns",
        icon=":material/search:",
        label_visibility="collapsed",
        key=Key.SEARCH,
        persist_state="session",
    )
    shown = find(snapshot.conversations, dataset_state.search())
    total, faulty = len(snapshot.conversations), len(findings.keys() - {0})
    with st.container(horizontal=True, wrap=False, vertical_alignment="center"):
        if faulty:
            st.toggle(
                f"Only to mend ({faulty:,})",
                key=Key.ONLY_PROBLEMS,
                persist_state="session",
            )
        if faulty and dataset_state.only_problems():
            shown = [index for index in shown if index + 1 in findings]
        st.space("stretch")
        st.caption(
            counted(total) if len(shown) == total else f"{len(shown):,} of {total:,}",
            width="content",
        )
    if faulty and dataset_state.only_problems():
        mends(snapshot, findings)
    for finding in findings.get(0, []):
        st.caption(f":orange[:material/info:] {plain(finding.message)} {plain(finding.remedy)}")
    if shown:
        page_of_the_list(snapshot, draft, shown, findings)
    elif total:
        st.caption("No conversation contains these words.")
        st.button("Show all", key="dataset_clear", on_click=dataset_state.clear_filters)
    return shown


def mends(snapshot: Snapshot, findings: Mapping[int, Sequence[Finding]]) -> None:
    """What can be mended everywhere with one click."""
    kinds = Counter(f.mend for row in findings.values() for f in row if f.mend)
    with st.container(horizontal=True):
        for key, count in kinds.most_common():
            st.button(
                f"{AILMENTS[key].button} ({count:,})",
                icon=":material/healing:",
                key=f"dataset_mend_all_{key}",
                help="In every conversation; undo brings the words back.",
                on_click=bulk.mend_all,
                args=(key, snapshot.version),
            )


def page_of_the_list(
    snapshot: Snapshot,
    draft: Draft | None,
    shown: Sequence[int],
    findings: Mapping[int, Sequence[Finding]],
) -> None:
    """One page of the list: the one with the open conversation when that is another one now."""
    memory = dataset_state.memory()
    pages = -(-len(shown) // PER_PAGE)
    _turn_to_the_open_one(draft.index if draft else None, shown)
    place = st.container()
    if pages > 1:
        memory.page = st.pagination(
            pages, default=min(memory.page, pages), max_visible_pages=5, key=memory.pager_key
        )
    start = (min(memory.page, pages) - 1) * PER_PAGE
    with place:
        conversation_list(
            [
                row_of(index, snapshot.conversations[index], findings.get(index + 1, ()))
                for index in shown[start : start + PER_PAGE]
            ],
            selected=draft.index if draft else None,
            version=snapshot.version,
            key=Key.LIST,
            on_pick=actions.pick,
        )


def _turn_to_the_open_one(opened: int | None, shown: Sequence[int]) -> None:
    """Where the search or the open conversation changed since the list was drawn last."""
    memory = dataset_state.memory()
    now = (dataset_state.search(), dataset_state.only_problems(), opened)
    if now == memory.listed:
        return
    searching = memory.listed is not None and now[:2] != memory.listed[:2] and now[0]
    memory.listed = now
    if opened in shown and not searching:
        memory.turn_to_page(shown.index(opened) // PER_PAGE + 1)
    elif searching:
        memory.turn_to_page(1)


def row_of(index: int, conversation: Conversation, findings: Sequence[Finding]) -> Row:
    worst = min(findings, key=lambda finding: finding.severity, default=None)
    return {
        "index": index,
        "title": title(conversation),
        "turns": len(conversation.messages),
        "blank": is_blank(conversation),
        "problem": worst.message if worst else "",
        "severity": worst.severity if worst else "",
    }
