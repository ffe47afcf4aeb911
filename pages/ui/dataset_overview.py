"""The left side of the Dataset page: search, the list of conversations, its pager."""

from collections.abc import Container, Sequence

import streamlit as st

from chatbot.dataset.changes import title
from chatbot.dataset.editing import Draft, is_blank
from chatbot.dataset.findings import Finding
from chatbot.dataset.search import find
from chatbot.dataset.selection import select
from chatbot.dataset.snapshot import Snapshot
from chatbot.messages import Conversation
from pages.ui import dataset_actions as actions
from pages.ui import dataset_change_many as change_many
from pages.ui import dataset_filters, dataset_state
from pages.ui.conversation_list import Row, conversation_list
from pages.ui.dataset_checkup import Found, follow
from pages.ui.dataset_state import NOTHING_WANTED, Key, Wanted, counted
from pages.ui.errors import plain

PER_PAGE = 20
TOO_LONG = "too-long"


def overview(
    snapshot: Snapshot,
    draft: Draft | None,
    found: Found,
    tags: Sequence[str],
) -> list[int]:
    """Search, filters, list and pager; returns the indices that they leave, in their order."""
    with st.container(horizontal=True, wrap=False, gap="small"):
        st.text_input(
            "Search",
            type="search",
            live=True,
            placeholder="Search in all turns",
            icon=":material/search:",
            label_visibility="collapsed",
            key=Key.SEARCH,
            persist_state="session",
        )
        dataset_filters.panel(tags, found.report.kinds if found.report else {})
    faults = found.faulty()
    shown = select(
        snapshot.conversations,
        find(snapshot.conversations, dataset_state.search()),
        dataset_state.filters(),
        among=_wanted_faults(faults, found),
        order=dataset_state.order(),
    )
    total, faulty = len(snapshot.conversations), len(faults)
    with st.container(horizontal=True, wrap=False, vertical_alignment="center"):
        if faulty:
            st.toggle(
                f"Only to mend ({faulty:,})",
                key=Key.ONLY_PROBLEMS,
                persist_state="session",
            )
        st.space("stretch")
        st.caption(
            counted(total) if len(shown) == total else f"{len(shown):,} of {total:,}",
            width="content",
        )
    for finding in found.report.of_the_set if found.report else ():
        st.caption(f":orange[:material/info:] {plain(finding.message)} {plain(finding.remedy)}")
    follow(found.state)
    if shown:
        page_of_the_list(snapshot, draft, shown, found)
        st.button(
            f"Change all {len(shown):,} of this list" if len(shown) > 1 else "Change this one",
            icon=":material/edit_note:",
            type="tertiary",
            key="dataset_change_open",
            help="Tag, delete, find and replace, fill in places, or give the bot another name.",
            on_click=change_many.open_panel,
        )
    elif total:
        filtered = dataset_state.wanted() != Wanted(search=dataset_state.search().strip())
        st.caption(
            "No conversation passes these filters."
            if filtered
            else "No conversation contains these words."
        )
        st.button("Show all", key="dataset_clear", on_click=dataset_state.clear_filters)
    return shown


def _wanted_faults(faults: set[int], found: Found) -> Container[int] | None:
    """The conversations with something to mend, where only these are wanted, or one kind."""
    kind = dataset_state.kind()
    if kind == TOO_LONG:
        return found.too_long.keys()
    if kind and found.report is not None:
        return set(found.report.of_kind(kind))
    return faults if faults and dataset_state.only_problems() else None


def page_of_the_list(
    snapshot: Snapshot,
    draft: Draft | None,
    shown: Sequence[int],
    found: Found,
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
                row_of(index, snapshot.conversations[index], found.of(index))
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
    wanted = dataset_state.wanted()
    now = (wanted, opened)
    if now == memory.listed:
        return
    choosing = memory.listed is not None and wanted not in (memory.listed[0], NOTHING_WANTED)
    memory.listed = now
    if choosing:
        memory.turn_to_page(1)
    elif opened in shown:
        memory.turn_to_page(shown.index(opened) // PER_PAGE + 1)


def row_of(index: int, conversation: Conversation, findings: Sequence[Finding]) -> Row:
    turns = len(conversation.messages)
    worst = min(findings, key=lambda finding: finding.severity, default=None)
    return {
        "index": index,
        "title": title(conversation),
        "aside": "1 turn" if turns == 1 else f"{turns} turns",
        "blank": is_blank(conversation),
        "problem": worst.message if worst else "",
        "severity": worst.severity if worst else "",
    }
