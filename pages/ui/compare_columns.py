"""The columns of a comparison: which models, and the settings of each."""

from collections.abc import Sequence

import streamlit as st

from chatbot.comparing.columns import Column, preselected
from chatbot.engine.catalog import ModelEntry
from chatbot.engine.sampling import LARGEST_SEED, PRESETS, SamplingParams
from chatbot.engine_room import Choice
from chatbot.providers import Provider
from pages.ui import state
from pages.ui.compare_state import Key
from pages.ui.errors import plain

LETTERS = "ABCD"
ELSEWHERE = "elsewhere: "
"""Before the name of a bigger model, so that it is no model's of this machine."""
SEED = 42
"""The same for all columns, so that they differ by what they are and not by luck."""
_DIALS = (
    ("temperature", "Temperature", 0.0, 2.0, 0.05),
    ("top_p", "Top-p", 0.05, 1.0, 0.05),
    ("top_k", "Top-k", 0, 200, 1),
    ("repetition_penalty", "Repetition penalty", 0.5, 2.0, 0.05),
    ("max_new_tokens", "Max new tokens", 8, 1024, 8),
)


def choose(entries: Sequence[ModelEntry], provider: Provider | None = None) -> tuple[Column, ...]:
    """Two to four columns, base and tuned preselected.

    Args:
        provider: a bigger model elsewhere that may be chosen as well.
    """
    count = st.segmented_control(
        "How many models",
        (2, 3, 4),
        default=2,
        key=Key.COUNT,
        required=True,
        persist_state="session",
    )
    first = preselected(entries)
    places = st.columns(count)
    return tuple(
        _column(place, index, entries, first, provider) for index, place in enumerate(places)
    )


def one(entries: Sequence[ModelEntry]) -> Column:
    """The first column alone."""
    return _column(st.container(), 0, entries, preselected(entries)[::-1])


def names(columns: Sequence[Column], entries: Sequence[ModelEntry]) -> list[str]:
    """What each column is called; different ones, also where a model stands twice."""
    titles = {entry.name: entry.title for entry in entries}
    told = [titles.get(column.choice.model, column.choice.model) for column in columns]
    return [
        f"{name} ({LETTERS[index]})" if told.count(name) > 1 else name
        for index, name in enumerate(told)
    ]


def settings_told(params: SamplingParams) -> str:
    seed = "a new seed each time" if params.seed is None else f"seed {params.seed}"
    return f"temperature {params.temperature:g}, top-p {params.top_p:g}, {seed}"


def _column(
    place: "st.delta_generator.DeltaGenerator",
    index: int,
    entries: Sequence[ModelEntry],
    first: Sequence[str],
    provider: Provider | None = None,
) -> Column:
    by_name = {entry.name: entry.title for entry in entries if entry.installed}
    if provider is not None:
        by_name[ELSEWHERE + provider.name] = provider.name
    key = f"{Key.MODEL}{index}"
    if st.session_state.get(key) not in by_name:
        wanted = first[index % len(first)]
        st.session_state[key] = wanted if wanted in by_name else next(iter(by_name), None)
    with place.container(border=True, key=f"compare-column-{index}"):
        model = st.selectbox(
            f"Model {LETTERS[index]}",
            list(by_name),
            key=key,
            format_func=lambda name: by_name[name],
            persist_state="session",
            filter_mode=None,
        )
        params = _settings(index)
        st.caption(plain(settings_told(params)))
        if provider is not None and model == ELSEWHERE + provider.name:
            st.caption(plain(f"The prompts are sent to {provider.host}."))
            return Column(Choice(provider.name), params, provider)
    return Column(Choice(model or "", state.device(), state.number_format()), params)


def _settings(index: int) -> SamplingParams:
    usual = PRESETS["Factual"]
    found: dict[str, float | int | None] = {}
    with st.popover("Settings", icon=":material/tune:", key=f"compare-settings-{index}"):
        for name, label, low, high, step in _DIALS:
            key = f"{Key.SETTING}{name}_{index}"
            st.session_state.setdefault(key, getattr(usual, name))
            found[name] = st.slider(label, low, high, step=step, key=key, persist_state="session")
        key = f"{Key.SETTING}seed_{index}"
        st.session_state.setdefault(key, SEED)
        found["seed"] = st.number_input(
            "Seed",
            min_value=0,
            max_value=LARGEST_SEED,
            step=1,
            value=None,
            key=key,
            placeholder="a new one each time",
            persist_state="session",
            help="The same seed is the same luck: what differs then comes from the models.",
        )
    return SamplingParams(**found)  # type: ignore[arg-type]
