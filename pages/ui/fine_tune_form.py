"""The form that plans a run: base, way, preset, every setting, and what will come of it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import get_args

import streamlit as st

from chatbot.dataset.personas import Persona
from chatbot.engine.catalog import ModelEntry, list_models
from chatbot.errors import ChatbotError
from chatbot.training import learning_on
from chatbot.training.command import command_of
from chatbot.training.config import (
    FIELDS,
    MOST_QUESTIONS,
    PRESETS,
    Method,
    PresetName,
    TrainingConfig,
    preset,
)
from chatbot.training.preflight import Preflight, check, too_few
from pages.ui import errors, fine_tune_state, presses
from pages.ui.errors import plain
from pages.ui.fine_tune_dials import dials, to_this_machine
from pages.ui.fine_tune_persona import dataset_of, of_the_doctor
from pages.ui.fine_tune_state import Key
from pages.ui.resources import speeds, store, training_job

METHODS: Mapping[Method, str] = {"lora": "LoRA", "full": "Full", "scratch": "From scratch"}
SENTENCES: Mapping[Method, str] = {
    "lora": "Adds a small adapter and leaves the model's own weights as they are: quick, light, "
    "and it forgets the least.",
    "full": "Changes every weight of the model: it can learn the most, needs the most memory, "
    "and forgets more of what it knew.",
    "scratch": "Makes a new, small GPT-2 (Pocket GPT-2) that knows your conversations and "
    "nothing else: made in minutes, and all yours.",
}
PRESET_HELP: Mapping[PresetName, str] = {
    "Quick": "A first taste: the bot begins to sound like your conversations.",
    "Balanced": "What we would choose.",
    "Thorough": "Twice as long; worth it when Balanced did not go far enough.",
}
QUEUE = "Add to the queue"
_SHARED = (
    "epochs",
    "batch_size",
    "gradient_accumulation",
    "learning_rate",
    "warmup_ratio",
    "weight_decay",
    "max_length",
    "most_conversations",
    "telling_weight",
    "emphasis",
    "held_out",
    "evaluations",
    "patience",
    "max_steps",
    "seed",
)
_OWN: Mapping[Method, tuple[str, ...]] = {
    "lora": ("lora_rank", "lora_alpha", "lora_dropout", "rehearsal"),
    "full": ("rehearsal",),
    "scratch": ("scratch_layers", "scratch_width", "scratch_heads", "scratch_vocab"),
}


def form(conversations: int, persona: Persona, *, busy: bool) -> None:
    """Plan a run and start it.

    Args:
        conversations: how many the persona has; the presets go by it.
        busy: a run is going on, so that this one has to wait.
    """
    bases = [entry for entry in list_models() if entry.installed]
    if not bases:
        _only_from_scratch(conversations, persona, busy=busy)
        return
    method = _method()
    # These containers are always there: what comes and goes in them does not close what is below.
    with st.container():
        base = _base(bases, method)
    chosen = _preset()
    notes = st.container()
    with notes:
        if (few := too_few(conversations, chosen)) is not None:
            st.caption(f":orange[:material/info:] {plain(few.message)} {plain(few.remedy)}")
        of_the_doctor(persona)
    with errors.shown():
        usual = learning_on.suited(
            preset(chosen, method=method, base_model=base, conversations=conversations)
        )
        talks = store(persona.key).snapshot().conversations
        config = to_this_machine(replace(usual, dataset=dataset_of(persona)), talks)
        with st.expander("Advanced", icon=":material/tune:", key="ft_advanced"):
            config = _advanced(config, chosen)
        if fine_tune_state.are_fitted(config, chosen):
            with notes:
                _say_fitted(config, usual, chosen)
        config = replace(config, questions=_questions())
        _plan_and_start(config, chosen, busy=busy)


def _say_fitted(config: TrainingConfig, usual: TrainingConfig, chosen: PresetName) -> None:
    """That the preset came with smaller batches, and why; nothing where it did not."""
    same_steps = config.conversations_a_step == usual.conversations_a_step
    if config.batch_size < usual.batch_size and same_steps:
        st.caption(
            f":material/memory: {chosen}, fitted to the free memory of this machine: "
            f"{config.gradient_accumulation} batches of {config.batch_size} a step instead of "
            f"{usual.gradient_accumulation} of {usual.batch_size}, which learns the same."
        )


def _method() -> Method:
    with st.container(gap="xxsmall"):
        chosen: Method = st.segmented_control(
            "How shall it learn?",
            get_args(Method),
            default="lora",
            format_func=lambda name: METHODS[name],
            key=Key.METHOD,
            required=True,
        )
        st.caption(SENTENCES[chosen])
    return chosen


def _base(bases: list[ModelEntry], method: Method) -> str:
    """The base model's name; from scratch there is none to choose."""
    if method == "scratch":
        return bases[0].name
    titles = {entry.name: entry.title for entry in bases}
    return st.selectbox(
        "Base model",
        list(titles),
        format_func=lambda name: titles[name],
        key=Key.BASE,
        on_change=fine_tune_state.forget_what_suits_a_base,
        args=(method,),
        help="The model to start from. It stays as it is; the result is a checkpoint of its own. "
        "With LoRA, a checkpoint that is an adapter learns on.",
    )


def _preset() -> PresetName:
    with st.container(gap="xxsmall"):
        chosen: PresetName = st.segmented_control(
            "How thoroughly?", PRESETS, default="Balanced", key=Key.PRESET, required=True
        )
        st.caption(PRESET_HELP[chosen])
    return chosen


