"""One chosen model on its way out: export and download, name and note, delete.

An export runs in the background and belongs to all: a refresh, another tab, finds it again.
"""

import shutil
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import streamlit as st

from chatbot import paths
from chatbot.engine.catalog import ModelEntry
from chatbot.errors import BadInput
from chatbot.exporting import downloads, formats, made
from chatbot.exporting.formats import FORMATS, Format, Wish
from chatbot.exporting.job import Exporting
from chatbot.exporting.names import slug
from chatbot.fetching.spoken import duration, size
from chatbot.model_shelf import about, deleting, units
from chatbot.training.trash import DAYS_KEPT
from pages.ui import errors, model_export_actions, model_export_state, model_push
from pages.ui.dataset_history import when
from pages.ui.errors import plain
from pages.ui.model_export_state import Key
from pages.ui.resources import exports
from pages.ui.server import EXPORTS_ADDRESS

POLL = 0.5
"""Seconds between two looks at an export."""
RECENT = 600.0
"""Seconds that the page tells of a finished export."""
OFFERED_BACK = 3
"""Deleted models that are offered to bring back, the last ones."""
_NUMBERS: Mapping[str, str] = {
    "bfloat16": "bfloat16: two bytes, the usual",
    "float32": "float32: four bytes, exact",
    "float16": "float16: two bytes, for older programs",
}
_ABOUT_FORMATS: Mapping[Format, str] = {
    "folder": "For Python programs: `from_pretrained` and `pipeline` of Transformers read it.",
    "zip": "The same folder in one file, to download, keep or send.",
    "gguf-f16": "One file for chat programs without Python, with nothing lost.",
    "gguf-q8_0": "One file for chat programs without Python; a little is rounded off, so that "
    "now and then another word is chosen.",
}


def draw(entry: ModelEntry) -> None:
    """Everything that can be done with a model that leaves, or goes.

    Args:
        entry: an installed model of the catalog.
    """
    with st.container(border=True, key="model_export"):
        st.subheader("Take it with you", anchor=False)
        st.caption(
            "The model leaves the lab as files of its own (an export), with a card that tells what "
            "it is. An adapter comes merged into its base. The model here stays as it is."
        )
        with errors.shown():
            _form(entry)
        _going_on(entry)
        found = made.made(entry)
        _there(entry, found)
        model_push.draw(entry, found)
    with st.container(border=True, key="model_about"):
        _about(entry)


def draw_outcome() -> None:
    """What the last click came to, with the way back from a deletion."""
    outcome = model_export_state.outcome()
    if outcome is None:
        return
    if outcome.problem is not None:
        errors.say(outcome.problem)
    elif outcome.undo:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.text(outcome.said, width="stretch")
            _undo_button(outcome.undo, "Undo", Key.UNDO)
    else:
        st.toast(plain(outcome.said), icon=":material/info:", duration="long")
        model_export_state.keep_outcome(None)


def draw_deleted() -> None:
    """The models that were deleted last, to bring back; nothing where there are none."""
    gone = deleting.deleted()
    if not gone:
        return
    with st.expander(f"Deleted ({len(gone)})", icon=":material/delete:"):
        st.caption(f"Deleted models can be brought back for {DAYS_KEPT} days.")
        for each in gone[:OFFERED_BACK]:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.text(f"{each.name} · {when(each.when)}", width="stretch")
                _undo_button(each.key, "Bring back", f"{Key.UNDO}_{each.key}")


def _undo_button(key: str, label: str, widget: str) -> None:
    st.button(
        label,
        icon=":material/undo:",
        key=widget,
        on_click=model_export_actions.undelete,
        args=(key,),
    )


