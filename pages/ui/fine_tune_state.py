"""The session_state keys of the fine-tune page, behind typed accessors."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import streamlit as st

from chatbot.dataset import personas
from chatbot.dataset.personas import FIRST, Persona
from chatbot.engine.catalog import list_models, resolve
from chatbot.errors import ChatbotError, NotAvailable
from chatbot.training.config import FIELDS, PRESETS, Method, PresetName, TrainingConfig
from chatbot.training.runs import Run, get_run


class Key(StrEnum):
    """Keys of widgets; each names a CSS class `st-key-<key>` as well."""

    PERSONA = "ft_persona"
    BASE = "ft_base"
    METHOD = "ft_method"
    PRESET = "ft_preset"
    START = "ft_start"
    FROM_SCRATCH = "ft_scratch"
    STOP = "ft_stop"
    PAUSE = "ft_pause"
    CHAT_SO_FAR = "ft_chat_so_far"
    THROW_AWAY = "ft_throw_away"
    QUESTIONS = "ft_questions"
    RESUME = "ft_resume"
    DEFAULT = "ft_default"
    MEASURE = "ft_score"
    STOP_MEASURING = "ft_stop_scoring"
    CHAT = "ft_chat"
    CHART = "ft_chart"
    RUN = "ft_run"
    RUN_MENU = "ft_run_menu"
    RUN_NAME = "ft_run_name"
    RUN_NOTE = "ft_run_note"
    RUNS_VIEW = "ft_runs_view"
    RUNS_PAGE = "ft_runs_page"
    RUNS_COMPARED = "ft_runs_compared"
    RUNS_CHART = "ft_runs_chart"
    UNDELETE = "ft_undelete"


@dataclass(frozen=True)
class Outcome:
    """What the last click in the history of runs came to.

    Args:
        said: a short sentence.
        but: sentences on what could not be done; "" where everything was.
        undo: the id of the run that was deleted; "" where there is nothing to undo.
        problem: what went wrong, in the place of `said`.
    """

    said: str = ""
    but: str = ""
    undo: str = ""
    problem: ChatbotError | None = None


_SHOWN = "ft_own_shown"
_OUTCOME = "ft_own_outcome"
_EDITED = "ft_own_edited"
_FITTED = "ft_own_fitted"
_FIELD = "ft_field_"
_BATCHES = ("batch_size", "gradient_accumulation")
_FILLED: PresetName = "Balanced"
"""The preset whose fields take the settings of an earlier run."""
_NO_STEPS = 0
"""What the field for the largest number of steps shows where there is no limit."""


def field_key(name: str, method: Method, preset: PresetName) -> str:
    """Key of an advanced field. Another method or preset brings fields of its own, freshly set."""
    return f"{_FIELD}{name}_{method}_{preset}".lower()


def set_fields(config: TrainingConfig, names: tuple[str, ...], preset: PresetName) -> None:
    """Fill the advanced fields that the page has not drawn yet."""
    if all(field_key(name, config.method, preset) not in st.session_state for name in _BATCHES):
        st.session_state[_FITTED] = _batches(config, preset)
    for name in names:
        key = field_key(name, config.method, preset)
        if key not in st.session_state:
            value = getattr(config, name)
            st.session_state[key] = _NO_STEPS if value is None else value


def forget_what_suits_a_base(method: Method) -> None:
    """Let what depends on the base model be set anew: batches, rehearsal, and the rank and alpha of
    an adapter that learns on. Only in a callback."""
    for name in (*_BATCHES, "rehearsal", "lora_rank", "lora_alpha"):
        for preset in PRESETS:
            st.session_state.pop(field_key(name, method, preset), None)


def forget_what_suits_a_persona() -> None:
    """Let every advanced field be set anew: the presets go by the conversations. Only in a
    callback."""
    for key in [key for key in st.session_state if str(key).startswith(_FIELD)]:
        del st.session_state[key]


def are_fitted(config: TrainingConfig, preset: PresetName) -> bool:
    """Whether the batches are still those that the fields were filled with by the preset.

    Free memory changes from one look to the next; the fields keep what they were filled with.
    """
    return bool(st.session_state.get(_FITTED) == _batches(config, preset))


def _batches(config: TrainingConfig, preset: PresetName) -> tuple[object, ...]:
    return (config.method, preset, *(getattr(config, name) for name in _BATCHES))


def fields(names: tuple[str, ...], method: Method, preset: PresetName) -> dict[str, float | None]:
    """The advanced fields as they stand."""
    values = {name: st.session_state[field_key(name, method, preset)] for name in names}
    if values.get("max_steps") == _NO_STEPS:
        values["max_steps"] = None
    return values


def change_fields(values: dict[str, int], method: Method, preset: PresetName) -> None:
    """Set some advanced fields. Only in a callback."""
    for name, value in values.items():
        st.session_state[field_key(name, method, preset)] = value


def show_run(run: Run) -> None:
    """Which run the page tells about, until another is chosen."""
    st.session_state[_SHOWN] = run.id


def shown_run() -> Run | None:
    """The run that was chosen in this tab, if it is still there."""
    chosen = st.session_state.get(_SHOWN)
    try:
        return get_run(chosen) if chosen else None
    except NotAvailable:  # deleted meanwhile
        return None


def preset() -> PresetName:
    """The preset that is chosen on the page Fine-tune, or its default."""
    chosen = st.session_state.get(Key.PRESET)
    return next((name for name in PRESETS if name == chosen), "Balanced")


def keep_outcome(outcome: Outcome | None) -> None:
    st.session_state[_OUTCOME] = outcome


def outcome() -> Outcome | None:
    found = st.session_state.get(_OUTCOME)
    return found if isinstance(found, Outcome) else None


def edit(run_id: str) -> None:
    """The run whose name and note are open for writing; "" for none."""
    st.session_state[_EDITED] = run_id


def edited() -> str:
    return str(st.session_state.get(_EDITED, ""))


def typed(key: Key, run_id: str) -> str:
    """What stands in a text field of a run."""
    return str(st.session_state.get(f"{key}_{run_id}", ""))


def plan_again(config: TrainingConfig) -> list[str]:
    """Fill the form with these settings. Only in a callback, before the form is drawn.

    Returns:
        A sentence for each thing that could not be taken over.
    """
    missing = []
    st.session_state.pop(_FITTED, None)
    st.session_state[Key.METHOD] = config.method
    st.session_state[Key.PRESET] = _FILLED
    st.session_state[Key.QUESTIONS] = "\n".join(config.questions)
    for name, advice in FIELDS.items():
        value = getattr(config, name)
        number = _NO_STEPS if value is None else value
        key = field_key(name, config.method, _FILLED)
        st.session_state[key] = int(number) if advice.whole else float(number)
    if config.method != "scratch":
        base = _offered(config)
        if base is None:
            missing.append(f"Its base model, {config.base_model}, can't be chosen any more.")
        else:
            st.session_state[Key.BASE] = base
    everybody = {FIRST if p.key == FIRST else str(p.path): p.key for p in personas.personas()}
    persona = everybody.get(config.dataset or FIRST)
    if persona is None:
        missing.append("The persona it learned from is not in the list any more.")
    elif len(everybody) > 1:
        st.session_state[Key.PERSONA] = persona
    return missing


def prepare(base: str, persona: Persona, questions: Sequence[str]) -> None:
    """Fill the form for a quick run on a persona that has new examples. Before it is drawn."""
    forget_what_suits_a_persona()
    st.session_state[Key.METHOD] = "lora"
    st.session_state[Key.PRESET] = "Quick"
    st.session_state[Key.BASE] = base
    st.session_state[Key.QUESTIONS] = "\n".join(" ".join(text.split()) for text in questions)
    if len(personas.personas()) > 1:
        st.session_state[Key.PERSONA] = persona.key


def _offered(config: TrainingConfig) -> str | None:
    """The name under which the form offers the base model; None where it does not."""
    try:
        wanted = resolve(config.base_model)
    except ChatbotError:
        return None
    offered = any(entry.installed and entry.name == wanted.name for entry in list_models())
    return wanted.name if offered else None
