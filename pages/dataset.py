"""Dataset: look at the persona's conversations, write them, search them, bring and take files."""

from collections.abc import Sequence
from typing import get_args

import streamlit as st

from chatbot.dataset.editing import Draft
from chatbot.dataset.findings import Finding
from chatbot.dataset.marks import all_tags
from chatbot.dataset.snapshot import Snapshot
from chatbot.errors import BadInput, ChatbotError
from chatbot.messages import Conversation
from pages.ui import dataset_actions as actions
from pages.ui import dataset_bulk as bulk
from pages.ui import dataset_change_many as change_many
from pages.ui import (
    dataset_doctor,
    dataset_download,
    dataset_history,
    dataset_pictures,
    dataset_proposals,
    dataset_state,
    dataset_trouble,
    dataset_upload,
    errors,
    persona_picker,
    token_view,
)
from pages.ui import dataset_turns as turns
from pages.ui.conversation_editor import editor
from pages.ui.dataset_checkup import examined
from pages.ui.dataset_overview import overview
from pages.ui.dataset_state import Key, View
from pages.ui.errors import plain
from pages.ui.writing import steps, writing


def main() -> None:
    st.set_page_config(layout="wide")
    persona_picker.settle()
    try:
        actions.steps(*steps(Key.WRITING))
        snapshot, draft = actions.current()
    except BadInput as error:
        dataset_trouble.broken(error)
        return
    header(snapshot)
    with st.container():  # always there, so that nothing below changes its place
        dataset_upload.panel(len(snapshot.conversations))
    if not snapshot.conversations and draft is None:
        empty()
        return
    view = dataset_state.view()
    if view == "Doctor":
        dataset_doctor.panel(snapshot)
    elif view == "History":
        dataset_history.panel(snapshot)
    elif view == "Pictures":
        dataset_pictures.panel(snapshot, open_conversation=actions.open_from_elsewhere)
    else:
        write(snapshot, draft)
    if draft is not None:
        dataset_state.name_in_address(draft.index)


def write(snapshot: Snapshot, draft: Draft | None) -> None:
    """The list of conversations beside the one that is open."""
    found = examined(snapshot)
    tags = tags_in(snapshot.version, snapshot.conversations)
    panel = st.container()
    left, right = st.columns([2, 3], gap="medium")
    with left:
        shown = overview(snapshot, draft, found, tags)
    with panel:
        change_many.panel(snapshot, shown, tags)
    with right.container(key=Key.CONVERSATION):
        if draft is not None:
            conversation(snapshot, draft, shown, found.of(draft.index), tags)


@st.cache_data(show_spinner=False, max_entries=2)
def tags_in(version: str, _conversations: Sequence[Conversation]) -> tuple[str, ...]:
    """All tags that occur in this version of the file."""
    return all_tags(_conversations)


