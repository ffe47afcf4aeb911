"""What the first visitor would otherwise wait for, done while their browser still starts."""

import importlib
import pkgutil
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st

from pages import ui
from pages.ui.errors import log


@asynccontextmanager
async def warming(app: st.App) -> AsyncIterator[None]:
    """For an app's `lifespan`: begins to warm up when the server starts, and waits for nothing."""
    threading.Thread(target=warm_up, name="warming", daemon=True).start()
    yield


def warm_up() -> None:
    """Import all that pages are made of. What fails here, fails again where it is told."""
    modules = [module.name for module in pkgutil.iter_modules(ui.__path__, f"{ui.__name__}.")]
    try:
        for name in ("numpy", *modules):  # Streamlit needs numpy for the page's icon
            importlib.import_module(name)
    except Exception as error:
        log().warning("warming up", exc_info=error)
