"""When somebody else changed the open conversation, and when the data file is broken."""

import streamlit as st

from chatbot.dataset.editing import Draft
from chatbot.dataset.snapshot import Snapshot
from chatbot.errors import ChatbotError
from pages.ui import dataset_actions as actions
from pages.ui import dataset_state, errors
from pages.ui.conversation_editor import transcript
from pages.ui.dataset_state import counted, store


def clash(snapshot: Snapshot, draft: Draft) -> None:
    """Somebody else changed the conversation while it was edited here: show both and ask."""
    place = actions.theirs(snapshot)
    st.warning(
        "This conversation was changed elsewhere while you edited it here. Nothing is lost: "
        "choose what to keep."
        if place is not None
        else "This conversation was deleted elsewhere while you edited it here. Keep yours?",
        icon=":material/call_split:",
    )
    with st.container(horizontal=True):
        st.button("Keep mine", type="primary", key="clash_mine", on_click=actions.keep_mine)
        st.button(
            "Keep the other" if place is not None else "Let it go",
            key="clash_theirs",
            on_click=actions.keep_theirs,
        )
        if place is not None:
            st.button("Keep both", key="clash_both", on_click=actions.keep_both)
    mine, other = st.columns(2)
    with mine.container(border=True):
        st.caption("Yours, not saved yet")
        transcript(draft.conversation)
    if place is not None:
        with other.container(border=True):
            st.caption("The other, as it is saved")
            transcript(snapshot.conversations[place])


def broken(error: ChatbotError) -> None:
    """The file on the disk can't be read: where, why, and the way back."""
    st.title("Dataset", anchor=False)
    errors.say(error)
    memory = dataset_state.memory()
    if memory.problem is not None and memory.problem.message != error.message:
        errors.say(memory.problem)
    if memory.draft is not None and memory.draft.unsaved:
        st.caption(
            ":material/edit_note: What you typed meanwhile is kept here and saved after that; "
            "leave this page open."
        )
    good = store().last_good()
    if good is None:
        st.markdown(
            "There is no earlier version to go back to. Mend the file in a text editor; it is "
            "left exactly as it is until then."
        )
    else:
        when = f"saved {good.saved:%d %B %Y, %H:%M}" if good.saved else "the starter persona"
        st.markdown(
            "The file is left exactly as it is. You can mend it in a text editor, or go back to "
            f"the last good version: **{counted(good.conversations)}**, {when}. "
            "The broken file is kept beside it."
        )
    with st.container(horizontal=True):
        if good is not None:
            st.button(
                "Restore the last good version",
                icon=":material/history:",
                type="primary",
                key="dataset_restore",
                on_click=actions.restore_last_good,
            )
        st.download_button(
            "Download the broken file",
            data=store().raw_bytes,
            file_name=f"broken-{store().path.name}",
            mime="application/json",
            icon=":material/download:",
            key="dataset_download_broken",
            on_click="ignore",
        )
        st.button("Look again", icon=":material/refresh:", key="dataset_look_again")
