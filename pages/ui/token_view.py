"""What the model sees of one conversation: its tokens, the learned ones marked, and the cut."""

from pathlib import Path

import streamlit as st

from chatbot.dataset.snapshot import Snapshot
from chatbot.messages import Conversation
from chatbot.training.config import TELLING_WEIGHT
from chatbot.training.seen import Seen
from pages.ui import dataset_reading, errors

MOST_TOKENS = 3000
"""Tokens that are drawn at once."""
_ASSETS = Path(__file__).resolve().parent / "assets"
_KEY = "dataset_tokens"

_component = st.components.v2.component(
    "token_view",
    html='<div id="view"></div>',
    css=(_ASSETS / "token_view.css").read_text(encoding="utf-8"),
    js=(_ASSETS / "token_view.js").read_text(encoding="utf-8"),
)


def panel(conversation: Conversation, snapshot: Snapshot) -> None:
    """Choose the base model, and see the conversation as that model does."""
    st.caption(
        "A model reads tokens: words and parts of words, each with a number. Around what is said "
        "it sees who speaks and where a turn ends (the chat template). It learns to say the "
        "marked ones."
    )
    dataset_reading.picker("dataset_tokens_of")
    with errors.shown():
        choice = dataset_reading.chosen()
        if choice is None:
            st.info("There is no model on this machine yet: get one on the chat page.")
            return
        if not conversation.messages:
            st.caption("No turns yet: nothing to see.")
            return
        with st.spinner("Reading with the model's tokenizer"):
            telling = dataset_reading.telling(snapshot.version, snapshot.conversations)
            seen = choice.reader.look(conversation, choice.max_length, telling)
        st.markdown(counted(seen, choice.reader.window), width="stretch")
        if (told := cut_sentence(seen, len(conversation.messages))) is not None:
            st.caption(f":orange[:material/content_cut:] {told}")
        if any(token.telling for token in seen.tokens[: seen.cut]):
            st.caption(
                "Words with a double line tell what was asked for: all through your conversations "
                "they come with such questions far more often than by chance. LoRA and full prefer "
                f"conversations that have many, and count each {TELLING_WEIGHT:g} times in "
                "learning (telling_weight); from scratch, all words count alike."
            )
        _draw(seen)


def counted(seen: Seen, window: int) -> str:
    """How many tokens there are, how many are learned, and how many the model could see."""
    tokens = "1 token" if len(seen.tokens) == 1 else f"{len(seen.tokens):,} tokens"
    fitting = f"; training reads {seen.limit:,}" if seen.limit < window else ""
    return f"**{tokens}, {seen.learned:,} of them learned**; window {window:,}{fitting}"


def cut_sentence(seen: Seen, turns: int) -> str | None:
    """What training leaves out, in words; None where it reads all."""
    if seen.cut is None:
        return None
    if len(seen.tokens) <= seen.limit:
        return "Nothing in it can be learned: the bot says nothing."
    if not seen.kept:
        return f"Training would leave it out: not even its first answer fits {seen.limit:,} tokens."
    last = (
        f"turn {seen.kept + 1}" if seen.kept + 1 == turns else f"turns {seen.kept + 1} to {turns}"
    )
    return f"Training would cut off {last}: {seen.limit:,} tokens fit."


def _draw(seen: Seen) -> None:
    pages = -(-len(seen.tokens) // MOST_TOKENS)
    page = 1
    if pages > 1:
        page = st.pagination(pages, max_visible_pages=5, key=f"{_KEY}_page")
    start = (min(page, pages) - 1) * MOST_TOKENS
    shown = seen.tokens[start : start + MOST_TOKENS]
    _component(
        key=_KEY,
        data={
            "start": start,
            "total": len(seen.tokens),
            "cut": -1 if seen.cut is None else seen.cut,
            "ids": [token.id for token in shown],
            "texts": [token.text for token in shown],
            "kinds": [token.kind for token in shown],
            "turns": [token.turn for token in shown],
            "trained": [token.trained for token in shown],
            "telling": [token.telling for token in shown],
            "parts": {n: token.part_of for n, token in enumerate(shown) if token.part_of},
        },
    )
