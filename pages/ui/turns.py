"""Questions and answers on the page. What a person or a model wrote is shown as text, never as
Markdown or HTML: `st.text` for the words, escaped labels for the rest.
"""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from chatbot.answering import Request
from chatbot.engine_room import Choice
from chatbot.services import SERVICE
from chatbot.transcripts import UNFINISHED, Transcript, Turn
from pages.ui import chat_actions, chat_state, lab_prompt, memory_words, provider_answers, told, why
from pages.ui.chat_follow import chat_follow
from pages.ui.chat_keys import chat_keys
from pages.ui.controls import SPOKEN_DEVICES
from pages.ui.errors import plain
from pages.ui.model_status import POLL
from pages.ui.resources import answering, engine_room

PERSON, BOT = ":material/person:", ":material/lightbulb:"
FRAME = 0.1
"""Seconds between two redraws of a growing answer."""
_ENDS = {
    "end": "by itself",
    "stop word": "at a stop word",
    "length": "at the limit of new tokens",
    "stopped": "because it was stopped",
}


def draw(transcript: Transcript, request: Request) -> None:
    """All turns of a chat; the answer under way redraws itself until it is complete."""
    growing = False
    first = max(0, len(transcript.turns) - chat_state.memory(transcript.id).shown)
    with st.container(key="chat-earlier", horizontal_alignment="center"):
        if first:
            _earlier_button(first)
    tree = transcript.tree
    for index, turn in enumerate(transcript.turns[first:], start=first):
        last = index == len(transcript.turns) - 1
        if turn.question:
            with (
                st.chat_message("user", avatar=PERSON),
                st.container(key=f"question-{index}", gap="xxsmall"),
            ):
                if chat_actions.is_edited(turn, "question"):
                    chat_actions.editor(transcript, turn, request)
                else:
                    st.text(turn.question)
                    chat_actions.question_tools(transcript, tree, turn, last=last)
        with (
            st.chat_message("assistant", avatar=BOT),
            st.container(key=f"answer-{index}", gap="xsmall"),
        ):
            if chat_actions.is_edited(turn, "answer"):
                chat_actions.editor(transcript, turn, request)
            elif turn.state not in UNFINISHED:
                if why.is_open(turn):
                    why.view(transcript, index, request)
                _draw_finished(turn)
                with chat_actions.answer_tools(transcript, tree, turn, request, last=last):
                    lab_prompt.see_why(transcript, index, last=last)
                    why.tool(turn, last=last)
            elif growing:
                st.caption("Waits for the answer before it.")
            else:
                growing = True
                _growing(transcript.id, turn.id, request.choice)
    editing = chat_state.memory().editing is not None
    chat_keys(
        chat_actions.texts(transcript.turns[first:]), chat_state.edit_key() if editing else ""
    )
    chat_follow(transcript.id, len(transcript.turns))


def _earlier_button(hidden: int) -> None:
    st.button(
        f"Show earlier ({hidden:,} more)",
        icon=":material/expand_less:",
        key="show-earlier",
        type="tertiary",
        on_click=_show_earlier,
    )


def _show_earlier() -> None:
    chat_state.memory().shown += chat_state.SHOWN_MORE


def _growing(chat: str, turn_id: int, choice: Choice) -> None:
    """An answer as far as it has come. A fragment, so that neither a slider nor a refresh cuts it
    short, and so that the page is at rest meanwhile. Looks seldom while the model is loaded: that
    needs the processor itself."""
    ready = engine_room().status(choice).state == "ready"
    st.fragment(_grow, run_every=FRAME if ready else POLL)(chat, turn_id, choice, ready)


