"""What answers besides the model: the jokes and poems that the bot knows."""

import streamlit as st

from pages.ui import joke_editor


def main() -> None:
    st.header("Jokes and poems", anchor=False)
    st.caption(
        "What the bot tells when it is asked for a joke or a poem. It is yours: add to it, change "
        "it. In the chat, *What answers* switches these off for a conversation."
    )
    joke_editor.draw()


main()
