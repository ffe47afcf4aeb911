"""Who the bot is in this conversation: a text in the user's words, saved as it is changed."""

import streamlit as st

from chatbot.errors import ChatbotError
from chatbot.persona_text import LONGEST_NAME, LONGEST_TEXT, PLACES, TEMPLATES, PersonaText
from chatbot.transcripts import Transcript
from pages.ui import browser, chat_state, told
from pages.ui.errors import plain
from pages.ui.resources import answering

FIELDS = ("text", "bot", "user")


def popover(transcript: Transcript) -> None:
    """Behind a button: the text, its places, and templates to start from."""
    chat, persona = transcript.id, transcript.persona
    with st.popover(
        "Persona",
        icon=":material/theater_comedy:",
        type="primary" if persona.text.strip() else "secondary",
        help="Who the bot is in this conversation, in your words.",
        key="persona",
    ):
        chat_state.show_persona(chat, persona)
        st.selectbox(
            "Start from",
            list(TEMPLATES),
            index=None,
            placeholder="A template",
            key=chat_state.persona_key(chat, "template"),
            on_change=_start_from,
            args=(chat,),
        )
        st.text_area(
            "Who the bot is (the system text)",
            key=chat_state.persona_key(chat, "text"),
            max_chars=LONGEST_TEXT,
            height="content",
            placeholder="You are {{bot}}, and you …",
            on_change=_save,
            args=(chat,),
        )
        with st.container(horizontal=True, gap="small"):
            for field, label in (("bot", "Name of the bot"), ("user", "Your name")):
                st.text_input(
                    label,
                    key=chat_state.persona_key(chat, field),
                    max_chars=LONGEST_NAME,
                    on_change=_save,
                    args=(chat,),
                )
        places = ", ".join(f"`{{{{{name}}}}}` {what}" for name, what in PLACES.items())
        st.caption(f"Places that are filled in: {places}.")
        if persona.unknown:
            st.caption(
                f":orange[:material/info:] Nothing is known for {plain(', '.join(persona.unknown))}"
                ": it is read as it is written."
            )
        if persona.text.strip():
            st.caption("The model reads this before everything else, from the next answer on:")
            st.text(persona.filled())
        else:
            st.caption(
                "Small models follow such a text loosely. Fine-tuning on conversations that show "
                "the persona goes much deeper."
            )


def _start_from(chat: str) -> None:
    template = chat_state.persona_field(chat, "template")
    if template in TEMPLATES:
        st.session_state[chat_state.persona_key(chat, "text")] = TEMPLATES[template]
        _save(chat)


def _save(chat: str) -> None:
    try:
        persona = PersonaText(**{name: chat_state.persona_field(chat, name) for name in FIELDS})
        answering().set_persona(chat, persona, browser.owner())
    except ChatbotError as error:
        told.tell(told.Place.MESSAGE_BOX, str(error))
