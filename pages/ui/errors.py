"""The edge where failures become sentences on the page.

A `ChatbotError` is shown as it is; anything else is a fault of ours: one calm sentence on the
page, the traceback in the log file and nowhere else.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from logging.handlers import RotatingFileHandler
from pathlib import Path

import streamlit as st

from chatbot import paths
from chatbot.errors import ChatbotError
from pages.ui import told

UNEXPECTED = (
    "Something went wrong on our side. What you saved is safe; reload the page and try again."
)
WORD_JOINER = "\u2060"
_ADDRESS = re.compile(r":/(?=/)|www(?=\.)|(?=@)", re.IGNORECASE)
_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:^=&@])")


@contextmanager
def shown() -> Iterator[None]:
    """Show what goes wrong inside the block, then carry on after it."""
    try:
        yield
    except ChatbotError as error:
        say(error)
    except Exception as error:
        say_unexpected(error)


def say(error: ChatbotError) -> None:
    """A failure that a person can act on: what happened, the value, what to do."""
    st.error(plain(str(error)), icon=":material/error:")


def say_told(place: told.Place) -> None:
    """What a deed of the visitor's led to, for as long as it is kept."""
    for sentence in told.at(place):
        st.error(plain(sentence), icon=":material/error:")


def say_unexpected(error: BaseException) -> bool:
    """A fault of ours. True tells Streamlit that the page has already been told."""
    log().error("unexpected", exc_info=error)
    st.error(UNEXPECTED, icon=":material/error:")
    return True


def plain(text: str) -> str:
    """Text that Markdown shows letter by letter: no links, images, directives or formulas."""
    return _SPECIAL.sub(r"\\\1", _unlinked(text)).replace("\n", "  \n")


def _unlinked(text: str) -> str:
    """With an invisible joiner in each address: the browser's Markdown makes links of bare
    addresses after it has read the escapes."""
    return _ADDRESS.sub(lambda found: found[0] + WORD_JOINER, text)


def log() -> logging.Logger:
    """The logger whose records go to `data/.logs/chatbot-lab.log` only."""
    return _log(paths.data_dir() / ".logs" / "chatbot-lab.log")


@cache
def _log(path: Path) -> logging.Logger:
    logger = logging.getLogger(f"chatbot_lab.{path}")
    logger.propagate = False
    handler: logging.Handler
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(path, maxBytes=1_000_000, backupCount=2, encoding="utf-8")
    except OSError:  # a read-only disk must not hide the sentence on the page
        handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger.addHandler(handler)
    return logger
