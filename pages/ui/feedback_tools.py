"""Feedback is data: thumbs under an answer, and the way from there to a run that learns it."""

from datetime import datetime
from functools import partial

import streamlit as st

from chatbot import feedback
from chatbot.answering import Request
from chatbot.chat_tree import Turn
from chatbot.engine import catalog
from chatbot.errors import ChatbotError
from chatbot.messages import Conversation
from chatbot.training import shelf
from chatbot.transcripts import Transcript
from pages.ui import chat_state, chats, feedback_state, fine_tune_state, presses
from pages.ui.errors import plain
from pages.ui.resources import answering, store

ENOUGH = 1
"""New examples after which a run is offered: it reads even a single correction about twelve times
(`training.emphasis`), and three clicks shall do."""
MOST_QUESTIONS = 5
_USED = frozenset({"finished", "stopped", "running", "stopping", "pausing", "paused", "waiting"})
"""States of runs that have read their data, or will."""


def thumbs(transcript: Transcript, turn: Turn, *, busy: bool, last: bool) -> None:
    """Below an answer: good, or bad. The keys are the last one's."""
    if not turn.question or not turn.answer:
        return
    try:
        known = feedback_state.known()
    except ChatbotError:  # the dataset page says what is wrong with it
        return
    taken = feedback.mark_of(transcript.id, turn.id) in known.places
    name = plain(known.persona.name)
    good = (
        f"Learned by {name}: takes it out of the data set again."
        if taken
        else f"A good answer: takes question and answer into the data set of {name}."
    )
    bad = "Not so bad after all." if turn.disliked else "A bad answer: write a better one."
    st.button(
        ":material/thumb_up:",
        key=f"like-{turn.id}",
        type="primary" if taken else "tertiary",
        help=good + (" (Alt+G)" if last else ""),
        disabled=busy,
        on_click=_take_back if taken else _like,
        args=(transcript.id, turn.id),
    )
    st.button(
        ":material/thumb_down:",
        key=f"dislike-{turn.id}",
        type="primary" if turn.disliked else "tertiary",
        help=bad + (" (Alt+B)" if last else ""),
        disabled=busy,
        on_click=_dislike,
        args=(transcript.id, turn.id, not turn.disliked),
    )


def teach(chat: str, turn_id: int) -> None:
    """Take a corrected answer into the data set; that it didn't work is told."""
    chats.attempt(partial(_taken, chat, turn_id, "corrected"))


def line(transcript: Transcript, request: Request) -> None:
    """How many examples wait to be learned, and the button that prepares the run."""
    try:
        known = feedback_state.known()
        fresh = _fresh(known)
    except ChatbotError:
        return
    if len(fresh) < ENOUGH:
        return
    count = "1 new example" if len(fresh) == 1 else f"{len(fresh)} new examples"
    with st.container(horizontal=True, vertical_alignment="center", key="feedback-line"):
        st.caption(
            f":material/school: {count} from your chats, in the data set of "
            f"{plain(known.persona.name)}.",
            width="content",
        )
        if presses.button(
            "Fine-tune on it" if len(fresh) == 1 else "Fine-tune on them",
            icon=":material/tune:",
            key="feedback-train",
            help="Opens the page with everything set; *Start* is yours to press.",
        ):
            questions = [conversation.messages[0].text for conversation in fresh]
            fine_tune_state.prepare(
                _base(request.choice.model), known.persona, questions[-MOST_QUESTIONS:]
            )
            st.switch_page("fine_tune.py")


def _fresh(known: feedback_state.Known) -> list[Conversation]:
    """The examples that no run has read yet."""
    if not known.conversations:
        return []
    started = (
        run.status().started
        for run in shelf.runs()
        if run.status().state in _USED and run.config.emphasis
    )
    last = max((datetime.fromisoformat(at).timestamp() for at in started if at), default=0.0)
    return feedback.new_since(known.conversations, last)


def _base(model: str) -> str:
    """What a run starts from: the chat's model, or what its adapter stands on."""
    try:
        entry = catalog.resolve(model)
    except ChatbotError:
        return catalog.DEFAULT_MODEL
    return entry.base or entry.name


def _like(chat: str, turn_id: int) -> None:
    chats.attempt(partial(_taken, chat, turn_id, "liked"))


def _taken(chat: str, turn_id: int, kind: feedback.Kind) -> None:
    known = feedback_state.known()
    feedback.take(store(known.persona.key), answering().transcript(chat), turn_id, kind)


def _take_back(chat: str, turn_id: int) -> None:
    known = feedback_state.known()
    mark = feedback.mark_of(chat, turn_id)
    chats.attempt(partial(feedback.take_back, store(known.persona.key), mark))


def _dislike(chat: str, turn_id: int, so: bool) -> None:
    """A bad answer is no example; its field opens for a better one."""

    def change() -> None:
        answering().change(chat, partial(feedback.disliked, turn_id=turn_id, so=so))

    if chats.attempt(change) and so:
        _take_back(chat, turn_id)
        st.session_state.pop(chat_state.edit_key(), None)
        chat_state.memory().editing = (turn_id, "answer")
