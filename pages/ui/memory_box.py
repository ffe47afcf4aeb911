"""What the bot remembers of this conversation: to see, to put right, to erase, to switch off."""

import zlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import streamlit as st

from chatbot.answering import Request
from chatbot.errors import ChatbotError
from chatbot.memory import LONGEST_FACT, NAME, Known, Memory, View
from chatbot.transcripts import Transcript
from pages.ui import browser, chat_state, context_meter, memory_words, told
from pages.ui.errors import plain
from pages.ui.resources import answering

SHOWN = 12
"""Facts that are drawn at first: each is a field, and costs the page time at every rerun."""


def view(transcript: Transcript) -> View:
    """What is known here, by the browser that looks: what is kept for an owner is nobody else's."""
    memory, messages = Memory(), transcript.messages()
    found = memory.look(transcript.id, owner(transcript), messages)
    if found.keep and transcript.turns:
        try:  # what was undone or deleted here is not known in the next chats any more
            memory.keep_up(transcript.id, owner(transcript), found, new=False)
        except ChatbotError as error:
            told.tell(told.Place.MESSAGE_BOX, str(error))
    return found


def owner(transcript: Transcript) -> str:
    mine = browser.owner()
    return mine if transcript.owner in ("", mine) else ""


def popover(transcript: Transcript, request: Request) -> View:
    """Behind a button: the facts, what became of the turns that no longer fit, the switches."""
    found = view(transcript)
    with st.popover(
        "Memory",
        icon=":material/neurology:",
        key="memory",
        help="What the bot remembers of you and of what was said.",
    ):
        st.markdown("**What the bot remembers**")
        on = _switch(transcript)
        if found.problem:
            st.caption(f":orange[:material/warning:] {plain(found.problem)}")
        if on:
            _facts(transcript, found)
            _of_earlier(transcript, request, found)
        _keep_switch(transcript, found)
        if on:
            _erase_all(transcript, found)
    return found


def _switch(transcript: Transcript) -> bool:
    key = _key(transcript, "on")
    st.session_state[key] = NAME not in transcript.without
    return st.toggle(
        "Remember in this chat",
        key=key,
        on_change=_set_on,
        args=(transcript,),
        help="Off, “remember that …” is an ordinary message, and the model is told nothing of "
        "this. Nothing is erased.",
    )


def _facts(transcript: Transcript, found: View) -> None:
    """Each fact in a field, the newest last, and one more to add."""
    if not found.facts:
        st.caption(
            "Nothing yet. Write “remember that …”, “my name is …” or “I live in …” in a message, "
            "or add it here. “What do you know about me?” lists it, “forget that” takes it back."
        )
    memory = chat_state.memory()
    hidden = 0 if memory.all_facts else max(0, len(found.facts) - SHOWN)
    if hidden:
        st.button(
            f"Show {hidden} more", type="tertiary", key=_key(transcript, "more"), on_click=_show_all
        )
    with st.container(gap="xsmall", key="memory-facts"):
        for known in found.facts[hidden:]:
            _fact(transcript, known)
    st.text_input(
        "Add a fact",
        key=_key(transcript, "add"),
        max_chars=LONGEST_FACT,
        placeholder="I am allergic to nuts",
        on_change=_added,
        args=(transcript,),
    )


def _fact(transcript: Transcript, known: Known) -> None:
    line = known.fact.line
    mark = f"{known.chat}|{known.key}|{line}".encode("utf-8", "replace")
    key = _key(transcript, f"fact-{zlib.crc32(mark):x}")  # other words are another field
    if known.chat:
        source = "From another chat"
    elif known.by_hand:
        source = "Written here"
    else:
        source = f"From message {known.told}"
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.text_input(
            f"{source}: {plain(line)}",
            value=line,
            key=key,
            max_chars=LONGEST_FACT,
            label_visibility="collapsed",
            on_change=_rewritten,
            args=(transcript, known, key),
        )
        st.button(
            ":material/delete:",
            key=f"{key}-erase",
            type="tertiary",
            help=f"{source}. Erases it; your words stay in the conversation.",
            on_click=_erased,
            args=(transcript, known),
        )


