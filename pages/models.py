"""Models: what is on this machine and in memory, and how to get another one."""

import streamlit as st

from chatbot.engine import catalog
from chatbot.fetching import pace
from chatbot.fetching.known import KNOWN
from pages.ui import model_export, models_catalog, models_coming, models_here
from pages.ui.model_status import install_card


def main() -> None:
    st.title("Models", anchor=False)
    st.caption(
        "The minds that the lab can lend your bot: those that are here, and those that can be "
        "fetched. What you fine-tune yourself is listed here, too."
    )
    model_export.draw_outcome()
    models_coming.told()
    models_coming.panel()
    entries = catalog.list_models(all_checkpoints=models_here.all_checkpoints())
    speed = pace.memory_speed()
    speeds = {each.name: pace.spoken(each, speed) for each in KNOWN}
    models_here.panel(entries, speeds)
    missing = next((each for each in entries if not each.installed), None)
    if missing is not None and missing.kind == "embedded":
        install_card(missing, [])
    models_catalog.panel(entries, speeds)
    model_export.draw_deleted()


main()
