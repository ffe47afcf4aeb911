"""The picture of one choice: what the next token is drawn from, and what the settings do to it."""

from typing import TYPE_CHECKING

import streamlit as st

from chatbot.engine.distribution import Distribution, distribution, entropy, top
from chatbot.engine.sampling import SamplingParams
from pages.ui import lab_bars
from pages.ui.lab_state import Key
from pages.ui.lab_tokens import readable, tokens_counted

if TYPE_CHECKING:
    from chatbot.engine.next_scores import NextScores


def panel(scores: "NextScores", params: SamplingParams) -> int:
    """Draw it; returns how many tokens are left to choose from."""
    found = distribution(scores.logits, scores.prompt.ids, params)
    shown = top(found)
    texts = readable(scores.tokenizer, [row.id for row in shown.rows])
    st.markdown(told(found))
    lab_bars.bars(found, shown, texts, params, key=Key.BARS)
    st.caption(
        "· is a space, ↵ a line end, ⟨E2 9C⟩ bytes of a character that takes several tokens. "
        "The logit is the model's raw score; the columns show what each setting makes of it. "
        "Under *Top-k* stands the rank, under *Top-p* the share that a token and all likelier "
        "ones reach together; ✕ marks who removed it. With *Repetition penalty*, all tokens of "
        "the prompt count as said."
    )
    return found.left


def told(found: Distribution) -> str:
    """Tokens left and entropy in plain words, as Markdown."""
    left, all_tokens = found.left, len(found.logits)
    bits = found.entropy
    before = entropy(found.own)
    ways = 2**bits
    if left == 1:
        certain = "**1 token is left**: the answer always begins with it. Entropy: 0 bits"
        return f"{certain} (the model alone: {before:.1f})."
    like = f"about as open as choosing among {ways:,.0f} equally likely ones"
    if ways < 1.5:
        like = "nearly certain"
    return (
        f"**{left:,} of {tokens_counted(all_tokens)} are left** to choose from. Uncertainty "
        f"(entropy): **{bits:.1f} bits**, {like}; the model alone: {before:.1f} bits."
    )
