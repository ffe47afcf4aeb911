"""The models on this machine: what each is good for, what it takes, and whether it is in memory."""

import json
from pathlib import Path

import streamlit as st

from chatbot.engine import catalog, default_model
from chatbot.engine.catalog import ModelEntry
from chatbot.engine.families import KIN
from chatbot.engine_room import Choice, Held
from chatbot.errors import ChatbotError
from chatbot.fetching.download import ORIGIN
from chatbot.fetching.known import known
from chatbot.fetching.spoken import size
from pages.ui import (
    base_model,
    chats,
    controls,
    errors,
    model_export,
    models_state,
    presses,
    state,
)
from pages.ui.errors import plain
from pages.ui.models_state import Key
from pages.ui.resources import engine_room

POLL = 0.5


def panel(entries: list[ModelEntry], speeds: dict[str, str]) -> None:
    st.subheader("On this machine", anchor=False)
    held = engine_room().held()
    _memory_line(held)
    for entry in entries:
        if entry.installed:
            with st.container(border=True, gap="xsmall", key=f"models-here-{entry.name}"):
                _card(entry, [each for each in held if each.choice.model == entry.name], speeds)
    for name in sorted({each.choice.model for each in held}):
        _say_gone(name)
    st.toggle(
        "Every checkpoint of every run",
        key=Key.ALL,
        help="Otherwise only the best one of each run is listed.",
    )


def all_checkpoints() -> bool:
    return bool(st.session_state.get(Key.ALL))


def _memory_line(held: list[Held]) -> None:
    if any(not each.bytes for each in held):
        _wait(len(held))
    elif held:
        total = sum(each.bytes for each in held)
        st.caption(plain(f"In memory: {size(total)} of weights."))
    else:
        st.caption("None of them is in memory now; the chat loads the one it needs.")


def _say_gone(name: str) -> None:
    """A model in memory whose folder was removed meanwhile, and the way to free its memory."""
    try:
        catalog.resolve(name)
        return
    except ChatbotError:
        pass
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{plain(name)}** is still in memory, but its folder is gone from the disk. Answers "
            "under way are finished; it can't be loaded again.",
            width="stretch",
        )
        _unload_button(name)


@st.fragment(run_every=POLL)
def _wait(count: int) -> None:
    held = engine_room().held()
    if len(held) != count or all(each.bytes for each in held):
        st.rerun()
    st.caption(":shimmer[Loading the model…]")


def _card(entry: ModelEntry, held: list[Held], speeds: dict[str, str]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        default = ", the default" if default_model.is_promoted(entry) else ""
        st.markdown(f"**{plain(entry.title)}**{default}", width="stretch")
        if held:
            st.badge("in memory" if held[0].bytes else "loading", color="green")
        if presses.button(
            "Chat with it",
            icon=":material/forum:",
            key=f"models-chat-{entry.name}",
            help="Begins a new conversation.",
        ):
            _chat_with(entry)
        st.button(
            "Details",
            icon=":material/unfold_less:"
            if models_state.opened() == entry.name
            else ":material/unfold_more:",
            type="tertiary",
            key=f"models-open-{entry.name}",
            on_click=models_state.open_details,
            args=(entry.name,),
        )
    st.markdown(plain(good_for(entry)))
    facts = [f"family {KIN[entry.family].title}", f"{size(disk_size(entry.path))} on the disk"]
    facts += [_in_memory(each) for each in held if each.bytes]
    found = known(entry.name)
    if found is not None and found.name in speeds:
        facts.append(speeds[found.name])
    st.caption(plain(" · ".join(facts)))
    if models_state.opened() == entry.name:
        details(entry, held)


def details(entry: ModelEntry, held: list[Held]) -> None:
    """Everything on one model, and what can be done with it."""
    rows = {"What it is": entry.note, "Where it is": str(entry.path), "Name": entry.name}
    origin = _origin(entry.path)
    if origin.get("id"):
        rows["Came from"] = f"{origin['id']}, version {origin.get('commit', '')[:12]}"
    if origin.get("brought"):
        rows["Came from"] = origin["brought"]
    found = known(entry.name)
    licence = found.licence if found else origin.get("licence", "")
    if licence:
        rows["Licence"] = licence
    if entry.base:
        rows["Adapter for"] = entry.base
    with st.container(gap="xxsmall"):
        for name, text in rows.items():
            st.markdown(f":gray[{name}:] {plain(text)}")
    base_model.say(entry)
    status = engine_room().status(_choice(entry.name))
    if status.state == "failed":
        st.error(plain(status.problem), icon=":material/error:")
    with st.container(horizontal=True):
        if held:
            _unload_button(entry.name)
        else:
            st.button(
                "Load",
                icon=":material/memory:",
                key=f"models-load-{entry.name}",
                help="Brings it into memory, and puts the one that is there now out of it.",
                on_click=_load,
                args=(entry.name,),
            )
    model_export.draw(entry)


def _unload_button(name: str) -> None:
    st.button(
        "Unload",
        icon=":material/eject:",
        key=f"models-unload-{name}",
        help="Frees its memory. The chat loads it again when it is needed.",
        on_click=_unload,
        args=(name,),
    )


def good_for(entry: ModelEntry) -> str:
    """One sentence for people."""
    found = known(entry.name)
    if found is not None:
        return found.good_for
    if entry.name.startswith(f"{catalog.RUNS}/"):
        return "Fine-tuned here: one of your own."
    origin = _origin(entry.path)
    if origin.get("id"):
        return f"Fetched from the hub: {origin['id']}."
    if entry.kind == "adapter":
        return f"A LoRA adapter: a small addition to {entry.base}."
    return "Brought by you."


def disk_size(folder: Path) -> int:
    """Bytes of the files directly in a folder; those that vanish while we look count nothing."""
    total = 0
    try:
        for path in folder.iterdir():
            total += path.stat().st_size if path.is_file() else 0
    except OSError:
        return total
    return total


def _in_memory(held: Held) -> str:
    where = held.placement
    kind = where.device.partition(":")[0] if where else ""
    device = controls.SPOKEN_DEVICES.get(kind, kind)
    number_format = where.dtype if where else ""
    answering = ", answering" if held.answering else ""
    return f"{size(held.bytes)} in memory, {device}, {number_format}{answering}"


def _origin(folder: Path) -> dict[str, str]:
    try:
        content = json.loads((folder / ORIGIN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(content, dict):
        return {}
    return {str(key): value for key, value in content.items() if isinstance(value, str)}


def _chat_with(entry: ModelEntry) -> None:
    with errors.shown():
        catalog.resolve(entry.name)
        state.choose_model(entry.name)
        chats.begin_new()
        st.switch_page("chat.py")


def _choice(name: str) -> Choice:
    return Choice(name, state.device(), state.number_format())


def _load(name: str) -> None:
    engine_room().warm(_choice(name), retry=True)


def _unload(name: str) -> None:
    try:
        engine_room().unload(name)
    except ChatbotError as error:
        models_state.tell(str(error))
