"""The history of runs: all of them at a glance, and what can be done with each."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from chatbot.errors import BadInput
from chatbot.training import shelf
from chatbot.training.config import TrainingConfig
from chatbot.training.run_summary import Summary, summary
from chatbot.training.runs import GOING_ON, Run, RunStatus
from chatbot.training.trash import DAYS_KEPT
from pages.ui import errors, fine_tune_state, presses, run_actions, run_compare
from pages.ui.dataset_history import when
from pages.ui.errors import plain
from pages.ui.fine_tune_form import METHODS
from pages.ui.fine_tune_state import Key, Outcome
from pages.ui.measures import duration
from pages.ui.run_actions import DELETE, DEMOTE, EDIT, FILL, GO_ON, ICONS, PROMOTE
from pages.ui.run_names import base_name, way
from pages.ui.run_view import ENDS

PER_PAGE = 8
OFFERED_BACK = 3
"""Deleted runs that are offered to bring back, the last ones."""
_LIST, _TABLE = "List", "Table"


@dataclass(frozen=True)
class Entry:
    """A run as the list shows it. `config` is None where its file can't be read."""

    run: Run
    name: str
    status: RunStatus
    config: TrainingConfig | None
    figures: Summary
    size: int


def panel(runs: Sequence[Run], shown: Run | None) -> None:
    """All runs with what can be done with each, and the comparison of some of them.

    Args:
        runs: newest first, as `shelf.runs()` gives them.
        shown: the one that the page tells about.
    """
    if not runs and not shelf.deleted():
        return
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        st.subheader("All runs", anchor=False, width="content")
        view = _LIST
        if len(runs) > 1:
            view = st.segmented_control(
                "How to show the runs",
                [_LIST, _TABLE],
                default=_LIST,
                required=True,
                key=Key.RUNS_VIEW,
                label_visibility="collapsed",
            )
    _outcome()
    if view == _TABLE:
        _table([_entry(run) for run in runs])
    else:
        _list(runs, shown)
    _trash()
    if len(runs) > 1:
        run_compare.panel(runs)


def _outcome() -> None:
    """What the last click came to."""
    outcome = fine_tune_state.outcome()
    if outcome is None:
        return
    if outcome.problem is not None:
        errors.say(outcome.problem)
        return
    if outcome.undo:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.text(outcome.said, width="stretch")
            st.button(
                "Undo",
                icon=":material/undo:",
                key=Key.UNDELETE,
                on_click=run_actions.undelete,
                args=(outcome.undo,),
            )
        return
    if outcome.said:
        st.toast(plain(outcome.said), icon=":material/info:", duration="long")
    if outcome.but:
        st.warning(plain(outcome.but), icon=":material/warning:")
    fine_tune_state.keep_outcome(Outcome(but=outcome.but) if outcome.but else None)


