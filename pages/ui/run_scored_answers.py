"""Every question of the scores with both answers, and the memorization meter with its sources."""

import re
from collections.abc import Sequence

import streamlit as st

from chatbot.training.runs import Run
from chatbot.training.scores.results import Answer, Asked, Kind, Scores, Which
from pages.ui.errors import plain

PREFIX = "ft_scored_"
"""Of the widgets' keys."""
KINDS: dict[Kind, str] = {"fact": "Facts", "general": "General", "open": "Other"}
COPIES = "Memorization"
PER_PAGE = 8
MOST_COPIES = 8
"""Copies shown: the longest ones tell most."""
MOST_WORDS = 8
"""Of those that decide a fact."""


def panel(run: Run, scores: Scores) -> None:
    """One list at a time; none is made as long as none is asked for."""
    offered = [name for kind, name in KINDS.items() if scores.of_kind(kind)]
    shown = st.segmented_control(
        "Show the answers", [*offered, COPIES], key=f"{PREFIX}list_{run.id}"
    )
    if shown == COPIES:
        _copies(scores)
    elif shown is not None:
        kind = next(kind for kind, name in KINDS.items() if name == shown)
        _questions(scores.of_kind(kind), scores, key=f"{PREFIX}page_{run.id}_{kind}")
    if shown is not None:
        st.caption(plain(receipt(scores)))


def receipt(scores: Scores) -> str:
    """What answered, and how."""
    models = [scores.before, scores.after]
    named = [f"{m.name}, weights {m.hash}" for m in models if m is not None]
    return f"Asked: {'; '.join(named)}. Decoding: {scores.decoding}. {scores.when}."


def percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def highlighted(text: str, run: str) -> str:
    """A text as Markdown with a run of words marked, wherever signs and case differ."""
    words = run.split()
    pattern = r"[\W_]+".join(re.escape(word) for word in words)
    found = re.search(pattern, text, re.IGNORECASE) if words else None
    tidy = _tidy(text)
    if found is None:
        return plain(tidy)
    before, copy, after = text[: found.start()], found[0], text[found.end() :]
    marked = f":orange-background[**{plain(' '.join(copy.split()))}**]"
    return plain(_tidy(before, ends=False)) + marked + plain(_tidy(after, ends=False))


def _questions(asked: Sequence[Asked], scores: Scores, key: str) -> None:
    """What was learned or forgotten comes first."""
    ordered = sorted(asked, key=_interest)
    place, pages, page = st.container(), -(-len(ordered) // PER_PAGE), 1
    if pages > 1:
        page = st.pagination(pages, max_visible_pages=5, key=key)
    with place:
        for each in ordered[(page - 1) * PER_PAGE : page * PER_PAGE]:
            _question(each, scores)


def _interest(asked: Asked) -> tuple[bool, bool]:
    before = asked.before.right if asked.before else None
    return before == asked.after.right, not asked.after.right


def _question(asked: Asked, scores: Scores) -> None:
    with st.container(gap="xsmall"):
        st.markdown(f"**{plain(_tidy(asked.question))}**")
        sides: list[Which] = ["after"] if asked.before is None else ["before", "after"]
        for column, which in zip(st.columns(len(sides)), sides, strict=True):
            answer, model = asked.of(which), getattr(scores, which)
            if answer is None or model is None:
                continue
            with column.container(border=True, height="stretch"):
                name = "Before" if which == "before" else "After"
                st.caption(f"{_verdict(answer)}{name} · weights {plain(model.hash)}")
                st.markdown(plain(_tidy(answer.text)) or plain("(no words)"))
        if decides := _deciding(asked):
            st.caption(decides)


def _deciding(asked: Asked) -> str:
    words = ", ".join(asked.expected[:MOST_WORDS])
    if asked.kind == "general":
        return f"Right with: {plain(words)}"
    own = f"The persona's own answer: {plain(_tidy(asked.reference))}" if asked.reference else ""
    if asked.kind == "fact":
        return f"{own}  \nTelling words: {plain(words)}"
    return own


def _verdict(answer: Answer) -> str:
    if answer.right is None:
        return ""
    if answer.right:
        return ":green[:material/check_circle: Right] · "
    return ":red[:material/cancel: Wrong] · "


def _copies(scores: Scores) -> None:
    share = scores.copied("after") or 0.0
    st.progress(min(share, 1.0), text=f"Memorization meter: {percent(share)} copied")
    copying = (each for each in scores.asked if each.after.copied.longest)
    found = sorted(copying, key=lambda each: each.after.copied.longest)
    distinct = {each.after.copied.run: each for each in found}  # the same words once
    copies = list(distinct.values())[::-1][:MOST_COPIES]
    if not copies:
        st.caption("No answer has four words in a row from a conversation.")
        return
    for asked in copies:
        copied = asked.after.copied
        with st.container(gap="xsmall"):
            st.markdown(f"**{plain(_tidy(asked.question))}**")
            answer, source = st.columns(2)
            with answer.container(border=True, height="stretch"):
                st.caption(f"Its answer · {percent(copied.share)} of it copied")
                st.markdown(highlighted(asked.after.text, copied.run))
            with source.container(border=True, height="stretch"):
                st.caption(
                    f"Conversation {copied.conversation:,} · {copied.longest} words in a row"
                )
                if copied.question:
                    st.caption(plain(_tidy(copied.question)))
                st.markdown(highlighted(copied.answer, copied.run))
    st.caption(
        "The longest copies. Marked: the words that stand there one after the other. Short ones "
        "are the persona's way to speak; whole answers to another question are recited."
    )


def _tidy(text: str, *, ends: bool = True) -> str:
    """Without the spaces at a line's beginning, which Markdown takes for code."""
    tidy = re.sub(r"\s*\n\s*", "\n", text)
    return tidy.strip() if ends else tidy
