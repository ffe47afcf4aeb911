"""Sending an export of a model to an account of the Hugging Face hub, private by default."""

from collections.abc import Sequence

import streamlit as st

from chatbot.engine.catalog import ModelEntry
from chatbot.exporting.hub import Pushing, has_token
from chatbot.exporting.made import Made
from chatbot.exporting.names import slug
from chatbot.fetching.spoken import size
from pages.ui import errors, model_export_actions
from pages.ui.errors import plain
from pages.ui.model_export_state import Key
from pages.ui.resources import exports

POLL = 0.5
"""Seconds between two looks at what is sent."""


def draw(entry: ModelEntry, found: Sequence[Made]) -> None:
    """The form, and how it stands with what is being sent.

    Args:
        found: the exports of this model; folders can be sent.
    """
    folders = {str(each.path): each for each in found if each.path.is_dir()}
    job = exports().pushing
    going_on = job is not None and not job.done
    if not folders and not going_on:
        return
    with st.expander("Send it to a hub account", icon=":material/cloud_upload:", expanded=going_on):
        if folders:
            _form(entry, folders, busy=going_on)
        if job is not None:
            _standing(job)


def _form(entry: ModelEntry, folders: dict[str, Made], *, busy: bool) -> None:
    st.caption(
        "The files of an export go to your account at huggingface\\.co (or the mirror that "
        "HF\\_ENDPOINT names), together with the access token; nothing else leaves this machine."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Which export",
            list(folders),
            format_func=lambda path: f"{folders[path].path.name} ({size(folders[path].size)})",
            key=Key.PARCEL.of(entry),
            width=260,
            filter_mode=None,
        )
        st.text_input(
            "Repository",
            value=slug(entry.title),
            max_chars=200,
            key=Key.REPO.of(entry),
            width=260,
            help="owner/name; without an owner it goes to the account of the token.",
        )
        st.text_input(
            "Access token",
            type="password",
            placeholder="that of this machine (HF_TOKEN)" if has_token() else "hf_…",
            key=Key.TOKEN.of(entry),
            width=260,
            help="Made in the hub's settings, with the right to write. It is used once and kept "
            "nowhere.",
            autocomplete="off",
        )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.checkbox("Private: only you can see it", value=True, key=Key.PRIVATE.of(entry))
        st.checkbox("A new version of one that is there", key=Key.AGAIN.of(entry))
        st.button(
            "Send",
            icon=":material/cloud_upload:",
            key=Key.PUSH.of(entry),
            disabled=busy,
            on_click=model_export_actions.push,
            args=(entry,),
        )


def _standing(job: Pushing) -> None:
    if not job.done:
        _progress(job)
    elif job.problem is not None:
        errors.say(job.problem)
    elif job.url:
        st.success(plain(f"Sent. It is at {job.url}"), icon=":material/check_circle:")


@st.fragment(run_every=POLL)
def _progress(job: Pushing) -> None:
    if job.done:
        st.rerun()
    text = "Stopping" if job.stopping else f"Sending to {job.parcel.repo}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(min(1.0, job.fraction), text=plain(text))
        st.button(
            "Stop",
            icon=":material/stop:",
            key=Key.PUSH_STOP,
            on_click=model_export_actions.stop_push,
        )