def _advanced(config: TrainingConfig, chosen: PresetName) -> TrainingConfig:
    """Every setting with its advice."""
    names = _SHARED + _OWN[config.method]
    fine_tune_state.set_fields(config, names, chosen)
    columns = st.columns(2, gap="medium")
    for position, name in enumerate(names):
        with columns[position % 2]:
            _field(name, config, chosen)
    return replace(config, **fine_tune_state.fields(names, config.method, chosen))  # type: ignore[arg-type]


def _questions() -> tuple[str, ...]:
    """What to ask while it learns; () leaves the choice to the run."""
    with st.expander("Watch it learn", icon=":material/visibility:", key="ft_watch"):
        typed = st.text_area(
            "Questions, one a line",
            key=Key.QUESTIONS,
            placeholder="Who are you?\nWhat is the capital of France?",
            help="Asked before the first step, at every evaluation and at the end, so that you see "
            "the answers change. Ask for what it shall learn, and for what it shall not forget.",
            persist_state="session",
        )
        st.caption(
            f"At most {MOST_QUESTIONS}. Without any: who it is, some that held-out conversations "
            "ask, and some from outside your conversations."
        )
    return tuple(line.strip() for line in (typed or "").splitlines() if line.strip())


def _field(name: str, config: TrainingConfig, chosen: PresetName) -> None:
    advice = FIELDS[name]
    kind = int if advice.whole else float
    optional = name == "max_steps"
    small = not advice.whole and advice.maximum <= 1
    help_text = f"{advice.help} 0 is no limit." if optional else advice.help
    st.number_input(
        f"{advice.label} ({name})",
        min_value=kind(0 if optional else advice.minimum),
        max_value=kind(advice.maximum),
        step=kind(1) if advice.whole else (0.5 if not small else _small_step(name)),
        format=None if advice.whole else ("%.2g" if name == "learning_rate" else "%.2f"),
        key=fine_tune_state.field_key(name, config.method, chosen),
        help=help_text,
    )


def _small_step(name: str) -> float:
    return 1e-5 if name == "learning_rate" else 0.01


def _plan_and_start(config: TrainingConfig, chosen: PresetName, *, busy: bool) -> None:
    try:
        plan: Preflight | None = check(config)
    except ChatbotError as error:
        errors.say(error)
        plan = None
    if plan is not None:
        st.caption(_plan_sentence(plan))
        for note in plan.notes:
            st.caption(plain(note))
        dials(config, plan, chosen)
    with st.container(horizontal=True, gap="small"):
        if presses.button(
            QUEUE if busy else "Fine-tune",
            type="primary",
            icon=":material/queue:" if busy else ":material/model_training:",
            key=Key.START,
            disabled=plan is None,
        ):
            start(config, busy=busy)
        if plan is not None:
            with st.popover("Command line", icon=":material/terminal:", key="ft_command"):
                st.caption("The same run from a terminal, in the folder of Chatbot Lab:")
                st.code(
                    command_of(config, chosen, len(plan.source.usable)),
                    language="bash",
                    wrap_lines=True,
                )


def start(config: TrainingConfig, *, busy: bool) -> None:
    """Begin the run and show it, or let it wait; a refusal is shown in its place."""
    with errors.shown():
        if busy:
            training_job().enqueue(config)
        else:
            speeds().stop()
            fine_tune_state.show_run(training_job().start(config))
        st.rerun()


def _plan_sentence(plan: Preflight) -> str:
    held_out = len(plan.parts.held_out)
    measured = f"{held_out} held out to measure on" if held_out else "none held out"
    return (
        f"{len(plan.parts.train)} conversations to learn from, {measured}; {plan.steps} steps, "
        f"{plan.warmup} of them warm-up; needs up to {plan.disk / 1e6:,.0f} MB of disk."
    )


def one_click(conversations: int, persona: Persona, *, busy: bool) -> None:
    """A GPT-2 of one's own, without a question asked: made as the Pocket GPT-2 that comes with the
    project, of one's own conversations, fewer of them in less time."""
    with st.container(border=True, key="one-click"):
        words, action = st.columns([3, 1], vertical_alignment="center")
        with words.container(gap="xxsmall"):
            st.markdown("**Train a GPT-2 from scratch**")
            st.caption(SENTENCES["scratch"])
        with action:
            pressed = presses.button(
                QUEUE if busy else "Train",
                icon=":material/queue:" if busy else ":material/rocket_launch:",
                key=Key.FROM_SCRATCH,
                width="stretch",
            )
        if pressed:
            config = preset("Balanced", method="scratch", conversations=conversations)
            config = to_this_machine(config, store(persona.key).snapshot().conversations)
            start(replace(config, dataset=dataset_of(persona)), busy=busy)


def _only_from_scratch(conversations: int, persona: Persona, *, busy: bool) -> None:
    st.info(
        "There is no model to fine-tune on this machine yet: get one on the chat page, or train "
        "one from scratch.",
        icon=":material/info:",
    )
    with errors.shown():
        usual = preset("Thorough", method="scratch", conversations=conversations)
        usual = replace(usual, dataset=dataset_of(persona))
        config = to_this_machine(usual, store(persona.key).snapshot().conversations)
        _say_fitted(config, usual, "Thorough")
        _plan_and_start(config, "Thorough", busy=busy)
