"""Bring a file: what is in it, what is left out and why, then add it or replace everything."""

import streamlit as st

from chatbot.dataset.doctor import Finding
from chatbot.dataset.importers import ImportResult, read_conversations
from chatbot.dataset.json_rows import MAX_BYTES
from chatbot.errors import ChatbotError
from pages.ui import dataset_actions as actions
from pages.ui import dataset_state, errors
from pages.ui.conversation_editor import transcript
from pages.ui.dataset_state import Upload, counted
from pages.ui.errors import plain

PREVIEWED = 3
PREVIEWED_TURNS = 4
PROBLEMS_SHOWN = 20


def panel(existing: int | None) -> None:
    """The upload panel, where it was opened.

    Args:
        existing: how many conversations there are; None where the file is broken.
    """
    memory = dataset_state.memory()
    if not memory.uploading:
        return
    with st.container(border=True, key="dataset_upload"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader("Upload conversations", anchor=False)
            st.space("stretch")
            st.button(
                "Close",
                icon=":material/close:",
                type="tertiary",
                key="dataset_close_upload",
                on_click=actions.open_upload,
                kwargs={"wanted": False},
            )
        file = st.file_uploader(
            "A JSON file in the ShareGPT format, as the download gives it",
            type=["json", "jsonl"],
            max_upload_size=MAX_BYTES // 1024**2,
            key=f"dataset_file_{memory.upload_round}",
        )
        if file is None:
            memory.upload = None
            st.caption(
                "Nothing is changed before you have seen what is in the file and said so.",
            )
            return
        if memory.upload is None or memory.upload.file_id != file.file_id:
            memory.upload = _read(file.name, file.file_id, file.getvalue())
        _offer(memory.upload, existing)


def _read(name: str, file_id: str, data: bytes) -> Upload:
    name = "".join(c for c in name if c.isprintable())[-80:] or "the file"
    try:
        return Upload(name, file_id, result=read_conversations(data, name))
    except ChatbotError as error:
        return Upload(name, file_id, problem=error)


def _offer(upload: Upload, existing: int | None) -> None:
    if upload.problem is not None:
        errors.say(upload.problem)
        st.caption("Your conversations are as they were.")
        return
    assert upload.result is not None
    result = upload.result
    count = len(result.conversations)
    left_out = [p for p in result.problems if p.severity == "error"]
    turns = sum(len(c.messages) for c in result.conversations)
    found = f"**{counted(count)}** with {turns:,} turns"
    if left_out:
        rows = "1 row is" if len(left_out) == 1 else f"{len(left_out):,} rows are"
        found += f"; **{rows} left out**, for the reason below"
    st.markdown(f"{plain(upload.name)}: {found}.")
    _problems(result.problems)
    if not count:
        st.caption("There is nothing to take from this file; your conversations are as they were.")
        return
    _preview(result)
    with st.container(horizontal=True):
        if existing:
            st.button(
                f"Add to the {existing:,} there are",
                icon=":material/add:",
                type="primary",
                key="dataset_add_upload",
                on_click=actions.add_upload,
            )
        if existing is not None:
            st.button(
                f"Replace all {existing:,}" if existing else f"Take these {count:,}",
                icon=":material/sync:" if existing else ":material/add:",
                type="secondary" if existing else "primary",
                key="dataset_replace_by_upload",
                on_click=actions.replace_by_upload,
                help="Undo brings the present ones back." if existing else None,
            )


def _problems(problems: tuple[Finding, ...]) -> None:
    if not problems:
        return
    errors_among = any(problem.severity == "error" for problem in problems)
    with st.expander(
        f"{len(problems):,} remarks" if len(problems) > 1 else "1 remark",
        icon=":material/rule:",
        expanded=errors_among,
    ):
        for problem in problems[:PROBLEMS_SHOWN]:
            st.text(f"Row {problem.row}: {problem.message} {problem.remedy}")
        if len(problems) > PROBLEMS_SHOWN:
            st.caption(f"and {len(problems) - PROBLEMS_SHOWN:,} more")


def _preview(result: ImportResult) -> None:
    shown = result.conversations[:PREVIEWED]
    st.caption("How the first ones will look" if len(shown) > 1 else "How it will look")
    for conversation, column in zip(shown, st.columns(len(shown)), strict=True):
        with column.container(border=True):
            transcript(conversation, at_most=PREVIEWED_TURNS)