def _grow(chat: str, turn_id: int, choice: Choice, ready: bool) -> None:
    turns = answering().transcript(chat).turns
    turn = next((turn for turn in reversed(turns) if turn.id == turn_id), None)
    if turn is None or turn.state not in UNFINISHED:
        told.draw_anew()
    if not ready and engine_room().status(choice).state == "ready":
        told.draw_anew()
    if turn.answer:
        st.text(f"{turn.answer} ▍")
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
        if not why.is_open(turn):
            st.text(turn.answer)
    elif turn.state == "done":
        st.caption("The model ended its answer without a word.")
    if turn.state == "failed":
        st.error(plain(turn.problem), icon=":material/error:")
    elif turn.state == "stopped":
        st.caption("Stopped.")
    elif turn.state == "cut off":
        st.caption("Cut off: the server was stopped while this was answered.")
    if turn.edited:
        st.caption("In your own words.")
    if turn.receipt is not None:
        _draw_receipt(turn.receipt)


def _draw_receipt(receipt: Mapping[str, Any]) -> None:
    """What made the answer: folded to one line, every setting inside."""
    if receipt.get(SERVICE):
        _draw_service(receipt)
        return
    if receipt.get(provider_answers.PROVIDER):
        provider_answers.draw_receipt(receipt)
        return
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
        "Settings": _settings(params),
        "Seed": receipt.get("seed"),
        "Speed": f"first token after {_number(receipt.get('seconds_to_first'))} s, then "
        f"{_number(receipt.get('tokens_per_second'))} tokens/s",
        "Length": f"{receipt.get('new_tokens')} new tokens after {receipt.get('prompt_tokens')} "
        f"read ({receipt.get('cached_tokens')} of them remembered); ended "
        f"{_ENDS.get(str(receipt.get('finish')), '')}",
        "Left out": f"{left_out} messages",
        "Memory": memory_words.summed_up(receipt.get("memory")),
        "Begun": _begun(receipt.get("before")),
        "Ran on": f"{SPOKEN_DEVICES.get(str(receipt.get('device')), receipt.get('device'))}, "
        f"{receipt.get('dtype')}",
    }
    if changes := receipt.get("changes"):
        rows["Changed on the way"] = "; ".join(_change(change) for change in changes)
    with st.expander(plain(summary), type="compact"):
        st.caption(
            "  \n".join(
                f"**{name}** {plain(str(value))}" for name, value in rows.items() if value != ""
            )
        )


def _draw_service(receipt: Mapping[str, Any]) -> None:
    """A joke, a poem, something remembered: where it is from, and which model helped, if any."""
    if receipt.get("note"):
        st.caption(plain(str(receipt["note"])))
    st.caption(plain(f"{receipt.get('source')} · {_number(receipt.get('seconds'))} s"))
    made_by = receipt.get("made_by")
    if isinstance(made_by, Mapping):
        _draw_receipt(made_by)


def _begun(before: object) -> str:
    """What made the first part of an answer that was continued; "" where it is of one piece."""
    if not isinstance(before, Mapping):
        return ""
    if before.get(provider_answers.PROVIDER):
        return f"by {before.get(provider_answers.PROVIDER)}; this is how it went on"
    return f"by {before.get('model')}, seed {before.get('seed')}; this is how it went on"


def _settings(params: Mapping[str, Any]) -> str:
    """The settings in words; those of More only where they are on."""
    words = [
        f"temperature {params.get('temperature')}",
        f"top-p {params.get('top_p')}",
        f"top-k {params.get('top_k')}",
        f"repetition penalty {params.get('repetition_penalty')}",
        f"at most {params.get('max_new_tokens')} new tokens",
    ]
    if params.get("min_p"):
        words.append(f"min-p {params['min_p']}")
    if params.get("typical_p", 1.0) != 1.0:
        words.append(f"typical-p {params['typical_p']}")
    if params.get("no_repeat_ngram"):
        words.append(f"no-repeat n-gram {params['no_repeat_ngram']}")
    if params.get("stop"):
        words.append("stop words " + ", ".join(repr(word) for word in params["stop"]))
    return ", ".join(words)


def _change(change: Mapping[str, Any]) -> str:
    return f"after {change.get('after')} tokens {_settings(change.get('params') or {})}"


def _number(value: object) -> str:
    if not isinstance(value, int | float):
        return "?"
    return f"{value:.2g}" if value < 10 else f"{value:,.0f}"