def _list(runs: Sequence[Run], shown: Run | None) -> None:
    place, pages, page = st.container(gap="small"), -(-len(runs) // PER_PAGE), 1
    if pages > 1:
        page = st.pagination(pages, max_visible_pages=5, key=Key.RUNS_PAGE)
    with place:
        for run in runs[(page - 1) * PER_PAGE : page * PER_PAGE]:
            with st.container(border=True, gap="xxsmall", key=f"ft_run_row_{run.id}"):
                _row(_entry(run), is_shown=run == shown)


def _entry(run: Run) -> Entry:
    status = run.status()
    try:
        config = run.config
    except BadInput:
        config = None
    return Entry(run, shelf.name(run), status, config, summary(run, status), shelf.size(run))


def _row(entry: Entry, *, is_shown: bool) -> None:
    run = entry.run
    with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
        st.markdown(f"**{plain(entry.name)}**", width="stretch")
        if presses.button("Show", key=f"{Key.RUN}_{run.id}", disabled=is_shown, type="tertiary"):
            fine_tune_state.show_run(run)
            st.rerun()
        st.menu_button(
            "More",
            _offered(entry),
            type="tertiary",
            key=f"{Key.RUN_MENU}_{run.id}",
            format_func=lambda action: f":material/{ICONS[action]}: {action}",
            on_click=run_actions.chosen,
            args=(run.id,),
        )
    state, color = ENDS[entry.status.state]
    st.markdown(f":{color}-badge[{state}] :small[{plain(_losses(entry))}]")
    st.caption(plain(_facts(entry)))
    if fine_tune_state.edited() == run.id:
        _editor(run)
    elif note := shelf.note(run):
        st.caption(f":material/sticky_note_2: {plain(note)}")


def _offered(entry: Entry) -> list[str]:
    """What the menu of a run offers."""
    actions = [EDIT]
    if entry.config is not None:
        actions.append(FILL)
        if entry.status.state not in GOING_ON and entry.run.best_checkpoint is not None:
            actions += [GO_ON, DEMOTE if run_actions.is_default(entry.run) else PROMOTE]
    return actions if entry.status.state in GOING_ON else [*actions, DELETE]


def _losses(entry: Entry) -> str:
    held_out, trained = entry.figures.held_out, entry.figures.trained
    said = []
    if held_out is not None:
        said.append(f"best held-out loss {held_out:.3f}")
    if trained is not None:
        said.append(f"training loss {trained:.3f}")
    return " · ".join(said)


def _facts(entry: Entry) -> str:
    config, status, figures = entry.config, entry.status, entry.figures
    said = [way(config)] if config else ["its settings can't be read"]
    said.append(f"{status.step:,} of {status.total_steps:,} steps")
    if figures.started is not None:
        said.append(when(figures.started))
    if figures.seconds is not None:
        said.append(duration(figures.seconds))
    said.append(megabytes(entry.size))
    return " · ".join(said)


def megabytes(size: int) -> str:
    """`0.2 MB`, `24 MB`."""
    return f"{size / 1e6:,.1f} MB" if size < 10e6 else f"{size / 1e6:,.0f} MB"


def _editor(run: Run) -> None:
    """The name and the note, open for writing."""
    name, note = f"{Key.RUN_NAME}_{run.id}", f"{Key.RUN_NOTE}_{run.id}"
    st.text_input(
        "Name",
        value=shelf.label(run),
        key=name,
        max_chars=shelf.LONGEST_LABEL,
        placeholder=run.id,
    )
    st.text_area(
        "Note",
        value=shelf.note(run),
        key=note,
        max_chars=shelf.LONGEST_NOTE,
        height=80,
        placeholder="What you tried, and what came of it",
    )
    with st.container(horizontal=True):
        st.button(
            "Save",
            type="primary",
            key=f"ft_run_save_{run.id}",
            on_click=run_actions.save_about,
            args=(run.id,),
        )
        st.button("Cancel", key=f"ft_run_cancel_{run.id}", on_click=run_actions.close)


def _table(entries: Sequence[Entry]) -> None:
    """All of them with a column for each figure; a click on a heading sorts."""
    st.dataframe(
        [
            {
                "Name": entry.name,
                "Held-out loss": entry.figures.held_out,
                "Training loss": entry.figures.trained,
                "State": ENDS[entry.status.state][0],
                "Method": METHODS[entry.config.method] if entry.config else "",
                "Base": _base(entry),
                "Steps": entry.status.step,
                "When": entry.figures.started,
                "Minutes": (entry.figures.seconds or 0) / 60,
                "MB": entry.size / 1e6,
            }
            for entry in entries
        ],
        hide_index=True,
        column_config={
            "Held-out loss": st.column_config.NumberColumn(format="%.3f", help="The lowest one."),
            "Training loss": st.column_config.NumberColumn(
                format="%.3f", help="Mean of the last steps."
            ),
            "When": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm"),
            "Minutes": st.column_config.NumberColumn(format="%.1f"),
            "MB": st.column_config.NumberColumn(format="%.1f", help="On the disk."),
        },
    )


def _base(entry: Entry) -> str:
    if entry.config is None or entry.config.method == "scratch":
        return ""
    return base_name(entry.config.base_model)


def _trash() -> None:
    """The runs that were deleted lately, except the one that Undo offers already."""
    outcome = fine_tune_state.outcome()
    undo = outcome.undo if outcome else ""
    gone = [run for run in shelf.deleted() if run.id != undo][:OFFERED_BACK]
    if not gone:
        return
    with st.popover("Deleted runs", icon=":material/delete:", type="tertiary", key="ft_trash"):
        st.caption(f"They can be brought back for {DAYS_KEPT} days.")
        for run in gone:
            st.button(
                f"Bring back “{plain(run.name)}”",
                icon=":material/restore_from_trash:",
                type="tertiary",
                key=f"{Key.UNDELETE}_{run.id}",
                on_click=run_actions.undelete,
                args=(run.id,),
            )
