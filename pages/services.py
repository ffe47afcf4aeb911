"""What answers besides the model: the jokes and poems that the bot knows."""

import streamlit as st

from pages.ui import joke_editor, poem_editor

PARTS = {"Jokes": joke_editor.draw, "Poems": poem_editor.draw}


def main() -> None:
    st.header("Jokes and poems", anchor=False)
    st.caption(
        "What the bot tells when it is asked for a joke or a poem. It is yours: add to it, change "
        "it. In the chat, *What answers* switches these off for a conversation."
    )
    part = st.segmented_control(
        "Part", list(PARTS), default="Jokes", required=True, key="services_part",
        label_visibility="collapsed",
    )  # fmt: skip
    PARTS[part or "Jokes"]()


main()
