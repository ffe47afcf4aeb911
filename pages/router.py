"""The script that Streamlit runs for every page: page config, navigation, nothing else."""

from pathlib import Path

import streamlit as st

from pages.ui import chats, presses

ASSETS = Path(__file__).resolve().parent / "ui" / "assets"

st.set_page_config(page_title="Chatbot Lab", page_icon=str(ASSETS / "icon.svg"))
st.logo(str(ASSETS / "logo.svg"), icon_image=str(ASSETS / "icon.svg"), size="large")

page = st.navigation(
    [
        st.Page("chat.py", title="Chat", icon=":material/forum:", default=True),
        st.Page("dataset.py", title="Dataset", icon=":material/menu_book:", url_path="dataset"),
        st.Page("fine_tune.py", title="Fine-tune", icon=":material/tune:", url_path="fine_tune"),
        st.Page(
            "sampling_lab.py",
            title="Sampling lab",
            icon=":material/query_stats:",
            url_path="sampling_lab",
        ),
        st.Page("compare.py", title="Compare", icon=":material/compare:", url_path="compare"),
        st.Page("models.py", title="Models", icon=":material/deployed_code:", url_path="models"),
        st.Page(
            "services.py", title="Jokes and poems", icon=":material/mood:", url_path="services"
        ),
    ]
)
chats.keep_in_address()
page.run()
presses.forget()
