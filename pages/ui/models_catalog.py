"""Getting a model: from the catalog of known ones, by its id on the hub, or from this machine."""

import shutil
import tempfile
from pathlib import Path

import streamlit as st

from chatbot import paths
from chatbot.engine.catalog import ModelEntry
from chatbot.engine.families import SPOKEN
from chatbot.errors import ChatbotError
from chatbot.fetching.known import KNOWN, Known
from chatbot.fetching.spoken import size
from pages.ui import models_state
from pages.ui.errors import plain
from pages.ui.models_state import Key
from pages.ui.resources import bringing, downloads

CATALOG, BY_ID, OWN = "Well-known models", "By its id", "Bring your own"
LARGEST_UPLOAD = 4_000
"""MB; what is larger is named by its path."""


def panel(entries: list[ModelEntry], speeds: dict[str, str]) -> None:
    """
    Args:
        speeds: by the name of a known model, how fast it would answer here, in words.
    """
    st.subheader("Get another one", anchor=False)
    task = st.segmented_control(
        "How",
        (CATALOG, BY_ID, OWN),
        default=CATALOG,
        key=Key.TASK,
        required=True,
        persist_state="session",
        label_visibility="collapsed",
    )
    if task == BY_ID:
        _by_id()
    elif task == OWN:
        _own(entries)
    else:
        _catalog(entries, speeds)


def _catalog(entries: list[ModelEntry], speeds: dict[str, str]) -> None:
    here = {entry.name for entry in entries if entry.installed}
    coming = {each.id for each in downloads().all() if each.state != "done"}
    st.caption(
        "A model is a large table of numbers that continues texts. More numbers know more, need "
        "more memory, and answer more slowly. Begin with a small one."
    )
    for each in KNOWN:
        if each.id and not each.names & here:
            with st.container(border=True, gap="xsmall", key=f"models-known-{each.name}"):
                _known(each, speeds.get(each.name, ""), busy=each.id in coming)


def _known(model: Known, speed: str, *, busy: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(model.title)}**", width="stretch")
        st.button(
            "On the way" if busy else "Fetch",
            icon=":material/cloud_download:",
            key=f"models-fetch-{model.name}",
            disabled=busy,
            on_click=_fetch,
            args=(model.id,),
        )
    st.markdown(plain(model.good_for))
    facts = [
        f"about {size(model.download)} to download",
        f"{size(model.memory('bfloat16'))} to {size(model.memory('float32'))} of memory",
        f"licence {model.licence}",
        "knows how to converse" if model.chat else "only continues texts until it is fine-tuned",
    ]
    st.caption(plain(" · ".join([*facts, speed] if speed else facts)))


def _by_id() -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Model",
            placeholder="owner/name, or the address of its page",
            key=Key.ID,
            width=360,
        )
        st.text_input(
            "Revision",
            placeholder="the newest",
            key=Key.REVISION,
            width=160,
            help="A branch, a tag or a commit, where it must be a certain version.",
        )
        st.button(
            "Fetch",
            icon=":material/cloud_download:",
            type="primary",
            key="models-fetch-id",
            on_click=_fetch_typed,
        )
    st.caption(
        plain(
            f"Any model of the Hugging Face hub of these families: {SPOKEN}. Only settings, "
            "tokenizer and safetensors files are fetched, never code. A private or gated one needs "
            "your access token in HF_TOKEN when the lab is started."
        )
    )


def _own(entries: list[ModelEntry]) -> None:
    st.caption(
        "A folder as training programs write it, a checkpoint of a Trainer run, a zip of such a "
        "folder, a GGUF file, or a LoRA adapter. It is checked first, then copied."
    )
    upload = st.file_uploader(
        "A zip or a GGUF file", type=["zip", "gguf"], key=Key.UPLOAD, max_upload_size=LARGEST_UPLOAD
    )
    st.text_input(
        "Or a path on the machine where the lab runs",
        placeholder="/home/me/my-model",
        key=Key.PATH,
        disabled=upload is not None,
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Name", placeholder="as the file", key=Key.NAME, width=240)
        bases = [entry.name for entry in entries if entry.installed and entry.kind != "adapter"]
        st.selectbox(
            "Base of a LoRA adapter",
            bases,
            index=None,
            placeholder="what the adapter says",
            key=Key.BASE,
            width=300,
            help="An adapter is a small addition to one certain model.",
        )
        st.button(
            "Bring it",
            icon=":material/move_to_inbox:",
            type="primary",
            key="models-bring",
            on_click=_bring,
        )


def _fetch(id: str, revision: str | None = None) -> None:
    try:
        models_state.note(f"{downloads().start(id, revision)} is on its way.")
    except ChatbotError as error:
        models_state.tell(str(error))


def _fetch_typed() -> None:
    _fetch(models_state.typed(Key.ID), models_state.typed(Key.REVISION) or None)


def _bring() -> None:
    name, base = models_state.typed(Key.NAME), models_state.typed(Key.BASE)
    upload = st.session_state.get(Key.UPLOAD)
    try:
        if upload is None:
            bringing().start(models_state.typed(Key.PATH), name, base)
        else:
            place = _stored(upload)
            bringing().start(place, name, base, remove=place.parent)
        models_state.note("It is being checked.")
    except ChatbotError as error:
        models_state.tell(str(error))
    except OSError as error:
        models_state.tell(f"The file could not be stored: {error.strerror or error}.")


def _stored(upload: "st.runtime.uploaded_file_manager.UploadedFile") -> Path:
    """The upload as a file; in the models folder, as a temporary one may lie in memory."""
    folder = Path(tempfile.mkdtemp(dir=paths.models_dir(), prefix=".upload."))
    place = folder / (Path(upload.name.replace("\\", "/")).name or "model")
    try:
        with place.open("xb") as handle:
            shutil.copyfileobj(upload, handle)
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return place
