"""“Why this word?”: an answer in words to click on. Behind each: what it was chosen from."""

from functools import partial

import streamlit as st

from chatbot.answering import Request
from chatbot.engine import catalog
from chatbot.hindsight import Asked, Look, LookingBack
from chatbot.transcripts import Transcript, Turn
from pages.ui import chat_state, chats, state, told, why_candidates, why_shown, why_words
from pages.ui.errors import plain
from pages.ui.lab_tokens import readable
from pages.ui.model_status import POLL
from pages.ui.resources import answering, engine_room, hindsight
from pages.ui.why_shown import Shown

LOOK = 0.4
"""Seconds between two looks at an answer that is being read."""


def tool(turn: Turn, *, last: bool) -> None:
    """Below an answer: the button that opens and closes the view."""
    if not turn.answer or not turn.question:
        return
    shown = is_open(turn)
    st.button(
        ("Plain text" if shown else "Why this word?") if last else ":material/psychology_alt:",
        icon=":material/psychology_alt:" if last else None,
        key=f"why-{turn.id}",
        type="tertiary",
        help="Back to the plain text."
        if shown
        else "Click a word to see what else could have stood there, what your settings made of "
        "it, and to go on with another word.",
        on_click=_open,
        args=(0 if shown else turn.id,),
    )


def is_open(turn: Turn) -> bool:
    return bool(turn.id) and chat_state.memory().why == turn.id


def view(transcript: Transcript, index: int, request: Request) -> None:
    """In place of the answer's plain text."""
    turn = transcript.turns[index]
    model = why_shown.model(turn.receipt)
    chosen = request.choice.model
    installed = {entry.name for entry in catalog.list_models() if entry.installed}
    if model and model != chosen and model in installed:
        st.text(turn.answer)
        _another_model(model, chosen)
        return
    shown = why_shown.of(transcript, index, request)
    known = shown.asked()
    reading = known is not None and hindsight().ask(known).look.state == "reading"
    every = POLL if known is None else LOOK if reading else None
    st.fragment(_draw, run_every=every)(shown, known, reading)


def _another_model(model: str, chosen: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="why-model"):
        st.caption(
            plain(
                f"{model} chose these words, and {chosen} is in memory now: only the model that "
                "answered knows why."
            ),
            width="content",
        )
        st.button(
            plain(f"Choose {model}"),
            icon=":material/swap_horiz:",
            key="why-choose",
            on_click=state.choose_model,
            args=(model,),
        )


def _draw(shown: Shown, known: Asked | None, reading: bool) -> None:
    """A fragment: a click on a word draws this part of the page alone."""
    memory = chat_state.memory()
    if memory.why != shown.turn.id:  # it was closed, or goes on as another version
        told.draw_anew()
    if known is None:
        _not_loaded(shown)
        return
    looking = hindsight().ask(known)
    look = looking.look
    if reading and look.state != "reading":
        told.draw_anew()  # it need not be looked at again and again
    if look.tokenizer is None:
        st.text(shown.turn.answer)
    else:
        _words(shown, look, looking)
    if look.state == "failed":
        st.error(plain(look.problem), icon=":material/error:")
        st.button(
            "Try again", key="why-retry", on_click=hindsight().retry, args=(looking.asked,)
        )  # fmt: skip
    if look.state == "reading":
        st.caption(_progress(look))


def _progress(look: Look) -> str:
    if not look.places:
        return ":shimmer[The model reads the conversation once more…]"
    return f":shimmer[The model reads its answer once more: {len(look.places)} of "\
        f"{len(look.tokens)} tokens…]"  # fmt: skip


def _not_loaded(shown: Shown) -> None:
    st.text(shown.turn.answer)
    choice = shown.request.choice
    status = engine_room().status(choice).state
    if status == "ready":
        told.draw_anew()
    if status == "loading":
        st.caption(":shimmer[Loading the model…]")
    elif status == "failed":
        st.caption("The model could not be loaded, so nobody can look.")
    else:
        st.caption("The model that answered is not in memory.")
        st.button("Load it", key="why-load", on_click=engine_room().warm, args=(choice,))


def _words(shown: Shown, look: Look, looking: LookingBack) -> None:
    assert look.tokenizer is not None
    memory = chat_state.memory()
    at, picked = memory.why_at, shown.origin.picked
    why_words.words(
        look.tokenizer,
        look.tokens,
        look.places,
        picked=picked,
        at=at,
        shaded=memory.shaded,
        name=str(shown.turn.id),
        key=f"why-words-{shown.turn.id}",
        on_pick=_look_at,
    )
    memory.shaded = st.toggle(
        "Shade words by surprise",
        value=memory.shaded,
        key=f"why-shade-{shown.turn.id}",
        on_change=_shade,
        args=(shown.turn.id,),
        help="How far from expected each word was for the model: −log₂ of its own probability, in "  # noqa: RUF001
        "bits. 1 bit is a coin toss, 10 bits one chance in about a thousand.",
    )
    if 0 <= at < len(look.places):
        place = look.places[at]
        text = readable(look.tokenizer, [place.id])[0]
        st.markdown(why_candidates.sentence(place, text, picked=at in picked))
        if told := why_candidates.cuts(place):
            st.caption(told)
        why_candidates.candidates(
            why_candidates.picture(
                look.tokenizer,
                look.tokens,
                at,
                place,
                look.ends,
                picked=at in picked,
                busy=shown.busy,
            ),
            key=f"why-candidates-{shown.turn.id}",
            on_go=partial(_go_on, shown, looking),
        )
    elif at >= 0:
        st.caption("This word is not read yet.")
    else:
        st.caption("Click a word, or walk with the arrow keys.")
    for told in why_shown.doubts(shown, look, looking.asked):
        st.caption(f":material/info: {plain(told)}")


def _look_at(index: int) -> None:
    chat_state.memory().why_at = index


def _shade(turn: int) -> None:
    chat_state.memory().shaded = bool(st.session_state.get(f"why-shade-{turn}"))


def _open(turn: int) -> None:
    memory = chat_state.memory()
    memory.why, memory.why_at = turn, -1


def _go_on(shown: Shown, looking: LookingBack, at: int, token: int) -> None:
    """The answer up to there, with another word: a new version, which goes on by itself."""
    from chatbot.engine.looking_back import instead

    look = looking.look
    if look.tokenizer is None or not 0 <= at < len(look.places):
        return
    if token not in {row.id for row in look.places[at].top.rows}:
        return
    begun = instead(look.tokenizer, look.tokens, at, token)
    if begun is not None and chats.attempt(
        partial(
            answering().go_on,
            shown.chat,
            shown.request,
            shown.turn.id,
            begun=begun.text,
            tokens=begun.tokens,
        )
    ):
        looking.stop()
        _open(0)
