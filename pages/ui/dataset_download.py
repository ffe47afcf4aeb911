"""Take the conversations along, in the format that somebody else reads."""

from collections.abc import Callable
from pathlib import PurePath

import streamlit as st

from chatbot.dataset.outgoing import FORMATS
from chatbot.dataset.snapshot import Snapshot
from pages.ui.dataset_state import store
from pages.ui.errors import plain

OURS = next(iter(FORMATS))


def panel(snapshot: Snapshot) -> None:
    """Choose a format, see what it can't hold, take it."""
    key = st.selectbox(
        "Format",
        list(FORMATS),
        format_func=lambda name: FORMATS[name].title,
        key="dataset_format",
        filter_mode=None,
    )
    form = FORMATS[key]
    name = PurePath(store().path.name).stem + form.suffix
    data: bytes | Callable[[], bytes] = store().raw_bytes
    losses: list[str] = []
    if key != OURS:
        data, losses = _written(snapshot.version, key, snapshot)
    st.download_button(
        "Download",
        data=data,
        file_name=name,
        mime=form.mime,
        icon=":material/download:",
        key="dataset_download",
        on_click="ignore",
    )
    for loss in losses:
        st.caption(f":material/warning: {plain(loss)}")
    if not losses:
        st.caption("This format holds everything.")


@st.cache_data(max_entries=1, show_spinner="Writing the file …")
def _written(version: str, key: str, _snapshot: Snapshot) -> tuple[bytes, list[str]]:
    return FORMATS[key].write(_snapshot.conversations)
