"""The scores that the lab draws: remembered, or read by the model as soon as it is loaded."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from chatbot.answering import Request
from chatbot.engine.catalog import ModelEntry
from chatbot.engine_room import Choice
from chatbot.errors import ChatbotError, NotAvailable
from chatbot.messages import Message
from pages.ui import errors, presses, told
from pages.ui.errors import plain
from pages.ui.model_status import POLL
from pages.ui.resources import engine_room, scores_memory

if TYPE_CHECKING:
    from chatbot.engine.next_scores import NextScores


def scores(
    entry: ModelEntry, request: Request, messages: Sequence[Message], *, waiting: str
) -> "NextScores | None":
    """What the model thinks of the next token; None where that has to be waited for, or can't be.

    A model that is not loaded is asked for only where its scores are not remembered.

    Args:
        waiting: Markdown for the time in which it is loaded.
    """
    choice = request.choice
    try:
        found = _remembered(entry, request, messages)
        if found is not None:
            return found
        status = engine_room().status(choice)
        if status.state == "failed":
            _failed(choice, status.problem)
            return None
        if status.state != "ready":
            engine_room().warm(choice)
            _wait(choice, waiting)
            return None
        with st.spinner("The model reads the prompt…"), engine_room().lease(choice) as engine:
            return scores_memory().ask(engine, messages, request.params, _where(choice))
    except ChatbotError as error:
        errors.say(error)
    except OSError:  # its files went while they were looked at
        errors.say(_gone(entry))
    return None


def _remembered(
    entry: ModelEntry, request: Request, messages: Sequence[Message]
) -> "NextScores | None":
    if not len(scores_memory()):
        return None  # torch may not be there yet
    from chatbot.engine.loading import weights_hash
    from chatbot.engine.next_scores import question_of

    question = question_of(weights_hash(entry), _where(request.choice), messages, request.params)
    return scores_memory().look(question)


def _where(choice: Choice) -> tuple[object, ...]:
    return (choice.device, choice.dtype)


def _failed(choice: Choice, problem: str) -> None:
    st.error(plain(problem), icon=":material/error:")
    if presses.button("Try again", icon=":material/refresh:", key=f"lab_reload_{choice.model}"):
        engine_room().warm(choice, retry=True)
        st.rerun()


def _wait(choice: Choice, waiting: str) -> None:
    st.fragment(_look, run_every=POLL)(choice, waiting)


def _look(choice: Choice, waiting: str) -> None:
    if engine_room().status(choice).state != "loading":
        told.draw_anew()
    st.caption(waiting)


def _gone(entry: ModelEntry) -> NotAvailable:
    return NotAvailable(
        "The files of this model are not there any more.",
        value=entry.name,
        remedy="Choose another model.",
    )
