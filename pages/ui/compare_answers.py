"""Answers side by side as they come: differences marked, and under each what made it."""

from collections.abc import Callable, Sequence
from dataclasses import asdict

import streamlit as st

from chatbot.comparing.bench import Bench, Cell
from chatbot.dataset.differences import pieces
from chatbot.providers import ProviderReceipt
from pages.ui import provider_answers
from pages.ui.compare_columns import LETTERS
from pages.ui.errors import plain
from pages.ui.run_answers import marked

SECONDS = 0.4
"""Between two looks at answers that grow."""

SECONDS_AT_REST = 10
"""Between two signs that the page is still there, so that the models stay."""


def follow(bench: Bench, draw: Callable[[], None]) -> None:
    """Draw again and again while answers come; then tell the bench that somebody still looks."""
    busy = bench.busy

    def look() -> None:
        bench.look()
        draw()
        if busy and not bench.busy:
            st.rerun()

    every = SECONDS if busy else SECONDS_AT_REST if bench.holding else None
    st.fragment(look, run_every=every)()


def panel(bench: Bench, names: Sequence[str]) -> None:
    """All answers; each prompt is a row."""

    def draw() -> None:
        how(bench)
        for prompt, question in enumerate(bench.prompts):
            with st.container(key=f"compare-row-{prompt}", gap="xsmall"):
                st.text(question if len(question) < 400 else f"{question[:400]}…")
                places = st.columns(len(names))
                first = bench.cell(prompt, 0)
                for index, place in enumerate(places):
                    with place.container(
                        border=True, height="stretch", key=f"compare-cell-{prompt}-{index}"
                    ):
                        st.caption(plain(f"{LETTERS[index]} · {names[index]}"))
                        if bench.cell(prompt, index).state == "waiting":
                            _waiting(bench, prompt)
                        _cell(bench.cell(prompt, index), first if index else None)
        st.caption("Marked: words that A, the first one, does not say at this place.")

    follow(bench, draw)


def how(bench: Bench) -> None:
    """Whether the models answer together or take turns, and why."""
    plan = bench.plan
    if plan is not None and not plan.together:
        st.caption(
            f":orange[:material/info:] These models don't fit into memory together "
            f"({plan.needed / 1e9:.1f} GB needed, {plan.free / 1e9:.1f} GB free): they are run "
            "one after the other."
        )


def receipt(cell: Cell) -> None:
    """Which weights answered, and how."""
    made = cell.receipt
    if made is None:
        return
    if isinstance(made, ProviderReceipt):
        provider_answers.draw_receipt(asdict(made))
        return
    with st.expander(plain(f"Weights {made.hash}"), type="compact"):
        st.caption(
            plain(
                f"Checkpoint {made.model}\nSHA-256 of its weights begins with {made.hash}\n"
                f"Temperature {made.params.temperature:g}, top-p {made.params.top_p:g}, "
                f"top-k {made.params.top_k}, repetition penalty "
                f"{made.params.repetition_penalty:g}, seed {made.seed}\n"
                f"{made.new_tokens} new tokens, {made.tokens_per_second:.0f} tokens/s, "
                f"{made.device}, {made.dtype}"
            )
        )


def trouble(cell: Cell) -> None:
    """Why an answer is not there or not whole."""
    if cell.state == "failed":
        st.error(plain(cell.problem), icon=":material/error:")
    elif cell.state == "stopped":
        st.caption("Stopped.")
    elif cell.state == "done" and not cell.text.strip():
        st.caption("It ended its answer without a word.")


def _waiting(bench: Bench, prompt: int) -> None:
    loading = prompt == 0 and (bench.plan is None or bench.plan.together)
    st.caption(":shimmer[Loading the model…]" if loading else ":shimmer[Waiting for its turn…]")


def _cell(cell: Cell, first: Cell | None) -> None:
    if cell.state == "answering":
        st.text(f"{cell.text} ▍")
    elif cell.text and first is not None and first.text and first.over:
        st.markdown(marked(pieces(_tidy(first.text), _tidy(cell.text))))
    elif cell.text:
        st.text(cell.text)
    trouble(cell)
    receipt(cell)


def _tidy(text: str) -> str:
    """Without the spaces at a line's beginning, which Markdown takes for code."""
    return "\n".join(line.strip() for line in text.strip().split("\n"))
