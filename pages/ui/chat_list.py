"""The list of conversations: find one, open it, name it, pin it, delete it and bring it back, take
it along and bring others in."""

import zlib
from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from chatbot.chat_list import ChatList, Listed, shortened
from chatbot.errors import ChatbotError
from chatbot.transcripts import Transcript
from pages.ui import chat_state, chats, errors, told
from pages.ui.chat_keys import KEYS
from pages.ui.conversation_list import Row, conversation_list
from pages.ui.errors import plain
from pages.ui.resources import answering

MOST_ROWS = 100
"""Lines that are drawn; a search finds the others."""
LARGEST_FILE = 20
"""Megabytes of a file of conversations."""


def button(transcript: Transcript) -> None:
    """The button that opens the list."""
    memory = chat_state.memory()
    with st.popover(
        "Chats",
        icon=":material/forum:",
        key=f"chats-{memory.lists}",  # a new one is closed
        help="Your conversations: find, name, pin, export, import. (Alt+L)",
    ):
        chosen = chats.listed()
        if chosen is None:
            st.caption(
                "Your browser keeps no cookies, so your conversations can't be listed. The address "
                "of this page brings this one back: bookmark it."
            )
        else:
            with errors.shown():
                _list(chosen, transcript.id)
                _this_one(chosen, transcript)
        with errors.shown():
            _files(transcript, chosen)
        with st.expander("Keys", icon=":material/keyboard:", type="compact"):
            st.caption("  \n".join(f"**{plain(key)}** {what}" for key, what in KEYS.items()))
            st.caption("On a Mac, Alt is the Option key; with letters, outside of text fields.")


def _list(listed: ChatList, chat: str) -> None:
    words = st.text_input(
        "Search",
        key="chats-search",
        placeholder="Search titles and messages",
        icon=":material/search:",
        label_visibility="collapsed",
    )
    entries = listed.search(words) if words.strip() else listed.entries()
    if listed.mended:
        st.caption(
            ":orange[:material/info:] The list was damaged. It was put together again from your "
            "conversations; names that you gave and pins are lost."
        )
    if not entries:
        st.caption("Nothing found." if words.strip() else "Your conversations will stand here.")
    drawn = entries[:MOST_ROWS]
    with st.container(height=260 if len(drawn) > 6 else "content", border=False, key="chats-rows"):
        conversation_list(
            [_row(index, entry) for index, entry in enumerate(drawn)],
            selected=next((i for i, entry in enumerate(drawn) if entry.id == chat), None),
            version=" ".join(entry.id for entry in drawn),
            key="chats-list",
            on_pick=_picked,
        )
    if len(entries) > MOST_ROWS:
        st.caption(f"{len(entries) - MOST_ROWS:,} more: search for them.")
    deleted = listed.last_deleted()
    with st.container(key="chats-deleted"):
        if deleted is not None:
            st.button(
                plain(f"Bring back “{deleted.title}”"),
                icon=":material/undo:",
                type="tertiary",
                key="chats-restore",
                on_click=_opened,
                args=(chats.bring_back, deleted.id),
                help="It was deleted; for a week it can come back.",
            )


def _row(index: int, entry: Listed) -> Row:
    return Row(
        index=index,
        title=f"📌 {entry.title}" if entry.pinned else entry.title,
        aside=str(entry.turns),
        blank=False,
        problem="",
        severity="",
    )


def _this_one(listed: ChatList, transcript: Transcript) -> None:
    """Name, pin and delete the conversation that is open."""
    entry = listed.entry(transcript.id)
    if entry is None:
        return
    # Another name is another field: the list is built in the browser when it is opened, and then
    # knows only the value that the field began with.
    key = f"chats-name-{entry.id[:8]}-{zlib.crc32(entry.title.encode('utf-8', 'replace')):x}"
    st.text_input(
        "Name of this conversation",
        value=entry.title,
        key=key,
        on_change=_renamed,
        args=(listed, entry.id, key),
    )
    with st.container(horizontal=True):
        st.button(
            "Unpin" if entry.pinned else "Pin",
            icon=":material/keep:",
            key="chats-pin",
            on_click=_pinned,
            args=(listed, entry.id, not entry.pinned),
            help="A pinned conversation stands on top.",
        )
        st.button(
            "Delete",
            icon=":material/delete:",
            key="chats-delete",
            on_click=_opened,
            args=(chats.clear,),
            help="For a week it can be brought back.",
        )


def _files(transcript: Transcript, listed: ChatList | None) -> None:
    entry = listed.entry(transcript.id) if listed is not None else None
    with st.container(gap="xxsmall"):
        st.caption("Export this conversation")
        _export_buttons(transcript, entry.title if entry else "A conversation")
    memory = chat_state.memory()
    key = f"chats-import-{memory.imports}"
    st.file_uploader(
        "Import conversations (JSON)",
        type=["json", "jsonl"],
        max_upload_size=LARGEST_FILE,
        key=key,
        on_change=_imported,
        args=(key,),
    )


def _export_buttons(transcript: Transcript, title: str) -> None:
    with st.container(horizontal=True):
        for label, suffix, mime in (
            ("JSON", "json", "application/json"),
            ("Markdown", "md", "text/markdown"),
        ):
            st.download_button(
                label,
                data=partial(_written, transcript.id, suffix, title),
                file_name=f"chat.{suffix}",
                mime=mime,
                icon=":material/download:",
                key=f"chats-export-{suffix}",
                on_click="ignore",
                disabled=not transcript.turns,
                help="What is shown of this conversation, "
                + ("in the format of the page Dataset." if suffix == "json" else "to be read."),
            )


def _written(chat: str, suffix: str, title: str) -> bytes:
    """When the button is pressed: outside of a run of the page, where no browser is known."""
    from chatbot import chat_files

    transcript = answering().transcript(chat)
    if suffix == "json":
        return chat_files.to_json(transcript)
    return chat_files.to_markdown(transcript, title)


def _imported(key: str) -> None:
    file = st.session_state.get(key)
    if file is None:
        return
    from chatbot import chat_files

    memory = chat_state.memory()
    memory.imports += 1
    listed = chats.listed()
    try:
        found, losses = chat_files.read(
            file.getvalue(), shortened(file.name), listed.owner if listed else ""
        )
        taken = found if listed is not None else found[:1]
        for transcript in reversed(taken):  # the first of the file stands first in the list
            answering().transcripts.save(transcript)
            if listed is not None:
                listed.note(transcript)
    except ChatbotError as error:
        told.tell(told.Place.MESSAGE_BOX, str(error))
        return
    count = "One conversation was" if len(taken) == 1 else f"{len(taken)} conversations were"
    told.tell(told.Place.HEAD, f"{count} imported.", *losses)
    _opened(chats.open_chat, taken[0].id)


def _picked(index: int, version: str) -> None:
    ids: Sequence[str] = version.split()
    if 0 <= index < len(ids):
        _opened(chats.open_chat, ids[index])


def _opened(deed: Callable[..., None], *chat: str) -> None:
    """Do what leads to another conversation, and close the list."""
    if chats.attempt(partial(deed, *chat)):
        chat_state.memory().lists += 1


def _pinned(listed: ChatList, chat: str, pinned: bool) -> None:
    chats.attempt(partial(listed.pin, chat, pinned))


def _renamed(listed: ChatList, chat: str, key: str) -> None:
    chats.attempt(partial(listed.rename, chat, str(st.session_state.get(key) or "")))
