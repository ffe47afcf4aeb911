"""What one can do to a message: see its other versions, edit, copy, continue, delete, undo."""

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from chatbot import chat_tree
from chatbot.answering import Request
from chatbot.chat_tree import Tree, Turn
from chatbot.errors import BadInput
from chatbot.transcripts import UNFINISHED, Transcript
from pages.ui import chat_state, chats, errors, feedback_tools, presses, provider_answers
from pages.ui.resources import answering


def question_tools(transcript: Transcript, tree: Tree, turn: Turn, *, last: bool) -> None:
    """Below a question."""
    busy = _busy(transcript)
    with st.container(
        horizontal=True, horizontal_alignment="left", vertical_alignment="center", gap="small",
        key=f"question-tools-{turn.id}",
    ):  # fmt: skip
        _arrows(transcript, chat_tree.question_versions(tree, turn.id), turn, "question", busy)
        _edit_button(transcript.id, turn, "question", busy, last=last)
        _tool("content_copy", f"copy-question-{turn.id}", "Copy the question")


def answer_tools(
    transcript: Transcript, tree: Tree, turn: Turn, request: Request, *, last: bool
) -> DeltaGenerator:
    """Below an answer: the place for everything that one can do to it, returned for more."""
    busy = _busy(transcript)
    chat = transcript.id
    place = st.container(
        horizontal=True, vertical_alignment="center", gap="small", key=f"answer-tools-{turn.id}"
    )
    with place:
        _arrows(transcript, chat_tree.answer_versions(tree, turn.id), turn, "answer", busy)
        if turn.question:
            _regenerate_button(chat, turn, request, busy, last=last)
            provider_answers.ask_button(chat, turn, request, busy, last=last)
        if turn.question and turn.answer and last:
            _continue_button(chat, turn, request, busy)
        feedback_tools.thumbs(transcript, turn, busy=busy, last=last)
        if turn.answer:
            _edit_button(chat, turn, "answer", busy, last=last)
            _tool("content_copy", f"copy-answer-{turn.id}", "Copy the answer")
        _tool(
            "delete",
            f"delete-{turn.id}",
            "Delete this question and its answer. What follows stays; Undo brings it back.",
            disabled=busy,
            on_click=partial(_deleted, chat, turn.id),
        )
    return place


def editor(transcript: Transcript, turn: Turn, request: Request) -> None:
    """A message in a field, instead of its words."""
    memory = chat_state.memory()
    part = "question" if memory.editing == (turn.id, "question") else "answer"
    key = chat_state.edit_key()
    st.session_state.setdefault(key, turn.question if part == "question" else turn.answer)
    with st.container(key="chat-edit"):
        st.text_area(f"Edit the {part}", key=key, height="content", label_visibility="collapsed")
        with st.container(horizontal=True, vertical_alignment="center"):
            saved = presses.button(
                "Ask again" if part == "question" else "Save",
                key="edit-save",
                type="primary",
                help="The old version stays: the arrows lead back to it. (Ctrl+Enter)",
            )
            taught = (
                part == "answer"
                and bool(turn.question)
                and presses.button(
                    "Save and teach",
                    icon=":material/school:",
                    key="edit-teach",
                    help="Takes it into the data set as well: the next fine-tune reads it often.",
                )
            )
            st.button("Cancel", key="edit-cancel", on_click=_edit, args=(None,), help="Esc")
    if saved or taught:
        text = chat_state.edited_text()
        with errors.shown():
            now = _save_edit(transcript, turn, part, text, request)
            _edit(None)
            if taught:
                feedback_tools.teach(transcript.id, now)
            st.rerun()


def history_buttons(transcript: Transcript) -> None:
    """Undo and redo, for the last changes to the conversation."""
    busy = _busy(transcript)
    for name, icon, steps, change in (
        ("Undo", "undo", transcript.undo, Transcript.undone),
        ("Redo", "redo", transcript.redo, Transcript.redone),
    ):
        what = steps[-1].what if steps else ""
        keys = "Alt+Z" if name == "Undo" else "Alt+Shift+Z"
        _tool(
            icon,
            f"chat-{icon}",
            f"{name}: {what} ({keys})" if what else f"{name} ({keys})",
            disabled=busy or not steps,
            on_click=partial(_changed, transcript.id, change),
        )


def is_edited(turn: Turn, part: str) -> bool:
    return chat_state.memory().editing == (turn.id, part)


def texts(turns: Sequence[Turn]) -> dict[str, str]:
    """What each copy button copies, by its key."""
    found = {}
    for turn in turns:
        found[f"copy-question-{turn.id}"] = turn.question
        found[f"copy-answer-{turn.id}"] = turn.answer
    return found


