"""One change for all conversations of the list: choose it, see what it would do, do it."""

from collections.abc import Mapping, Sequence

import streamlit as st

from chatbot.dataset import bulk
from chatbot.dataset.bulk import Change, Outcome
from chatbot.dataset.changes import title
from chatbot.dataset.formats import placeholders
from chatbot.dataset.snapshot import Snapshot
from chatbot.errors import ChatbotError
from chatbot.messages import Conversation
from pages.ui import dataset_state, errors
from pages.ui.conversation_editor import SPEAKERS
from pages.ui.dataset_actions import acting, free, open_at
from pages.ui.dataset_state import counted, store
from pages.ui.errors import plain

PREVIEWED = 5
AROUND = 60
"""Characters shown on each side of what changes."""
FIELDS_SHOWN = 12
ACTIONS: Mapping[str, str] = {
    "replace": "Find and replace",
    "rename": "Change the bot's name",
    "tag": "Give a tag",
    "untag": "Take a tag away",
    "fill": "Fill in places",
    "delete": "Delete",
}


def open_panel(*, wanted: bool = True) -> None:
    dataset_state.memory().changing = wanted


def panel(snapshot: Snapshot, shown: Sequence[int], tags: Sequence[str]) -> None:
    """The panel, where it was opened.

    Args:
        shown: indices of the conversations that the list shows: those that change.
        tags: all that occur in the set.
    """
    if not dataset_state.memory().changing:
        return
    with st.container(border=True, key="dataset_change"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader(f"Change {counted(len(shown))}", anchor=False)
            st.space("stretch")
            st.button(
                "Close",
                icon=":material/close:",
                type="tertiary",
                key="dataset_close_change",
                on_click=open_panel,
                kwargs={"wanted": False},
            )
        st.caption("Those of the list: search and filter it to choose others.")
        action = st.selectbox(
            "What shall change?",
            list(ACTIONS),
            format_func=lambda name: ACTIONS[name],
            key="dataset_change_action",
            filter_mode=None,
            width=320,
        )
        change = _asked(action, snapshot, shown, tags)
        if change is not None:
            _offer(action, snapshot, bulk.outcome(snapshot.conversations, shown, change))


def _asked(
    action: str, snapshot: Snapshot, shown: Sequence[int], tags: Sequence[str]
) -> Change | None:
    """What is to be done, as far as it was said; None while something is missing."""
    try:
        if action == "replace":
            return _replacing()
        if action == "rename":
            return _renaming()
        if action == "tag":
            tag = st.text_input("Tag", key="dataset_tag", width=320)
            return bulk.tagging(tag) if tag.strip() else None
        if action == "untag":
            return _untagging(tags)
        if action == "fill":
            return _filling([snapshot.conversations[index] for index in shown])
        return bulk.deleting()
    except ChatbotError as error:
        errors.say(error)
        return None


def _replacing() -> Change | None:
    with st.container(horizontal=True):
        wanted = st.text_input("Find", key="dataset_find")
        by = st.text_input("Replace by", key="dataset_replace")
    with st.container(horizontal=True):
        case = st.checkbox("Match capitals", key="dataset_find_case")
        whole = st.checkbox("Whole words only", key="dataset_find_words")
    if not wanted:
        return None
    return bulk.replacing(wanted, by, match_case=case, whole_words=whole)


def _renaming() -> Change | None:
    with st.container(horizontal=True):
        old = st.text_input("Its name now", key="dataset_old_name")
        new = st.text_input("Its new name", key="dataset_new_name")
    return bulk.renaming(old, new) if old.strip() and new.strip() else None


def _untagging(tags: Sequence[str]) -> Change | None:
    if not tags:
        st.caption("No conversation has a tag.")
        return None
    tag = st.selectbox("Tag", tags, format_func=plain, key="dataset_untag", width=320)
    return bulk.untagging(str(tag))


def _filling(conversations: Sequence[Conversation]) -> Change | None:
    names = list(placeholders.found(conversations))
    if not names:
        st.caption("There are no places such as {{name}} in these conversations.")
        return None
    st.caption("An empty field leaves its place as it is.")
    with st.container(horizontal=True):
        values = {
            name: st.text_input(f"{{{{{plain(name)}}}}}", key=f"dataset_place_{name}")
            for name in names[:FIELDS_SHOWN]
        }
    return bulk.filling(values) if any(values.values()) else None


def _offer(action: str, snapshot: Snapshot, outcome: Outcome) -> None:
    """What it would do, and the button."""
    count = len(outcome.changed)
    if not count:
        st.caption("Nothing in these conversations would change.")
        return
    if action == "delete":
        names = ", ".join(f"“{title(before)}”" for _, before, _ in outcome.changed[:3])
        more = f" and {count - 3:,} more" if count > 3 else ""
        st.markdown(f"{plain(names)}{more} will go.")
    elif action in ("replace", "rename", "fill"):
        _preview(outcome)
    left = len(outcome.conversations)
    label = ACTIONS[action] if action != "delete" else f"Delete, and keep {left:,}"
    st.button(
        f"{label}: {counted(count)}",
        type="primary",
        icon=":material/delete:" if action == "delete" else ":material/check:",
        key="dataset_change_apply",
        help="Undo takes it back.",
        on_click=apply,
        args=(outcome, f"{ACTIONS[action]}: {counted(count)}", snapshot.version),
    )


def _preview(outcome: Outcome) -> None:
    """The first places, before and after."""
    st.caption("How the first ones will look")
    for index, before, after in outcome.changed[:PREVIEWED]:
        assert after is not None
        pairs = zip(before.messages, after.messages, strict=True)
        turn, old, new = next((a.role, a.text, b.text) for a, b in pairs if a.text != b.text)
        start, old_words, new_words, end = _different(old, new)
        st.markdown(
            f"**{index + 1:,}** {SPEAKERS[turn]}: {plain(start)}"
            f":red-background[~~{plain(old_words) or ' '}~~] "
            f":green-background[{plain(new_words) or ' '}]{plain(end)}"
        )
    if len(outcome.changed) > PREVIEWED:
        st.caption(f"and {len(outcome.changed) - PREVIEWED:,} more")


def _different(old: str, new: str) -> tuple[str, str, str, str]:
    """What stands before the first difference, what goes, what comes, what follows; shortened."""
    same = next(
        (n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b),
        min(len(old), len(new)),
    )
    longest = min(len(old), len(new)) - same
    tail = next((n for n in range(longest) if old[-1 - n] != new[-1 - n]), longest)
    end_of_old, end_of_new = len(old) - tail, len(new) - tail
    start = ("…" if same > AROUND else "") + old[max(0, same - AROUND) : same]
    rest = old[end_of_old : end_of_old + AROUND] + ("…" if tail > AROUND else "")
    return start, old[same:end_of_old][:AROUND], new[same:end_of_new][:AROUND], rest


def apply(outcome: Outcome, label: str, version: str) -> None:
    """Write it, as one step of undo.

    A change that was made elsewhere meanwhile is not overwritten: it is said, and the preview is
    made anew.
    """
    with acting() as memory:
        if not free(memory):
            return
        store().replace_all(outcome.conversations, label, version=version)
        memory.changing = False
        place = 0 if memory.draft is None else memory.draft.index
        open_at(memory, place, f"{label}. Undo takes it back.")
