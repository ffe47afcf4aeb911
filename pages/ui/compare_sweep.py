"""One model at several values of one setting: a table of answers with simple measures."""

import streamlit as st

from chatbot.comparing.bench import Bench
from chatbot.comparing.columns import SWEPT
from chatbot.comparing.measures import measured
from pages.ui import compare_answers
from pages.ui.compare_state import Key
from pages.ui.errors import plain

LABELS = {
    "temperature": "Temperature",
    "top_p": "Top-p",
    "top_k": "Top-k",
    "repetition_penalty": "Repetition penalty",
    "max_new_tokens": "Max new tokens",
    "seed": "Seed",
}
USUAL = {
    "temperature": "0 0.4 0.8 1.2 1.6",
    "top_p": "0.1 0.5 0.9 1",
    "top_k": "1 10 50 0",
    "repetition_penalty": "1 1.1 1.2 1.5",
    "max_new_tokens": "16 64 160",
    "seed": "1 2 3 4",
}


def choose() -> tuple[str, str]:
    """(setting, values as they were typed)."""
    setting, values = st.columns([1, 2])
    name = str(
        setting.selectbox(
            "Setting",
            SWEPT,
            key=Key.SWEPT,
            format_func=lambda name: LABELS[name],
            persist_state="session",
        )
    )
    key = f"{Key.VALUES}_{name}"
    st.session_state.setdefault(key, USUAL[name])
    typed = values.text_input("Values, up to eight", key=key, persist_state="session")
    return name, str(typed)


def panel(bench: Bench, setting: str) -> None:
    """Each value's answers and measures."""

    def draw() -> None:
        compare_answers.how(bench)
        st.markdown(_table(bench, setting))
        if bench.problem:
            st.caption(plain(bench.problem))
        st.caption(
            "Repeated: share of three-word runs said before in the same answer. Different words, "
            "different pairs: as a share of all (distinct-1, distinct-2). Surprise: perplexity "
            "under the base model, 1 is what it would have said itself; it comes last."
        )
        for index, column in enumerate(bench.columns):
            with st.container(border=True, gap="xsmall", key=f"compare-value-{index}"):
                st.markdown(f"**{LABELS[setting]} {getattr(column.params, setting):g}**")
                for prompt, question in enumerate(bench.prompts):
                    cell = bench.cell(prompt, index)
                    if len(bench.prompts) > 1:
                        st.caption(plain(question[:200]))
                    st.text(f"{cell.text} ▍" if cell.state == "answering" else cell.text)
                    compare_answers.trouble(cell)
                    compare_answers.receipt(cell)

    compare_answers.follow(bench, draw)


def _table(bench: Bench, setting: str) -> str:
    lines = [
        f"| {LABELS[setting]} | Words | Repeated | Different words | Different pairs | Surprise |",
        "|---|---|---|---|---|---|",
    ]
    for index, column in enumerate(bench.columns):
        cells = [bench.cell(prompt, index) for prompt in range(len(bench.prompts))]
        found = measured([cell.text for cell in cells])
        known = [cell.perplexity for cell in cells if cell.perplexity is not None]
        surprise = f"{sum(known) / len(known):.3g}" if known else "…" if bench.busy else "none"
        lines.append(
            f"| {getattr(column.params, setting):g} | {found.words} | {found.repeated:.0%} | "
            f"{found.distinct_1:.0%} | {found.distinct_2:.0%} | {surprise} |"
        )
    return "\n".join(lines)
