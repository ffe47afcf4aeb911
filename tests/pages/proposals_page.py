"""A page with the panel alone: what it hands over is put into the session, for tests to read."""

import streamlit as st

from chatbot.dataset.editing import Draft
from pages.ui import dataset_proposals, resources

store = resources.store()
snapshot = store.snapshot()
opened = int(st.session_state.get("opened", 0))
took = st.session_state.setdefault("took", [])


def take(*accepted: object) -> bool:
    took.append(accepted[0] if len(accepted) == 1 else accepted)
    return True


dataset_proposals.panel(
    snapshot,
    store,
    "first",
    Draft.of(snapshot, opened),
    take,
    take,
)
