"""The sampling settings: presets, grouped sliders with a sentence and a picture each, and what
fights among them. They travel in the page's address."""

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from chatbot.engine.addressed import from_address
from chatbot.engine.conflicts import conflicts
from chatbot.engine.sampling import LARGEST_SEED, PRESETS, SamplingParams
from chatbot.engine.sketches import sketch
from chatbot.errors import BadInput
from pages.ui import own_presets, state
from pages.ui.errors import plain
from pages.ui.state import Key

START = PRESETS["Factual"]
"""What a new tab stands at: the default of each setting."""
SENTENCES: Mapping[str, str] = {
    Key.TEMPERATURE: "How daring the choice of each word is; 0 always takes the likeliest.",
    Key.TOP_P: "Only the likeliest words that together reach this share are considered.",
    Key.TOP_K: "At most this many candidates for each word; 0 is no limit.",
    Key.REPETITION_PENALTY: "Above 1, words that were said already become less likely.",
    Key.MAX_NEW_TOKENS: "The answer ends here at the latest; a token is about ¾ of a word.",
    Key.SEED: "The same seed gives the same answer again; empty draws a new one.",
    Key.MIN_P: "Drops words less likely than this share of the likeliest one; 0 is off.",
    Key.TYPICAL_P: "Keeps the words that surprise about as much as expected; 1 is off.",
    Key.NO_REPEAT_NGRAM: "No run of this many tokens comes twice; 0 is off.",
    Key.STOP: "The answer ends before these words.",
}
NEUTRAL = {
    "temperature": 1.0,
    "top_p": 1.0,
    "top_k": 0,
    "repetition_penalty": 1.0,
    "min_p": 0.0,
    "typical_p": 1.0,
    "no_repeat_ngram": 0,
}
"""With these the model chooses by its own probabilities alone."""
_LINE_END = "\n"


def sampling() -> SamplingParams:
    """Presets and sliders."""
    _begin()
    own_presets.choose()
    with st.container(horizontal=True, gap="medium"):
        own_presets.menu()
        st.button(
            "Neutralize all",
            key=Key.NEUTRALIZE,
            type="tertiary",
            help="Switches every setting off that changes the model's own choice: temperature 1 "
            "and no limits. Length, seed and stop words stay.",
            on_click=lambda: state.set_params(replace(state.params(), **NEUTRAL)),  # type: ignore[arg-type]
        )
    with st.container():  # always there: a warning moves no slider out of its place
        _fights()
    _group("Which words may come")
    _slider("Temperature", Key.TEMPERATURE, 0.0, 2.0, 0.05)
    _slider("Top-p", Key.TOP_P, 0.05, 1.0, 0.05)
    _slider("Top-k", Key.TOP_K, 0, 200, 1)
    _group("Against repeating")
    _slider("Repetition penalty", Key.REPETITION_PENALTY, 0.5, 2.0, 0.05)
    _group("Length and chance")
    _slider("Max new tokens", Key.MAX_NEW_TOKENS, 8, 1024, 8)
    _seed()
    with st.expander("More", icon=":material/tune:", key="sliders_more"):
        _slider("Min-p", Key.MIN_P, 0.0, 1.0, 0.01)
        _slider("Typical-p", Key.TYPICAL_P, 0.05, 1.0, 0.05)
        _slider("No-repeat n-gram", Key.NO_REPEAT_NGRAM, 0, 20, 1)
        _stop_words()
    return state.keep_params()


def _begin() -> None:
    """What the address says, once for each tab; else the defaults. Once more what it said wrong."""
    if not state.has_params():
        params, said = from_address(state.addressed(), state.last_params() or START)
        state.set_params(params)
        state.say_of_address(said)
    for sentence in state.said_of_address():
        st.caption(f":orange[:material/link_off:] {plain(sentence)}")


def _group(name: str) -> None:
    st.markdown(f"**{name}**")


def _slider(label: str, key: Key, low: float, high: float, step: float) -> None:
    state.keep_within(key, low, high)
    name = state.NAMES[key]
    with st.container(gap=None, key=f"setting_{key}"):
        st.slider(
            label,
            low,
            high,
            value=getattr(START, name),
            step=step,
            key=key,
            bind="query-params",
        )
        _below(key, name)


def _below(key: Key, name: str) -> None:
    """A picture of the setting's effect, whether it is the default, and the sentence. As one
    element where it can be: a page draws each, and the picture of the lab waits for all."""
    value, usual = st.session_state[key], getattr(START, name)
    picture = f"`{sketch(name, value)}`"
    if value == usual:
        st.caption(f"{picture} default  \n{SENTENCES[key]}")
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(picture, width="content")
        st.button(
            "custom",
            icon=":material/restart_alt:",
            key=f"reset_{key}",
            type="tertiary",
            help=f"Back to the default, {usual:g}.",
            on_click=state.set_setting,
            args=(key, usual),
        )
    st.caption(SENTENCES[key])


def _seed() -> None:
    with st.container(gap="xxsmall", key=f"setting_{Key.SEED}"):
        st.number_input(
            "Seed",
            min_value=0,
            max_value=LARGEST_SEED,
            value=None,
            step=1,
            key=Key.SEED,
            placeholder="a new one each time",
            bind="query-params",
        )
        st.caption(SENTENCES[Key.SEED])


def _stop_words() -> None:
    words = state.stop_words()
    with st.container(gap="xxsmall", key=f"setting_{Key.STOP}"):
        st.multiselect(
            "Stop words",
            list(dict.fromkeys((_LINE_END, *words))),
            key=Key.STOP,
            format_func=lambda word: "⏎ line end" if word == _LINE_END else word,
            placeholder="Type one and press Enter",
            accept_new_options=True,
            persist_state="session",
        )
        st.caption(SENTENCES[Key.STOP])
        try:
            SamplingParams(stop=words)
        except BadInput as error:
            st.caption(f":orange[:material/info:] {plain(str(error))}")


def _fights() -> None:
    for number, conflict in enumerate(conflicts(state.params())):
        st.caption(f":orange[:material/warning:] {plain(conflict.what)}")
        with st.container(horizontal=True, gap="small"):
            for name, mended in conflict.mends.items():
                st.button(
                    name,
                    icon=":material/healing:",
                    key=f"mend_{number}_{name}",
                    type="tertiary",
                    on_click=state.set_params,
                    args=(mended,),
                )