def header(snapshot: Snapshot) -> None:
    """What one can do to the whole, and that everything is saved."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title("Dataset", anchor=False, width="content")
        persona_picker.picker()
        st.space("stretch")
        st.button(
            "New conversation",
            icon=":material/add:",
            type="primary",
            key="dataset_new",
            shortcut="Alt+N",
            on_click=actions.new_conversation,
        )
    st.caption(
        "What your bot learns from (its training data): show it how it should answer, then "
        "fine-tune."
    )
    st.segmented_control(
        "View",
        get_args(View),
        key=Key.VIEW,
        default="Write",
        required=True,
        label_visibility="collapsed",
        persist_state="session",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Undo",
            icon=":material/undo:",
            key="dataset_undo",
            disabled=snapshot.undo is None,
            help=f"Takes back: {plain(snapshot.undo)}" if snapshot.undo else None,
            on_click=actions.undo,
            args=(snapshot.version,),
        )
        st.button(
            "Redo",
            icon=":material/redo:",
            key="dataset_redo",
            disabled=snapshot.redo is None,
            help=f"Brings back: {plain(snapshot.redo)}" if snapshot.redo else None,
            on_click=actions.redo,
            args=(snapshot.version,),
        )
        files(snapshot)
        st.caption(saved_mark(snapshot))
    with st.container():
        told(snapshot.trouble)


def files(snapshot: Snapshot) -> None:
    with st.popover("Download", icon=":material/download:", key="dataset_download_open"):
        dataset_download.panel(snapshot)
    st.button(
        "Import", icon=":material/upload:", key="dataset_upload_open", on_click=bulk.open_upload
    )


def saved_mark(snapshot: Snapshot) -> str:
    memory = dataset_state.memory()
    if memory.draft is not None and memory.draft.unsaved:
        return ":red[:material/error:] Not saved"
    mark = ":green[:material/check_circle:] "
    if memory.saved_at is None:
        return f"{mark}Every change is saved at once"
    last = f" · {plain(snapshot.undo)}" if snapshot.undo else ""
    return f"{mark}Saved {memory.saved_at:%H:%M}{last}"


def told(trouble: ChatbotError | None) -> None:
    """What the last callback has to say, and why edits are not in the file yet."""
    memory = dataset_state.memory()
    for problem in (memory.problem, trouble):
        if problem is not None:
            errors.say(problem)
    if memory.draft is not None and memory.draft.unsaved and not memory.clash:
        st.button(
            "Save again",
            icon=":material/refresh:",
            key="dataset_save_again",
            on_click=turns.save_again,
        )
    if memory.notice:
        st.toast(plain(memory.notice), icon=":material/info:")
        memory.notice = ""


def conversation(
    snapshot: Snapshot,
    draft: Draft,
    shown: Sequence[int],
    findings: Sequence[Finding],
    tags: Sequence[str],
) -> None:
    """The conversation that is open, or the question which version of it to keep."""
    memory = dataset_state.memory()
    if memory.clash:
        dataset_trouble.clash(snapshot, draft)
    else:
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.subheader(f"Conversation {draft.index + 1:,}", anchor=False, width="stretch")
            neighbours(snapshot, draft, shown)
            st.button(
                "Delete",
                icon=":material/delete:",
                key="dataset_delete",
                on_click=actions.delete_conversation,
            )
        editor(draft, findings, tags)
        dataset_proposals.panel(
            snapshot,
            dataset_state.store(),
            memory.persona,
            dataset_state.typed(draft),
            turns.accept_answer,
            bulk.accept_conversations,
        )
        if st.toggle("See what the model sees", key="dataset_tokens_open"):
            with st.container(border=True):
                token_view.panel(draft.conversation, snapshot)
    writing(
        key=Key.WRITING,
        conversation=Key.CONVERSATION,
        focus=memory.focus,
        focused=memory.focused,
        jumps=memory.jumps,
        unsaved=draft.unsaved,
        cursor_of=memory.cursor_of,
        on_command=turns.command,
    )


def neighbours(snapshot: Snapshot, draft: Draft, shown: Sequence[int]) -> None:
    """To the conversations before and after this one in the list."""
    before, after = beside(draft.index, shown)
    for name, icon, index in (
        ("Previous", "chevron_left", before),
        ("Next", "chevron_right", after),
    ):
        st.button(
            "",
            icon=f":material/{icon}:",
            help=f"{name} conversation",
            key=f"dataset_{name.lower()}",
            disabled=index is None,
            on_click=actions.pick,
            args=(index, snapshot.version),
            kwargs={"jump": False},
        )


def beside(opened: int, shown: Sequence[int]) -> tuple[int | None, int | None]:
    """Who stands before and after in the list; for one that it leaves out, in the file's order."""
    place = index_of(opened, shown)
    if place is not None:
        return (
            shown[place - 1] if place else None,
            shown[place + 1] if place + 1 < len(shown) else None,
        )
    return (
        max((index for index in shown if index < opened), default=None),
        min((index for index in shown if index > opened), default=None),
    )


def index_of(opened: int, shown: Sequence[int]) -> int | None:
    try:
        return shown.index(opened)
    except ValueError:
        return None


def empty() -> None:
    """Nothing there yet: what to do."""
    with st.container(horizontal_alignment="center", gap="small", key="dataset_empty"):
        st.space("large")
        st.subheader(
            "No conversations yet", anchor=False, text_alignment="center", icon=":material/forum:"
        )
        st.markdown(
            "Your bot becomes who it is by the conversations that you write for it. "
            "Begin with a question that people will ask, and the answer that you would like.",
            text_alignment="center",
            width=480,
        )
        with st.container(horizontal=True, horizontal_alignment="center"):
            st.button(
                "Write the first one",
                icon=":material/edit:",
                type="primary",
                key="dataset_first",
                on_click=actions.new_conversation,
            )
            st.button(
                "Import a file",
                icon=":material/upload:",
                key="dataset_first_upload",
                on_click=bulk.open_upload,
            )


try:
    main()
except ChatbotError as failure:
    errors.say(failure)
