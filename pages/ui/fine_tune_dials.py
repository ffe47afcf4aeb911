"""Two dials beside the plan of a run: how long it will take on this machine, and whether it fits
into its memory; with what to change where it does not."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import psutil
import streamlit as st

from chatbot.engine.catalog import resolve
from chatbot.errors import ChatbotError
from chatbot.messages import Conversation
from chatbot.training.config import PresetName, TrainingConfig
from chatbot.training.fitted import fitted
from chatbot.training.memory_needs import MemoryNeeds, Verdict, memory_needs, remedies
from chatbot.training.preflight import Preflight
from chatbot.training.sizes import sizes_of
from chatbot.training.speeds import Speed
from pages.ui import fine_tune_state
from pages.ui.errors import plain
from pages.ui.measures import duration, size
from pages.ui.resources import speeds

POLL = 1.0
"""Seconds between two looks at a trial that goes on."""
LETTERS_A_TOKEN, TOKENS_A_TURN = 4.0, 5.0
"""Of English, until a trial has counted: a token is about four letters, and the template adds some
to each turn."""
LOOKED_THROUGH = 500
COLORS: Mapping[Verdict, Literal["green", "orange", "red"]] = {
    "fits": "green",
    "tight": "orange",
    "will not fit": "red",
}


def dials(config: TrainingConfig, plan: Preflight, chosen: PresetName) -> None:
    """Both dials. What is not known of this machine yet is measured in the background.

    Args:
        chosen: the preset whose fields a remedy changes.
    """
    speed = speeds().known(config)
    if speed is None and not speeds().measuring and speeds().problem(config) is None:
        speeds().measure(config)
    tokens = _counted(speed) or tokens_of(plan.parts.train)
    with st.container(horizontal=True, gap="small", key="ft_dials"):
        with st.container(border=True, height="stretch", key="ft_dial_time"):
            _time(config, plan, speed, tokens)
        with st.container(border=True, height="stretch", key="ft_dial_memory"):
            _memory(config, plan, speed, tokens, chosen)


def _time(config: TrainingConfig, plan: Preflight, speed: Speed | None, tokens: float) -> None:
    if speed is None:
        st.metric("Time", "…")
        problem = speeds().problem(config)
        if speeds().measuring:
            _follow()
            return
        st.caption(plain(str(problem)) if problem else "Told as soon as no run is going on.")
    else:
        st.metric("Time", f"about {duration(speed.seconds(config, plan, tokens))}")
        source = f"the run {speed.of_run}" if speed.of_run else "a few real steps on this machine"
        st.caption(
            plain(
                f"{speed.tokens_per_second:,.0f} tokens/s, measured by {source} with batch size "
                f"{speed.batch_size}"
                + ("." if speed.batch_size == config.batch_size else "; yours may differ a little.")
            )
        )
    st.button(
        "Measure again" if speed else "Measure",
        icon=":material/speed:",
        type="tertiary",
        key="ft_measure",
        help="Makes a few steps of this very run and forgets them: some seconds.",
        on_click=speeds().measure,
        args=(config,),
    )


@st.fragment(run_every=POLL)
def _follow() -> None:
    if not speeds().measuring:
        st.rerun()
    st.caption(":material/hourglass: Measuring: a few steps of this run are made and forgotten.")


def _memory(
    config: TrainingConfig,
    plan: Preflight,
    speed: Speed | None,
    tokens: float,
    chosen: PresetName,
) -> None:
    bfloat16, free = bool(speed and speed.bfloat16), _free(speed)
    where = " on the graphics card" if speed and speed.free else ""
    sizes = sizes_of(config, plan.base)
    needs = memory_needs(config, sizes, tokens, bfloat16=bfloat16)
    verdict = needs.verdict(free)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.metric("Memory", size(needs.total), width="content")
        st.badge(verdict, color=COLORS[verdict])
    st.caption(f"of {size(free)} free{where}: {_parts(needs)}")
    if verdict == "fits":
        return
    for words, values in remedies(config):
        changed: Any = values
        better = memory_needs(replace(config, **changed), sizes, tokens, bfloat16=bfloat16)
        if better.verdict(free) == "fits" or (
            verdict == "will not fit" and better.verdict(free) == "tight"
        ):
            st.button(
                words,
                icon=":material/healing:",
                key="ft_remedy",
                help="A smaller batch that is added up learns the same.",
                on_click=fine_tune_state.change_fields,
                args=(values, config.method, chosen),
            )
            return
    st.caption("No smaller batch helps. " + _other_way(config))


def _other_way(config: TrainingConfig) -> str:
    if config.method == "full":
        return "Choose LoRA, or a smaller base model, or close other programs."
    return "Choose a smaller base model, or close other programs."


def _parts(needs: MemoryNeeds) -> str:
    parts = (
        ("weights", needs.weights),
        ("gradients", needs.gradients),
        ("optimizer", needs.optimizer),
        ("a batch on its way (activations)", needs.activations),
    )
    return ", ".join(f"{name} {size(count)}" for name, count in parts) + "."


def to_this_machine(
    config: TrainingConfig, conversations: Sequence[Conversation]
) -> TrainingConfig:
    """A preset's settings with batches that fit the free memory, as far as they can be made to; by
    the same figures as the dial's, so that the two agree."""
    try:
        base = None if config.method == "scratch" else resolve(config.base_model)
        sizes = sizes_of(config, base)
    except ChatbotError:  # the plan tells it
        return config
    speed = speeds().known(config)
    tokens = _counted(speed) or tokens_of(conversations)
    bfloat16 = bool(speed and speed.bfloat16)
    return fitted(config, sizes, tokens, _free(speed), bfloat16=bfloat16)


def _free(speed: Speed | None) -> int:
    """Bytes: of the graphics card where a trial found one, else of the machine."""
    return speed.free if speed and speed.free else int(psutil.virtual_memory().available)


def _counted(speed: Speed | None) -> float | None:
    """Tokens of a conversation, as a trial counted them."""
    return (speed.tokens_a_conversation or None) if speed else None


def tokens_of(conversations: Sequence[Conversation]) -> float:
    """Of a conversation, in the mean, before anybody has counted."""
    sample = conversations[:: max(1, len(conversations) // LOOKED_THROUGH)]
    letters = sum(len(turn.text) for talk in sample for turn in talk.messages)
    turns = sum(len(talk.messages) for talk in sample)
    return (letters / LETTERS_A_TOKEN + turns * TOKENS_A_TURN) / max(1, len(sample))
