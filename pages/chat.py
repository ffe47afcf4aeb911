"""Chat with a model: ask, watch the answer come, stop it, ask for another, change the settings."""

from dataclasses import asdict

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from chatbot.answering import Request
from chatbot.engine import catalog
from chatbot.engine.catalog import ModelEntry
from chatbot.errors import ChatbotError
from chatbot.transcripts import Transcript
from pages.ui import (
    base_model,
    browser,
    chat_actions,
    chat_list,
    chat_state,
    chats,
    context_meter,
    controls,
    errors,
    feedback_tools,
    memory_box,
    persona_box,
    presses,
    provider_answers,
    provider_settings,
    provider_state,
    services_box,
    sliders,
    state,
    told,
    turns,
    warming,
)
from pages.ui.errors import plain
from pages.ui.model_status import install_card, model_line
from pages.ui.resources import answering, engine_room
from pages.ui.state import Key

SUGGESTIONS = ("Who are you?", "Tell me a joke.", "What did you do today?")


def main() -> None:
    state.keep_meant(told.begin())
    chat = chats.current()
    transcript = saved(chat)
    chat = transcript.id
    chat_state.memory(chat)
    state.restore_settings(chat, transcript.model, transcript.settings)
    entries = catalog.list_models()
    head = st.container(horizontal=True, vertical_alignment="bottom", key="chat-head")
    with head:
        entry = controls.model_picker(entries)
    line = st.container()
    with line:
        controls.default_gone(entries)
    model_gone(transcript, entries, entry)
    choice = controls.choice(entry)
    with st.sidebar:
        request = Request(
            choice, sliders.sampling(), provider_state.current(), asker=browser.owner()
        )
        controls.placement(engine_room().status(choice))
        provider_settings.section()
    area = st.container(key="conversation")
    sentences = st.bottom.container(key="chat-told")
    foot = st.bottom.container(horizontal=True, vertical_alignment="center", key="chat-foot")
    if entry.installed:
        transcript = listen(transcript, request, area, foot)
    else:
        foot.chat_input("Install a model first", disabled=True, key=Key.QUESTION)
        with area:
            install_card(entry, entries)
    with foot:
        turns.stop_button(transcript)
    with head:
        head_buttons(transcript)
        memory = memory_box.popover(transcript, request)
        chat_actions.history_buttons(transcript)
    with area:
        turns.draw(transcript, request)
        context_meter.meter(transcript, request, memory.remembered)
        feedback_tools.line(transcript, request)
    if entry.installed:
        engine_room().warm(choice)  # last of all: torch must not hold up the painting
        with line:
            model_line(entry, choice)
            base_model.say(entry)
        if engine_room().status(choice).state == "ready" and not answering().busy(chat):
            warming.warm_poems()
    with line:
        for sentence in told.at(told.Place.HEAD):
            st.caption(plain(sentence))
    with sentences:
        errors.say_told(told.Place.MESSAGE_BOX)
    chat_state.forget_unsent()
    told.end()


def saved(chat: str) -> Transcript:
    """The chat as it stands; an empty one, with the reason, where its file is damaged."""
    try:
        return answering().transcript(chat)
    except ChatbotError as error:
        told.tell(told.Place.MESSAGE_BOX, str(error))
        chats.begin_new()  # not cleared: the damaged file stays
        return Transcript(chats.current())


def listen(
    transcript: Transcript, request: Request, area: DeltaGenerator, foot: DeltaGenerator
) -> Transcript:
    """Take a question, typed or suggested, else remember what the page is set to."""
    chat_state.put_back()
    foot.chat_input("Write a message", key=Key.QUESTION, on_submit=chat_state.note_sent)
    changed = state.settings_changed(request.choice.model, request.params)
    with area, errors.shown():
        question = chat_state.take_sent()
        if not question and not transcript.turns:
            question = welcome()
        if question:
            ask(transcript.id, question, request)
        elif changed:
            settings = asdict(request.params)
            answering().remember_settings(transcript.id, request.choice.model, settings)
            answering().adjust(transcript.id, request)
        return answering().transcript(transcript.id)
    return transcript


def ask(chat: str, question: str, request: Request) -> None:
    """Ask; what can't be asked goes back into the box, with the reason."""
    try:
        answering().ask(chat, question, request, browser.owner())
    except ChatbotError as error:
        if question.strip():  # blanks would stand in the way of what is written meanwhile
            chat_state.memory().unsent = question
        told.tell(told.Place.MESSAGE_BOX, str(error))
        st.rerun()
    chats.drop_cleared()
    chats.note(chat)


def model_gone(transcript: Transcript, entries: list[ModelEntry], entry: ModelEntry) -> None:
    """Where the model that answered last was deleted meanwhile: who answers from now on."""
    receipts = [turn.receipt for turn in transcript.turns if turn.receipt is not None]
    models = [made.get("model") for made in receipts if provider_answers.PROVIDER not in made]
    gone = next((str(model) for model in reversed(models) if model), "")
    if gone and gone not in {other.name for other in entries}:
        told.tell(
            told.Place.HEAD,
            f"{gone}, which answered here last, is not on this machine any more. "
            f"{entry.title} answers from now on; the conversation is whole.",
        )


def welcome() -> str | None:
    """An empty chat: what one can do, and the way back to a chat that was cleared just now."""
    place = st.empty()
    with place.container(key="welcome", horizontal_alignment="center"):
        st.space("medium")
        st.header("Ask something", anchor=False, text_alignment="center")
        st.caption(where_it_goes(), text_alignment="center")
        chosen = st.pills(
            "Suggestions", SUGGESTIONS, label_visibility="collapsed", key=Key.SUGGESTION
        )
        if state.cleared_chat() and presses.button(
            "Bring the cleared chat back",
            icon=":material/undo:",
            type="tertiary",
            key=Key.BRING_BACK,
        ):
            chats.bring_back_cleared()
            st.rerun()
    if chosen:
        place.empty()
    return chosen


def where_it_goes() -> str:
    bigger = provider_state.current()
    if bigger is None:
        return "Your messages and the model stay on this machine."
    return plain(f"Your messages stay on this machine, but for what you ask of {bigger.name}.")


def head_buttons(transcript: Transcript) -> None:
    """What one can do to the conversation as a whole."""
    chat_list.button(transcript)
    st.button(
        "New",
        icon=":material/add_comment:",
        key="new-chat",
        disabled=not transcript.turns,
        on_click=chats.begin_new,
        help="A new conversation; this one stays in the list of your chats. (Alt+N)",
    )
    st.button(
        "Clear",
        icon=":material/delete_sweep:",
        key="clear-chat",
        disabled=not transcript.turns,
        on_click=chats.clear,
        help="Deletes this conversation and begins a new one; it can be brought back.",
    )
    persona_box.popover(transcript)
    services_box.popover(transcript)


main()