def _busy(transcript: Transcript) -> bool:
    return any(turn.state in UNFINISHED for turn in transcript.turns)


def _tool(
    icon: str,
    key: str,
    help_: str,
    *,
    disabled: bool = False,
    on_click: partial[None] | None = None,
) -> None:
    st.button(
        f":material/{icon}:",
        key=key,
        type="tertiary",
        help=help_,
        disabled=disabled,
        on_click=on_click,
    )


def _arrows(
    transcript: Transcript, versions: Sequence[int], turn: Turn, part: str, busy: bool
) -> None:
    """Which version of how many, where there is more than one, and the way to the others."""
    if len(versions) < 2:
        return
    at = versions.index(turn.id)

    def arrow(icon: str, to: int, help_: str) -> None:
        there = 0 <= to < len(versions)
        _tool(
            icon,
            f"{part}-{icon}-{turn.id}",
            help_,
            disabled=busy or not there,
            on_click=partial(_shown, transcript.id, versions[to]) if there else None,
        )

    arrow("chevron_left", at - 1, f"The version of the {part} before this one")
    with st.container(width="content", key=f"{part}-version-{turn.id}"):
        st.caption(f"{at + 1}/{len(versions)}")
    arrow("chevron_right", at + 1, f"The version of the {part} after this one")


def _regenerate_button(chat: str, turn: Turn, request: Request, busy: bool, *, last: bool) -> None:
    same_again = request.params.seed is not None and turn.state == "done"
    help_ = "Answers the question once more; this answer stays as a version."
    if same_again:
        help_ += " The seed is fixed, so the same settings give the same answer."
    if not last:
        help_ += " What follows stays with the version it belongs to."
    if presses.button(
        "Regenerate" if last else ":material/refresh:",
        icon=":material/refresh:" if last else None,
        key="regenerate" if last else f"regenerate-{turn.id}",
        type="tertiary",
        help=help_ + (" (Alt+R)" if last else ""),
        disabled=busy,
    ):
        chats.attempt(partial(answering().regenerate, chat, request, turn.id))
        st.rerun()


def _continue_button(chat: str, turn: Turn, request: Request, busy: bool) -> None:
    if presses.button(
        "Continue",
        icon=":material/resume:",
        key="continue",
        type="tertiary",
        help="Goes on from the last word of this answer, as one answer. (Alt+C)",
        disabled=busy,
    ):
        chats.attempt(partial(answering().go_on, chat, request, turn.id))
        st.rerun()


def _edit_button(chat: str, turn: Turn, part: str, busy: bool, *, last: bool) -> None:
    help_, keys = (
        ("Edit the question and ask again; this version stays.", "Alt+↑")
        if part == "question"
        else ("Correct the answer in your own words; this version stays.", "Alt+↓")
    )
    help_ += f" ({keys})" if last else ""
    key = f"edit-{part}-last" if last else f"edit-{part}-{turn.id}"
    _tool("edit", key, help_, disabled=busy, on_click=partial(_edit, (turn.id, part)))


def _edit(what: tuple[int, str] | None) -> None:
    st.session_state.pop(chat_state.edit_key(), None)
    chat_state.memory().editing = what


def _save_edit(transcript: Transcript, turn: Turn, part: str, text: str, request: Request) -> int:
    """Returns the id of the turn that has the new words."""
    old = turn.question if part == "question" else turn.answer
    if text.strip() == old.strip():
        return turn.id
    if part == "question":
        answering().ask_otherwise(transcript.id, turn.id, text, request)
        chats.note(transcript.id)
        return turn.id
    if not text.strip():
        raise BadInput("The answer is empty.", remedy="Write something, or delete the message.")

    made: list[int] = []

    def corrected(chat: Transcript) -> Transcript:
        tree, new = chat_tree.correct(chat.tree, turn.id, text)
        made.append(new)
        return chat.changed("corrected answer", tree)

    answering().change(transcript.id, corrected)
    return made[-1]


def _changed(chat: str, change: Callable[[Transcript], Transcript]) -> None:
    if chats.attempt(partial(answering().change, chat, change)):
        chats.note(chat)
    _edit(None)


def _shown(chat: str, turn: int) -> None:
    _changed(chat, lambda now: now.changed("other version", chat_tree.show(now.tree, turn)))


def _deleted(chat: str, turn: int) -> None:
    _changed(chat, lambda now: now.changed("deletion", chat_tree.delete(now.tree, turn)))
