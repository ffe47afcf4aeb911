"""A page that has nothing but the lab's playthings, for their own tests."""


def script() -> None:
    import streamlit as st

    from chatbot.answering import Request
    from chatbot.engine import catalog
    from chatbot.messages import user
    from pages.ui import (
        controls,
        lab_dice,
        lab_glossary,
        lab_steps,
        lab_strip,
        lab_tour,
        sliders,
    )

    top = st.container()
    entry = controls.model_picker(catalog.list_models())
    with st.sidebar:
        request = Request(controls.choice(entry), sliders.sampling())
    prompt = st.text_area("Prompt", "Who are you?", key="prompt")
    messages = [user(prompt)] if prompt.strip() else []
    lab_strip.panel(messages, request)
    lab_dice.panel(messages, request)
    lab_steps.panel(messages, request)
    lab_glossary.panel()
    with top:
        lab_tour.panel(messages, request, 3 if request.params.top_p < 0.5 else 40)


if __name__ == "__main__":
    script()
