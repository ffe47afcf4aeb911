"""What the list of conversations leaves out, and its order."""

from collections.abc import Mapping, Sequence

import streamlit as st

from chatbot.dataset.findings import KINDS
from chatbot.dataset.selection import LENGTHS, ORDERS, Filters
from pages.ui import dataset_state
from pages.ui.dataset_state import Key
from pages.ui.errors import plain

UNTAGGED = ""


def panel(tags: Sequence[str], kinds: Mapping[str, int]) -> None:
    """The button and what opens beneath it.

    Args:
        tags: all that occur in the set.
        kinds: what the doctor found, and in how many conversations.
    """
    filters, order = dataset_state.filters(), dataset_state.order()
    kind = dataset_state.kind()
    active = filters.count + bool(kind) + (order != next(iter(ORDERS)))
    label = f"Filter ({active})" if active else "Filter"
    with st.popover(label, icon=":material/filter_list:", key="dataset_filter_open"):
        st.multiselect(
            "Tags",
            list(dict.fromkeys((*tags, *filters.tags, UNTAGGED))),
            format_func=lambda tag: plain(tag) or "without a tag",
            key=Key.FILTER_TAGS,
            persist_state="session",
            placeholder="Any" if tags else "No tags yet",
        )
        st.selectbox(
            "Length",
            ["", *LENGTHS],
            format_func=lambda name: LENGTHS[name][0] if name else "Any",
            key=Key.FILTER_LENGTH,
            persist_state="session",
            filter_mode=None,
        )
        st.selectbox(
            "Problem",
            [
                "",
                *dict.fromkeys(
                    (*(name for name in KINDS if kinds.get(name)), *filter(None, [kind]))
                ),
            ],
            format_func=lambda name: (
                f"{KINDS[name]} ({kinds.get(name, 0):,})" if name else "Any or none"
            ),
            key=Key.FILTER_KIND,
            persist_state="session",
            filter_mode=None,
        )
        with st.container(horizontal=True):
            st.toggle("Liked", key=Key.FILTER_LIKED, persist_state="session")
            st.toggle("With a note", key=Key.FILTER_NOTED, persist_state="session")
        st.selectbox(
            "Order",
            list(ORDERS),
            format_func=lambda name: ORDERS[name][0],
            key=Key.ORDER,
            persist_state="session",
            filter_mode=None,
        )
        if filters != Filters() or active:
            st.button(
                "Show all",
                icon=":material/filter_list_off:",
                type="tertiary",
                key="dataset_unfilter",
                on_click=dataset_state.clear_filters,
            )
