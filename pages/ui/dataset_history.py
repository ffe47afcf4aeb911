"""The History view: every version of the conversations, what changed, and the way back to it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import streamlit as st

from chatbot.dataset.changes import Edit
from chatbot.dataset.differences import ConversationChange, TurnChange
from chatbot.dataset.snapshot import Snapshot
from chatbot.dataset.timeline import Timeline, Version, Words
from chatbot.training.runs import Run, list_runs
from pages.ui import dataset_state, errors
from pages.ui.conversation_editor import SPEAKERS, transcript
from pages.ui.conversation_list import Row, conversation_list
from pages.ui.dataset_actions import acting, free, open_at
from pages.ui.dataset_state import counted, store
from pages.ui.errors import plain
from pages.ui.resources import timeline

PER_PAGE = 12
CHANGES_SHOWN = 20
LOOKED_AT = 10
AROUND = 12
"""Unchanged words of a long turn that are shown on each side of a change."""
_NOW = "now"
_BEFORE = "before"


def panel(snapshot: Snapshot) -> None:
    """The list of versions, and the one that is looked at."""
    past = timeline(dataset_state.memory().persona)
    found = past.refresh()
    if not found:
        st.info("Nothing was changed yet: the history begins with the first change.")
        return
    left, right = st.columns([2, 3], gap="medium")
    position = dataset_state.looked_at(len(found))
    with left:
        _list(past, found, position)
    with right, errors.shown():
        _version(past, found, position, snapshot)


def look(position: int, _: str) -> None:
    dataset_state.look_at(position)


def _list(past: Timeline, found: Sequence[Version], position: int) -> None:
    """The newest first."""
    runs = _runs_by_version(found)
    st.caption(f"{len(found):,} versions, the newest first" if len(found) > 1 else "One version")
    place = st.container()
    pages = -(-len(found) // PER_PAGE)
    page = 1 + (len(found) - 1 - position) // PER_PAGE
    if pages > 1:
        page = st.pagination(
            pages, default=page, max_visible_pages=5, key=f"dataset_versions_{position}"
        )
    first = len(found) - 1 - (page - 1) * PER_PAGE
    with place:
        conversation_list(
            [
                _row(past, index, found[index], runs.get(index, ()))
                for index in range(first, max(-1, first - PER_PAGE), -1)
            ],
            selected=position,
            version="",
            key="dataset_versions",
            on_pick=look,
            label="Versions",
        )


def _row(past: Timeline, index: int, version: Version, runs: Sequence[Run]) -> Row:
    """With the words that came and went, where that is known without opening whole files."""
    said = ["trained on"] if runs else []
    if isinstance(version.change, Edit):
        added, removed = past.changed(index)[0].words
        said += [f"+{added:,}"] * bool(added) + [f"-{removed:,}"] * bool(removed)
    return {
        "index": index,
        "title": version.label,
        "aside": " · ".join((*said, when(version.when))),
        "blank": version.kind != "step",
        "problem": "",
        "severity": "",
    }


def when(moment: datetime | None) -> str:
    """The time on the same day, the day before."""
    if moment is None:
        return "?"
    here = moment.astimezone()
    today = here.date() == datetime.now().astimezone().date()
    return f"{here:%H:%M}" if today else f"{here:%d %b %Y, %H:%M}"


def _version(past: Timeline, found: Sequence[Version], position: int, snapshot: Snapshot) -> None:
    version = found[position]
    newest = position == len(found) - 1
    st.subheader(plain(version.label), anchor=False)
    st.caption(f"{when(version.when)} · version {version.id[:12]}{', the present one' * newest}")
    for run in _runs_by_version(found).get(position, ()):
        st.caption(f":material/model_training: The run {plain(run.id)} learned from this version.")
    view = st.segmented_control(
        "What to see",
        ["What changed", "How it was"],
        default="What changed",
        required=True,
        key="dataset_version_view",
        label_visibility="collapsed",
    )
    if not newest:
        st.button(
            "Bring this version back",
            icon=":material/restore:",
            type="primary",
            key="dataset_bring_back",
            help="As a new version; undo takes it back.",
            on_click=bring_back,
            args=(position, version.id, snapshot.version),
        )
    if view == "How it was":
        _as_it_was(past, position)
    else:
        _compared(past, found, position)


def bring_back(position: int, name: str, version: str) -> None:
    """Put an earlier version in the place of the present one."""
    with acting() as memory:
        if not free(memory):
            return
        past = timeline(memory.persona)
        found = past.refresh()
        if position >= len(found) or found[position].id != name:
            memory.notice = "The history began anew meanwhile."
            return
        label = f"Brought back the version of {when(found[position].when)}"
        store().replace_all(past.content(position), label, version=version)
        open_at(memory, 0, f"{label}. Undo takes it back.")
        dataset_state.look_at(None)


def _as_it_was(past: Timeline, position: int) -> None:
    conversations = past.content(position)
    st.caption(f"It had {counted(len(conversations))}.")
    if not conversations:
        return
    pages = -(-len(conversations) // LOOKED_AT)
    page = 1
    place = st.container()
    if pages > 1:
        page = st.pagination(pages, max_visible_pages=5, key=f"dataset_version_page_{position}")
    with place:
        for index in range((page - 1) * LOOKED_AT, min(page * LOOKED_AT, len(conversations))):
            with st.container(border=True):
                st.caption(f"Conversation {index + 1:,}")
                transcript(conversations[index])


def _compared(past: Timeline, found: Sequence[Version], position: int) -> None:
    """What changed, against the version before or another one."""
    options = [
        *([_BEFORE] if position else []),
        *([_NOW] if position < len(found) - 1 else []),
        *(str(n) for n in range(len(found) - 1, -1, -1) if n != position),
    ]
    if not options:
        conversations = len(past.content(position))
        st.caption(f"This is where the history begins: {counted(conversations)}.")
        return
    titles = {_BEFORE: "with the version before it", _NOW: "with the present one"}
    other = st.selectbox(
        "Compare",
        options,
        format_func=lambda name: (
            titles.get(name) or f"{when(found[int(name)].when)}: {found[int(name)].label}"
        ),
        key=f"dataset_compare_{position}",
    )
    if other == _BEFORE:
        with st.spinner("Comparing …"):
            changes, words = past.changed(position), past.words(position)
    else:
        than = len(found) - 1 if other == _NOW else int(other)
        first, second = sorted((position, than))
        with st.spinner("Comparing …"):
            changes, words = past.compared(first, second)
    _changes(changes, words, f"dataset_changes_{position}_{other}")


def _changes(changes: Sequence[ConversationChange], words: Words, key: str) -> None:
    """A page of the conversations that changed.

    Args:
        key: of the pager.
    """
    if not changes:
        st.caption("The same conversations in both.")
        return
    added, removed = words
    st.markdown(
        f"**{counted(len(changes))}** changed · :green[+{added:,} words] · :red[-{removed:,} words]"
    )
    place = st.container()
    pages, page = -(-len(changes) // CHANGES_SHOWN), 1
    if pages > 1:
        page = st.pagination(pages, max_visible_pages=5, key=key)
    with place:
        for change in changes[(page - 1) * CHANGES_SHOWN : page * CHANGES_SHOWN]:
            _change(change)


def _change(change: ConversationChange) -> None:
    with st.container(border=True, gap="xsmall"):
        st.caption(_named(change))
        for turn in change.turns:
            st.markdown(f"**{_speaker(turn)}** {told(turn)}")
        for mark in change.marks:
            st.caption(f":material/sell: {plain(mark)}")


def _named(change: ConversationChange) -> str:
    if change.index is None:
        return f":red[:material/remove:] Conversation {(change.index_before or 0) + 1:,}, deleted"
    if change.index_before is None:
        return f":green[:material/add:] Conversation {change.index + 1:,}, new"
    return f":material/edit: Conversation {change.index + 1:,}"


def _speaker(turn: TurnChange) -> str:
    before, now = turn.speaker_before, turn.speaker
    if now is not None and before is not None and before != now:
        return f"{SPEAKERS[before]} → {SPEAKERS[now]}:"
    speaker = now or before
    return f"{SPEAKERS[speaker]}:" if speaker else ""


def told(turn: TurnChange) -> str:
    """The words of a turn: the added ones with a plus, the removed ones struck out."""
    said = []
    for place, (kind, text) in enumerate(turn.pieces):
        words = text.strip()
        if kind == "same" or not words:
            said.append(plain(_middle_left_out(text, place, len(turn.pieces))))
        else:
            said.append(" " * text[0].isspace() + _marked(words, added=kind == "added"))
    return "".join(said)


def _marked(words: str, *, added: bool) -> str:
    """Each line by itself: a mark can't reach from one paragraph into the next."""
    mark = ":green-background[+ {}]" if added else ":red-background[- ~~{}~~]"
    lines = (line.strip() for line in words.split("\n"))
    return "\n".join(mark.format(plain(line)) if line else "" for line in lines)


def _middle_left_out(text: str, place: int, pieces: int) -> str:
    """A long stretch that did not change, shortened to what stands beside the changes."""
    words = text.split(" ")
    if pieces == 1 or len(words) <= 3 * AROUND:
        return text
    start = "" if place == 0 else " ".join(words[:AROUND])
    end = "" if place == pieces - 1 else " ".join(words[-AROUND:])
    return f"{start} … {end}"


def _runs_by_version(found: Sequence[Version]) -> Mapping[int, list[Run]]:
    """Which runs learned from which version."""
    by_file = {file: place for place, version in enumerate(found) for file in version.files}
    used: dict[int, list[Run]] = {}
    for run in list_runs():
        place = by_file.get(str(run.facts.get("dataset_sha256")))
        if place is not None:
            used.setdefault(place, []).append(run)
    return used