def _of_earlier(transcript: Transcript, request: Request, found: View) -> None:
    """What became of the turns that no longer fit, and what the last answer was told."""
    looked = context_meter.looked(transcript, request, found.remembered)
    if looked is not None and not looked.reads_notes:
        st.caption(
            ":material/info: This model is too small to use what it is told beside the "
            "conversation, so it is told nothing. What you ask the memory itself it still answers."
        )
    elif looked is not None and looked.told.gist:
        with st.expander(
            f"In short, what no longer fits ({len(looked.told.gist)} sentences)", type="compact"
        ):
            st.text("\n".join(looked.told.gist))
    receipts = [turn.receipt for turn in transcript.turns if turn.receipt is not None]
    last: Mapping[str, Any] = receipts[-1] if receipts else {}
    if words := memory_words.summed_up(last.get("memory")):
        st.caption(plain(f"The last answer was told: {words}."))


def _keep_switch(transcript: Transcript, found: View) -> None:
    mine = owner(transcript)
    key = _key(transcript, "keep")
    st.session_state[key] = found.keep
    st.toggle(
        "Keep for my next chats",
        key=key,
        disabled=not mine,
        on_change=_set_keep,
        args=(transcript,),
        help="What you tell in your chats is known in all of them, in this browser and for nobody "
        "else, until you erase it, even if the chat is deleted."
        if mine
        else "Only the browser that began this chat, and that keeps cookies, can be known again.",
    )


def _erase_all(transcript: Transcript, found: View) -> None:
    erased = chat_state.memory().erased
    with st.container(horizontal=True):
        if found.facts or found.hidden:
            st.button(
                "Erase all",
                icon=":material/delete_sweep:",
                key=_key(transcript, "erase-all"),
                on_click=_all_erased,
                args=(transcript,),
                help="All of these facts, those kept from other chats among them.",
            )
        elif erased is not None and erased[0] == transcript.id:
            st.button(
                "Bring back what was erased",
                icon=":material/undo:",
                key=_key(transcript, "bring-back"),
                on_click=_brought_back,
                args=(transcript,),
            )


def _key(transcript: Transcript, part: str) -> str:
    return f"memory-{part}-{transcript.id[:8]}"


def _attempted(deed: Callable[[], object]) -> bool:
    try:
        deed()
    except ChatbotError as error:
        told.tell(told.Place.MESSAGE_BOX, str(error))
        return False
    return True


def _set_on(transcript: Transcript) -> None:
    others = answering().transcript(transcript.id).without - {NAME}
    without = others if st.session_state[_key(transcript, "on")] else others | {NAME}
    _attempted(partial(answering().set_without, transcript.id, without, browser.owner()))


def _set_keep(transcript: Transcript) -> None:
    on = bool(st.session_state[_key(transcript, "keep")])
    mine = owner(transcript)
    _attempted(partial(Memory().keep, transcript.id, mine, transcript.messages(), on=on))


def _added(transcript: Transcript) -> None:
    key = _key(transcript, "add")
    text = str(st.session_state[key])
    if text.strip() and _attempted(
        partial(Memory().add, transcript.id, text, transcript.messages())
    ):
        st.session_state[key] = ""


def _erased(transcript: Transcript, known: Known) -> None:
    _attempted(partial(Memory().forget, transcript.id, owner(transcript), [known]))


def _rewritten(transcript: Transcript, known: Known, key: str) -> None:
    text = str(st.session_state[key])
    if text.strip():
        _attempted(partial(Memory().change, transcript.id, owner(transcript), known, text))
    else:
        _erased(transcript, known)


def _all_erased(transcript: Transcript) -> None:
    def erase() -> None:
        before = Memory().forget_all(transcript.id, owner(transcript), transcript.messages())
        chat_state.memory().erased = (transcript.id, before)

    _attempted(erase)


def _brought_back(transcript: Transcript) -> None:
    erased = chat_state.memory().erased
    if erased is not None and _attempted(
        partial(Memory().bring_back, transcript.id, owner(transcript), erased[1])
    ):
        chat_state.memory().erased = None


def _show_all() -> None:
    chat_state.memory().all_facts = True
