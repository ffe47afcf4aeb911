"""One conversation as chat bubbles that are text areas. What the data says is shown as text."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import streamlit as st

from chatbot.dataset.editing import Draft, is_blank, next_role
from chatbot.dataset.findings import Finding
from chatbot.dataset.marks import is_liked, note_of, tags_of
from chatbot.dataset.mends import MENDS
from chatbot.messages import Conversation, Message, Role
from pages.ui import dataset_actions as actions
from pages.ui import dataset_state
from pages.ui import dataset_turns as turns
from pages.ui.dataset_state import text_key
from pages.ui.errors import plain
from pages.ui.writing import KEYS

AVATARS: dict[Role, str] = {
    "user": ":material/person:",
    "assistant": ":material/lightbulb:",
    "system": ":material/settings:",
}
COLOURS: dict[Role, Literal["gray", "green", "violet"]] = {
    "user": "gray",
    "assistant": "green",
    "system": "violet",
}
INDENT = 40
"""Pixels by which the two speakers' bubbles are set apart."""
TOOL = 36
"""Width of a small button in pixels: wide enough for a finger."""
SPEAKERS: dict[Role, str] = {"user": "User", "assistant": "Bot", "system": "System text"}
_PLACEHOLDERS: dict[Role, str] = {
    "user": "What somebody says to your bot",
    "assistant": "What your bot answers",
    "system": "What the bot is told beforehand",
}


MORE: Mapping[str, str] = {
    "split": ":material/content_cut: Split at the cursor",
    "joined": ":material/merge: Join with the turn before",
    "duplicated": ":material/content_copy: Duplicate",
}
"""What a turn's menu offers."""


def editor(draft: Draft, findings: Sequence[Finding], tags: Sequence[str]) -> None:
    """All turns of the draft, each saved as it is typed, and a button for one more.

    The browser's part of Streamlit knows a block by its place. Where one more comes before the
    text areas they are made anew, and whoever is writing in one loses the cursor and the words.

    Args:
        tags: all that occur in the set, to choose from.
    """
    _marks(draft, tags)
    offered: set[str] = set()
    with st.container():  # always there: what comes and goes in it moves no text area, see below
        for finding in findings if not is_blank(draft.conversation) else ():
            _finding(finding, with_button=finding.mend not in offered)
            offered.add(finding.mend)
    for number, (turn, message) in enumerate(
        zip(draft.turns, draft.conversation.messages, strict=True), start=1
    ):
        with st.container(horizontal=True, wrap=False, gap=None, key=f"bubble-{turn}"):
            if message.role == "user":
                st.space(INDENT)
            with st.container(gap="xxsmall"):
                _head(turn, number, len(draft.turns), message.role)
                _text(turn, number, message)
            if message.role == "assistant":
                st.space(INDENT)
    wanted = "answer of the bot" if next_role(draft.conversation) == "assistant" else "question"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            f"Add the next {wanted}",
            icon=":material/add:",
            key="dataset_add_turn",
            on_click=turns.add_turn,
        )
        with st.popover("Keys", icon=":material/keyboard:", type="tertiary"):
            for keys, what in KEYS.items():
                st.markdown(f"**{keys}**: {what}")


def _marks(draft: Draft, tags: Sequence[str]) -> None:
    """Whether the conversation is liked, its tags and its note."""
    conversation = draft.conversation
    name = draft.turns[0] if draft.turns else str(draft.index)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        liked = is_liked(conversation)
        st.button(
            "",
            icon=":material/heart_check:" if liked else ":material/favorite:",
            type="primary" if liked else "secondary",
            help="Liked: take it back" if liked else "Mark as liked, to find it again",
            key="dataset_like",
            on_click=turns.like,
        )
        own, key = tags_of(conversation), f"tags-{name}"
        dataset_state.show_tags(key, own)
        st.multiselect(
            "Tags",
            list(dict.fromkeys((*tags, *own))),
            key=key,
            placeholder="Add tags",
            label_visibility="collapsed",
            accept_new_options=True,
            on_change=turns.set_tags,
            args=(key,),
            width=260,
        )
        note, key = note_of(conversation), f"note-{name}"
        dataset_state.set_widget(key, note, when=note)
        label = "Note" if not note else f"Note: {plain(note[:24])}"
        st.button(
            "",
            icon=":material/content_copy:",
            type="tertiary",
            help="Duplicate this conversation",
            key="dataset_duplicate",
            on_click=actions.duplicate_conversation,
        )
        with st.popover(label, icon=":material/sticky_note_2:", type="tertiary"):
            st.text_area(
                "A note to yourself; the bot does not learn it",
                key=key,
                on_change=turns.set_note,
                args=(key,),
            )


def _finding(finding: Finding, *, with_button: bool) -> None:
    colour = "red" if finding.severity == "error" else "orange"
    with st.container(gap=None):
        st.caption(f":{colour}[:material/info:] {plain(finding.message)} {plain(finding.remedy)}")
        if finding.mend and with_button:
            st.button(
                MENDS[finding.mend].button,
                icon=":material/healing:",
                type="tertiary",
                key=f"dataset_mend_{finding.mend}",
                on_click=actions.mend,
                args=(finding.mend,),
            )


def _head(turn: str, number: int, count: int, role: Role) -> None:
    """Who speaks, and what one can do to the turn."""
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap=None):
        st.badge(SPEAKERS[role], icon=AVATARS[role], color=COLOURS[role])
        st.space("stretch")
        _tool(turn, "arrow_upward", "Move up", turns.move_turn, (turn, -1), number == 1)
        _tool(turn, "arrow_downward", "Move down", turns.move_turn, (turn, 1), number == count)
        other = "user" if role != "user" else "bot"
        _tool(turn, "swap_horiz", f"Let the {other} say this", turns.change_speaker, (turn,))
        _tool(turn, "close", "Delete this turn", turns.delete_turn, (turn,))
        st.menu_button(
            "",
            [what for what in MORE if number > 1 or what != "joined"],
            icon=":material/more_vert:",
            type="tertiary",
            format_func=lambda what: MORE[what],
            key=dataset_state.menu_key(turn),
            on_click=turns.more,
            args=(turn,),
        )


def _text(turn: str, number: int, message: Message) -> None:
    st.text_area(
        f"Turn {number}, {SPEAKERS[message.role]}",
        value=message.text,
        key=text_key(turn),
        height="content",
        placeholder=_PLACEHOLDERS[message.role],
        label_visibility="collapsed",
        on_change=turns.save_text,
        args=(turn,),
    )


def _tool(
    turn: str,
    icon: str,
    what: str,
    action: Callable[..., None],
    args: tuple[object, ...],
    disabled: bool = False,
) -> None:
    st.button(
        "",
        icon=f":material/{icon}:",
        help=what,
        type="tertiary",
        width=TOOL,
        key=f"{icon}-{turn}",
        on_click=action,
        args=args,
        disabled=disabled,
    )


def transcript(conversation: Conversation, at_most: int | None = None) -> None:
    """A conversation to look at."""
    if not conversation.messages:
        st.caption("No turns.")
    for message in conversation.messages[:at_most]:
        with st.chat_message(message.role, avatar=AVATARS[message.role]):
            st.text(message.text)
    left = len(conversation.messages) - (at_most or len(conversation.messages))
    if left > 0:
        st.caption(f"and {left:,} more turns" if left > 1 else "and 1 more turn")
