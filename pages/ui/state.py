"""Every session_state key and every query parameter, behind typed accessors.

A session is one browser tab. What must survive a refresh is on disk, found again through the
chat's id in the address; what is here may be lost.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import streamlit as st

from chatbot.engine.sampling import SamplingParams, usable_stop_words
from chatbot.errors import BadInput
from chatbot.transcripts import is_id, new_id


class Key(StrEnum):
    """Keys of widgets; each names a CSS class `st-key-<key>` as well."""

    MODEL = "model"
    DEMOTE = "demote"
    TEMPERATURE = "temperature"
    TOP_P = "top_p"
    TOP_K = "top_k"
    REPETITION_PENALTY = "repetition_penalty"
    MAX_NEW_TOKENS = "max_new_tokens"
    SEED = "seed"
    MIN_P = "min_p"
    TYPICAL_P = "typical_p"
    NO_REPEAT_NGRAM = "no_repeat_ngram"
    STOP = "stop_words"
    NEUTRALIZE = "neutralize"
    PRESET = "preset"
    PRESET_NAME = "preset_name"
    DEVICE = "device"
    NUMBER_FORMAT = "number_format"
    QUESTION = "question"
    SUGGESTION = "suggestion"
    BRING_BACK = "bring_back"


class _Own(StrEnum):
    """Keys that belong to no widget."""

    CHAT = "own_chat"
    SETTINGS = "own_settings"
    SETTINGS_OF = "own_settings_of"
    CLEARED = "own_cleared"
    SHOWN_RUN = "own_shown_run"
    OF_ADDRESS = "own_of_address"
    PARAMS = "own_params"
    MEANT = "own_meant"
    PRESET_DELETED = "own_preset_deleted"


SETTINGS: Mapping[str, Key] = {
    "temperature": Key.TEMPERATURE,
    "top_p": Key.TOP_P,
    "top_k": Key.TOP_K,
    "repetition_penalty": Key.REPETITION_PENALTY,
    "max_new_tokens": Key.MAX_NEW_TOKENS,
    "seed": Key.SEED,
    "min_p": Key.MIN_P,
    "typical_p": Key.TYPICAL_P,
    "no_repeat_ngram": Key.NO_REPEAT_NGRAM,
    "stop": Key.STOP,
}
NAMES: Mapping[Key, str] = {key: name for name, key in SETTINGS.items()}
_CHAT_PARAMETER = "chat"


# --- which chat -------------------------------------------------------------------------------


def chat_id(exists: Callable[[str], bool]) -> str:
    """The chat of this tab: the one in the address, else the tab's own, else a new one.

    An id in the address is taken only where such a chat was saved (or this tab made it up), so
    that nobody can be lured into a chat whose address somebody else knows.
    """
    asked = st.query_params.get(_CHAT_PARAMETER)
    own = st.session_state.get(_Own.CHAT)
    if asked is not None and asked != own and is_id(asked) and exists(asked):
        own = asked
    if own is None:
        own = new_id()
    open_chat(own)
    return str(own)


def open_chat(chat: str) -> None:
    """Make this the tab's chat, in the address too, so that a refresh comes back to it."""
    st.session_state[_Own.CHAT] = chat
    if st.query_params.get(_CHAT_PARAMETER) != chat:
        st.query_params[_CHAT_PARAMETER] = chat


def begin_new_chat() -> None:
    """Leave the chat for an empty one; `cleared_chat` remembers the way back."""
    st.session_state[_Own.CLEARED] = st.session_state.get(_Own.CHAT)
    fresh = new_id()
    # The settings stay as they are: the new chat is as good as read.
    st.session_state[_Own.SETTINGS_OF] = fresh
    open_chat(fresh)


def cleared_chat() -> str | None:
    """The chat that was cleared just now and can be brought back."""
    return st.session_state.get(_Own.CLEARED)


def forget_cleared_chat() -> None:
    st.session_state.pop(_Own.CLEARED, None)


# --- settings of the chat ---------------------------------------------------------------------


def restore_settings(chat: str, model: str, settings: Mapping[str, Any]) -> None:
    """Set the widgets to what was saved with a chat, once for each chat that the tab opens. In a
    new tab, what the address says comes over it: it need not name every setting."""
    if st.session_state.get(_Own.SETTINGS_OF) == chat:
        return
    new_tab = _Own.SETTINGS_OF not in st.session_state and not has_params()
    st.session_state[_Own.SETTINGS_OF] = chat
    if model:
        st.session_state[Key.MODEL] = model
    try:
        saved = SamplingParams(**settings)
    except (BadInput, TypeError):  # saved by another version: keep what stands
        return
    if settings and new_tab:
        st.session_state[_Own.PARAMS] = saved
    elif settings:
        set_params(saved)


def settings_changed(model: str, params: SamplingParams) -> bool:
    """Whether the settings differ from the last time this was asked in this tab."""
    now = (model, params)
    before = st.session_state.get(_Own.SETTINGS, now)
    st.session_state[_Own.SETTINGS] = now
    return bool(before != now)


