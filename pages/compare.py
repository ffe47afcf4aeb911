"""Compare: models side by side, a blind taste test between them, a sweep over one setting."""

import streamlit as st

from chatbot.comparing.bench import Bench
from chatbot.comparing.columns import Column, preselected, swept
from chatbot.engine import catalog
from chatbot.engine.catalog import ModelEntry
from chatbot.engine_room import Choice
from pages.ui import (
    compare_answers,
    compare_columns,
    compare_prompts,
    compare_state,
    compare_sweep,
    compare_taste,
    errors,
    presses,
    provider_state,
)
from pages.ui.compare_state import Key
from pages.ui.resources import engine_room

SIDE, TASTE, SWEEP = "Side by side", "Blind taste test", "Sweep a setting"


def main() -> None:
    st.title("Compare", anchor=False)
    st.caption(
        "The same question to several models, or to one with several settings. See what "
        "fine-tuning changed, and find out which one you really prefer."
    )
    task = st.segmented_control(
        "Task",
        (SIDE, TASTE, SWEEP),
        default=SIDE,
        key=Key.TASK,
        required=True,
        persist_state="session",
        label_visibility="collapsed",
    )
    entries = catalog.list_models()
    if not any(entry.installed for entry in entries):
        st.info("No model is installed yet.", icon=":material/info:")
        st.page_link("chat.py", label="Install one on the chat page", icon=":material/forum:")
        return
    if task == TASTE:
        taste(entries)
    elif task == SWEEP:
        sweep(entries)
    else:
        side_by_side(entries)


def side_by_side(entries: list[ModelEntry]) -> None:
    columns = compare_columns.choose(entries, provider_state.current())
    text = compare_prompts.choose()
    with buttons(SIDE), errors.shown():
        if presses.button(
            "Compare", type="primary", icon=":material/compare:", key="compare-start"
        ):
            asked = compare_prompts.asked(text, as_list=compare_prompts.is_list())
            compare_state.keep_bench(SIDE, bench(columns, asked))
            st.rerun()
    shown = compare_state.bench(SIDE)
    if shown is not None:
        compare_answers.panel(shown, compare_columns.names(shown.columns, entries))


def taste(entries: list[ModelEntry]) -> None:
    st.caption(
        "You see two answers without names, in a shuffled order, and choose the better one: ← for "
        "the left, → for the right, ↓ where they are equally good. Who said what is told at the "
        "end."
    )
    place = st.container()
    going_on = compare_state.tasting()
    with st.expander(
        "A new test" if going_on else "What is tested",
        expanded=going_on is None,
        key="compare-taste-setup" if going_on is None else "compare-taste-again",
    ):
        columns = compare_columns.choose(entries)
        text = compare_prompts.choose(always_list=True)
        with errors.shown():
            if presses.button(
                "Start the taste test",
                type="primary",
                icon=":material/visibility_off:",
                key="compare-taste-start",
            ):
                asked = compare_prompts.asked(text, as_list=True)
                compare_taste.begin(columns, compare_columns.names(columns, entries), asked)
                st.rerun()
    with place:
        compare_taste.panel()
    compare_taste.earlier()


def sweep(entries: list[ModelEntry]) -> None:
    column = compare_columns.one(entries)
    setting, values = compare_sweep.choose()
    text = compare_prompts.choose()
    with buttons(SWEEP), errors.shown():
        if presses.button(
            "Sweep", type="primary", icon=":material/table_rows:", key="compare-sweep"
        ):
            asked = compare_prompts.asked(text, as_list=compare_prompts.is_list())
            judge = Choice(base_of(column, entries), column.choice.device, column.choice.dtype)
            made = bench(swept(column, setting, values), asked, judge)
            compare_state.keep_bench(SWEEP, made)
            st.session_state[SWEEP] = setting
            st.rerun()
    shown = compare_state.bench(SWEEP)
    if shown is not None:
        compare_sweep.panel(shown, str(st.session_state[SWEEP]))


def base_of(column: Column, entries: list[ModelEntry]) -> str:
    """Under which model the answers' perplexity is told: the base of the run, or of the adapter."""
    chosen = next((e for e in entries if e.name == column.choice.model), None)
    base, tuned = preselected(entries)
    if chosen is not None and chosen.base is not None:
        return chosen.base
    return base if column.choice.model == tuned else column.choice.model


def bench(
    columns: tuple[Column, ...], asked: tuple[str, ...], judge: Choice | None = None
) -> Bench:
    return Bench(
        engine_room(),
        columns,
        asked,
        judge=judge,
        on_unexpected=lambda error: errors.log().error("comparing", exc_info=error),
    )


def buttons(task: str) -> "st.delta_generator.DeltaGenerator":
    """Where the start button goes, with a stop button beside it while answers come."""
    place = st.container(horizontal=True, key=f"compare-buttons-{task[:4]}")
    running = compare_state.bench(task)
    if running is not None and running.busy:
        with place:
            st.button("Stop", icon=":material/stop_circle:", key="compare-stop",
                      on_click=running.stop)  # fmt: skip
    return place


main()
