"""Questions and answers on the page. What a person or a model wrote is shown as text, never as
Markdown or HTML: `st.text` for the words, escaped labels for the rest.
"""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from chatbot.answering import Request
from chatbot.engine_room import Choice
from chatbot.errors import ChatbotError
from chatbot.transcripts import UNFINISHED, Transcript, Turn
from pages.ui import errors
from pages.ui.controls import SPOKEN_DEVICES
from pages.ui.errors import plain
from pages.ui.model_status import POLL
from pages.ui.resources import answering, engine_room

PERSON, BOT = ":material/person:", ":material/lightbulb:"
FRAME = 0.1
"""Seconds between two redraws of a growing answer."""
_ENDS = {
    "end": "by itself",
    "length": "at the limit of new tokens",
    "stopped": "because it was stopped",
}


def draw(transcript: Transcript, request: Request) -> None:
    """All turns of a chat; the answer under way redraws itself until it is complete."""
    growing = False
    for index, turn in enumerate(transcript.turns):
        with st.chat_message("user", avatar=PERSON), st.container(key=f"question-{index}"):
            st.text(turn.question)
        with st.chat_message("assistant", avatar=BOT), st.container(key=f"answer-{index}"):
            if turn.state not in UNFINISHED:
                _draw_finished(turn)
                if index == len(transcript.turns) - 1:
                    _regenerate_button(transcript.id, turn, request)
            elif growing:
                st.caption("Waits for the answer before it.")
            else:
                growing = True
                _growing(transcript.id, index, request.choice)


def _growing(chat: str, index: int, choice: Choice) -> None:
    """An answer as far as it has come. A fragment, so that neither a slider nor a refresh cuts it
    short, and so that the page is at rest meanwhile. Looks seldom while the model is loaded: that
    needs the processor itself."""
    ready = engine_room().status(choice).state == "ready"
    st.fragment(_grow, run_every=FRAME if ready else POLL)(chat, index, choice, ready)


def _grow(chat: str, index: int, choice: Choice, ready: bool) -> None:
    turns = answering().transcript(chat).turns
    if index >= len(turns) or turns[index].state not in UNFINISHED:
        st.rerun()
    if not ready and engine_room().status(choice).state == "ready":
        st.rerun()
    if turns[index].answer:
        st.text(f"{turns[index].answer} ▍")
    else:
        st.caption(":shimmer[Thinking…]" if ready else ":shimmer[Loading the model…]")


def stop_button(transcript: Transcript) -> None:
    """Ends the answer under way. Not drawn with the answer: a button that moves with each new line
    is gone from under the pointer before the press is over."""
    if any(turn.state in UNFINISHED for turn in transcript.turns):
        st.button(
            "Stop",
            icon=":material/stop_circle:",
            key="stop",
            on_click=answering().stop,
            args=(transcript.id,),
        )


def _draw_finished(turn: Turn) -> None:
    if turn.answer:
        st.text(turn.answer)
    elif turn.state == "done":
        st.caption("The model ended its answer without a word.")
    if turn.state == "failed":
        st.error(plain(turn.problem), icon=":material/error:")
    elif turn.state == "stopped":
        st.caption("Stopped.")
    elif turn.state == "cut off":
        st.caption("Cut off: the server was stopped while this was answered.")
    if turn.receipt is not None:
        _draw_receipt(turn.receipt)


def _regenerate_button(chat: str, turn: Turn, request: Request) -> None:
    same_again = request.params.seed is not None and turn.state == "done"
    if st.button(
        "Regenerate",
        icon=":material/refresh:",
        key="regenerate",
        type="tertiary",
        help="Answers the last question once more."
        + (" The seed is fixed, so the same settings give the same answer." if same_again else ""),
    ):
        try:
            answering().regenerate(chat, request)
        except ChatbotError as error:
            errors.say(error)
        else:
            st.rerun()


def _draw_receipt(receipt: Mapping[str, Any]) -> None:
    """What made the answer: folded to one line, every setting inside."""
    params: Mapping[str, Any] = receipt.get("params") or {}
    left_out = receipt.get("left_out") or 0
    if left_out:
        st.caption(
            f"Left out: the {left_out} oldest messages no longer fit into the model's window."
        )
    if receipt.get("finish") == "length":
        st.caption("The answer reached its limit; raise *Max new tokens* for longer ones.")
    summary = (
        f"{receipt.get('model')} · seed {receipt.get('seed')} · "
        f"{_number(receipt.get('tokens_per_second'))} tokens/s"
    )
    rows = {
        "Checkpoint": receipt.get("model"),
        "Weights": f"{receipt.get('hash')} (first digits of their SHA-256)",
        "Settings": f"temperature {params.get('temperature')}, top-p {params.get('top_p')}, "
        f"top-k {params.get('top_k')}, repetition penalty {params.get('repetition_penalty')}, "
        f"at most {params.get('max_new_tokens')} new tokens",
        "Seed": receipt.get("seed"),
        "Speed": f"first token after {_number(receipt.get('seconds_to_first'))} s, then "
        f"{_number(receipt.get('tokens_per_second'))} tokens/s",
        "Length": f"{receipt.get('new_tokens')} new tokens after {receipt.get('prompt_tokens')} "
        f"read ({receipt.get('cached_tokens')} of them remembered); ended "
        f"{_ENDS.get(str(receipt.get('finish')), '')}",
        "Left out": f"{left_out} messages",
        "Ran on": f"{SPOKEN_DEVICES.get(str(receipt.get('device')), receipt.get('device'))}, "
        f"{receipt.get('dtype')}",
    }
    with st.expander(plain(summary), type="compact"):
        st.caption("  \n".join(f"**{name}** {plain(str(value))}" for name, value in rows.items()))


def _number(value: object) -> str:
    if not isinstance(value, int | float):
        return "?"
    return f"{value:.2g}" if value < 10 else f"{value:,.0f}"
