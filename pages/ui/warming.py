"""What the first visitor would otherwise wait for, done before they come to it."""

import importlib
import pkgutil
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

import streamlit as st

from chatbot.poems.classifier import classifier
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


@cache
def warm_poems() -> threading.Thread:
    """Begin to train what reads the theme off a wish for a poem; once for all. It takes the
    processor for a second or more: for when a chat's model is loaded and nothing is asked."""
    thread = threading.Thread(target=_train, name="warming poems", daemon=True)
    thread.start()
    return thread


def _train() -> None:
    try:
        classifier()
    except Exception as error:
        log().warning("warming up the poems", exc_info=error)