def _form(entry: ModelEntry) -> None:
    running = exports().last
    busy = running is not None and not running.done
    with st.container(horizontal=True, vertical_alignment="bottom"):
        format: Format = st.selectbox(
            "As",
            list(FORMATS),
            format_func=lambda name: FORMATS[name],
            key=Key.FORMAT.of(entry),
            width=300,
            filter_mode=None,
        )
        dtype = "bfloat16"
        if not format.startswith("gguf"):
            dtype = st.selectbox(
                "Numbers",
                list(_NUMBERS),
                format_func=lambda name: _NUMBERS[name],
                key=Key.DTYPE.of(entry),
                width=300,
                filter_mode=None,
            )
        st.text_input(
            "Name of the files",
            value=slug(entry.title),
            max_chars=80,
            key=Key.FILE_NAME.of(entry),
            width=216,
        )
        st.button(
            "Export",
            type="primary",
            icon=":material/output:",
            key=Key.START.of(entry),
            disabled=busy,
            on_click=model_export_actions.start,
            args=(entry,),
        )
    free = shutil.disk_usage(paths.home()).free
    needed = formats.size_of(entry, Wish(format, dtype))
    st.caption(
        f"{_ABOUT_FORMATS[format]} It takes about {size(needed)} while it is made; "
        f"{size(free)} are free."
    )


def _going_on(entry: ModelEntry) -> None:
    job = exports().last
    if job is None:
        return
    if not job.done:
        _progress(job)
    elif job.entry.name == entry.name and job.problem is not None:
        errors.say(job.problem)
    elif job.entry.name == entry.name and job.result is not None and job.age < RECENT:
        st.success(
            plain(f"Done: {job.result.path.name}, {size(job.result.size)}."),
            icon=":material/check_circle:",
        )


@st.fragment(run_every=POLL)
def _progress(job: Exporting) -> None:
    if job.done:
        st.rerun()
    text = f"{job.entry.title}: {job.what}"
    if (left := job.seconds_left) is not None:
        text += f", about {duration(left)} left"
    if job.stopping:
        text = "Stopping"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(min(1.0, job.fraction), text=plain(text))
        st.button("Stop", icon=":material/stop:", key=Key.STOP, on_click=model_export_actions.stop)


def _there(entry: ModelEntry, found: Sequence[made.Made]) -> None:
    """What was exported of it and lies on the disk."""
    if not found:
        return
    st.markdown("**Exported**")
    st.caption(f"In {plain(str(made.folder_of(entry)))}")
    for each in found:
        with st.container(
            horizontal=True, vertical_alignment="center", gap="small", key=_row_key(each.path)
        ):
            st.text(f"{each.path.name} · {size(each.size)} · {when(each.when)}", width="stretch")
            _files(each)
            st.button(
                "Delete",
                type="tertiary",
                icon=":material/delete:",
                key=f"{Key.REMOVE}_{each.path}",
                on_click=partial(model_export_actions.remove, each.path),
            )


def _files(each: made.Made) -> None:
    if not each.files:
        st.caption("As a zip it can be downloaded.", width="content")
    for file in each.files:
        label = "Download" if file == each.files[0] else plain(file.name)
        st.link_button(
            label,
            f"{EXPORTS_ADDRESS}/{downloads.address_of(file)}",
            type="secondary" if file == each.files[0] else "tertiary",
            icon=":material/download:",
            key=f"{Key.DOWNLOAD}_{file}",
        )


def _row_key(path: Path) -> str:
    return f"model_export_row_{slug(path.parent.name)}_{slug(path.name)}"


def _about(entry: ModelEntry) -> None:
    taken = size(units.size(entry))
    try:
        unit = units.unit_of(entry)
    except BadInput as error:
        st.caption(plain(f"{error.message} It takes {taken} on the disk."))
        return
    st.text_input(
        "Name",
        value=about.label(entry),
        placeholder=entry.title,
        max_chars=80,
        key=Key.NAME.of(entry),
        help="How it is called in the lab. Its folder keeps its name.",
    )
    st.text_area(
        "Note",
        value=about.note(entry),
        max_chars=about.LONGEST_NOTE,
        key=Key.NOTE.of(entry),
        height=90,
        placeholder="What it was made for, what came of it",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Save name and note",
            icon=":material/save:",
            key=Key.SAVE.of(entry),
            on_click=model_export_actions.save_about,
            args=(entry,),
        )
        st.button(
            "Delete this model",
            type="tertiary",
            icon=":material/delete:",
            key=Key.DELETE.of(entry),
            on_click=model_export_actions.delete,
            args=(entry,),
        )
    whole = " with its training run: settings, curves and answers go with it" if unit.run else ""
    st.caption(f"It takes {taken} on the disk{whole}. Deleting can be undone for {DAYS_KEPT} days.")