def set_params(params: SamplingParams) -> None:
    """Set the sliders. Only before they are drawn, or in a callback."""
    before = _as_they_stand()
    for name, key in SETTINGS.items():
        set_setting(key, getattr(params, name))
    st.session_state[_Own.MEANT] = _Meant(before, _as_they_stand())


@dataclass
class _Meant:
    """What was made of all settings at once, such as by a preset.

    Attributes:
        new: no run of the page has begun since.
    """

    before: Mapping[Key, object]
    after: Mapping[Key, object]
    new: bool = True


def _as_they_stand() -> Mapping[Key, object]:
    return {key: st.session_state.get(key) for key in SETTINGS.values()}


def keep_meant(by_itself: bool) -> None:
    """At the beginning of a page, which may be drawn `by_itself`: see `told.begin`.

    Every message of a browser brings all the values that it shows. A timer of the page that goes
    off between a press and its effect so brings back the old ones; the browser's next message
    mends that, but a page that draws itself anew in between would undo the press for good.

    A slow browser may not have shown the page at all when that is drawn anew: then it shows what
    this second drawing sends, and without a value that is a slider's default.
    """
    meant: _Meant | None = st.session_state.get(_Own.MEANT)
    if meant is None:
        return
    now = _as_they_stand()
    undone, perhaps_unseen = now == meant.before, meant.new and now == meant.after
    if by_itself and (undone or perhaps_unseen):
        for key, value in meant.after.items():
            st.session_state[key] = value
    elif not by_itself and not meant.new:
        del st.session_state[_Own.MEANT]
    meant.new = False


def set_setting(key: Key, value: object) -> None:
    """Set one slider. Only before it is drawn, or in a callback."""
    st.session_state[key] = list(value) if isinstance(value, tuple) else value


def addressed() -> dict[str, list[str]]:
    """The settings that the address names, as they stand there."""
    return {name: st.query_params.get_all(name) for name in SETTINGS if name in st.query_params}


def say_of_address(sentences: Sequence[str]) -> None:
    """What to tell of the address until another setting is chosen."""
    st.session_state[_Own.OF_ADDRESS] = (params(), tuple(sentences))


def said_of_address() -> tuple[str, ...]:
    then, sentences = st.session_state.get(_Own.OF_ADDRESS, (None, ()))
    return tuple(sentences) if sentences and then == params() else ()


def stop_words() -> tuple[str, ...]:
    """The stop words as they were typed."""
    return tuple(map(str, st.session_state.get(Key.STOP) or ()))


def params() -> SamplingParams:
    """The sliders' settings.

    Raises:
        BadInput: a value that the page's own limits don't allow.
    """
    values = {name: st.session_state[key] for name, key in SETTINGS.items()}
    return SamplingParams(**values | {"stop": usable_stop_words(stop_words())})


def keep_params() -> SamplingParams:
    """The sliders' settings, remembered for the next page that draws them: what is bound to the
    address is forgotten with it."""
    st.session_state[_Own.PARAMS] = now = params()
    return now


def last_params() -> SamplingParams | None:
    return st.session_state.get(_Own.PARAMS)


def has_params() -> bool:
    return all(key in st.session_state for key in SETTINGS.values())


def keep_within(key: Key, low: float, high: float) -> None:
    """Bring a restored value into a slider's range before the slider is drawn."""
    value = st.session_state[key]
    if not low <= value <= high:
        st.session_state[key] = type(low)(min(max(value, low), high))


def show_preset(presets: Mapping[str, SamplingParams]) -> None:
    """Mark the preset that the sliders stand at, if any. Before the presets are drawn."""
    now = replace(params(), seed=None)
    st.session_state[Key.PRESET] = next((n for n, p in presets.items() if p == now), None)


def apply_preset(presets: Mapping[str, SamplingParams]) -> None:
    """Set the sliders to the chosen preset; the seed stays. Only in a callback."""
    chosen = presets.get(str(st.session_state.get(Key.PRESET)))
    if chosen is not None:
        set_params(replace(chosen, seed=st.session_state.get(Key.SEED)))


def preset_name() -> str:
    return str(st.session_state.get(Key.PRESET_NAME) or "")


def remember_deleted_preset(name: str, params: SamplingParams) -> None:
    st.session_state[_Own.PRESET_DELETED] = (name, params)


def deleted_preset() -> tuple[str, SamplingParams] | None:
    """The preset that was deleted last in this tab."""
    return st.session_state.get(_Own.PRESET_DELETED)


def forget_deleted_preset() -> None:
    st.session_state.pop(_Own.PRESET_DELETED, None)


def model() -> str | None:
    return st.session_state.get(Key.MODEL)


def choose_model(name: str) -> None:
    """Only before the picker is drawn, in a callback, or on a page without it."""
    st.session_state[Key.MODEL] = name


def device() -> str | None:
    return st.session_state.get(Key.DEVICE)


def number_format() -> str | None:
    return st.session_state.get(Key.NUMBER_FORMAT)
