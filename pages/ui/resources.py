"""Every st.cache_resource: what all sessions of this server share.

Each is made for a home folder, so that a server whose `CHATBOT_HOME` differs gets its own.
"""

from typing import TYPE_CHECKING

import streamlit as st

from chatbot import paths
from chatbot.answering import Answering
from chatbot.dataset.personas import FIRST
from chatbot.engine.next_scores import ScoresMemory
from chatbot.engine_room import EngineRoom
from chatbot.hindsight import Hindsight
from chatbot.transcripts import TranscriptStore
from pages.ui.errors import log
from pages.ui.installation import Installation

if TYPE_CHECKING:
    from chatbot.dataset.store import ConversationStore
    from chatbot.dataset.timeline import Timeline
    from chatbot.exporting.job import Exports
    from chatbot.fetching.bringings import Bringing
    from chatbot.fetching.downloads import Downloads
    from chatbot.training.job import TrainingJob
    from chatbot.training.scores.measuring import Measuring
    from chatbot.training.speeds import Speeds


def engine_room() -> EngineRoom:
    """The loaded model; loading the next one frees the last."""
    return _engine_room(str(paths.home()))


def scores_memory() -> ScoresMemory:
    """What models thought of the next token, for the last few prompts of the sampling lab."""
    return _scores_memory(str(paths.home()))


def hindsight() -> Hindsight:
    """Answers that are looked at word by word."""
    return _hindsight(str(paths.home()))


def answering() -> Answering:
    """The chats that are being answered."""
    return _answering(str(paths.home()))


def installation() -> Installation:
    """The download of the embedded model."""
    return _installation(str(paths.home()))


def downloads() -> "Downloads":
    """The models that are being fetched."""
    return _downloads(str(paths.home()))


def bringing() -> "Bringing":
    """The model that is being brought from this machine."""
    return _bringing(str(paths.home()))


def store(persona: str = FIRST) -> "ConversationStore":
    """The conversations of a persona, by its key.

    Raises:
        NotAvailable: there is no such persona (any more).
    """
    return _store(str(paths.home()), persona)


def timeline(persona: str = FIRST) -> "Timeline":
    """Everything that a persona's conversations ever were."""
    return _timeline(str(paths.home()), persona, store(persona))


def training_job() -> "TrainingJob":
    """The one training run that may be going on."""
    return _training_job(str(paths.home()))


def measuring() -> "Measuring":
    """The scores of an earlier run, being measured."""
    return _measuring(str(paths.home()))


def speeds() -> "Speeds":
    """How fast this machine trains."""
    return _speeds(str(paths.home()))


def exports() -> "Exports":
    """The model that is being exported."""
    return _exports(str(paths.home()))


@st.cache_resource(show_spinner=False, on_release=EngineRoom.close)
def _engine_room(home: str) -> EngineRoom:
    return EngineRoom()


@st.cache_resource(show_spinner=False)
def _scores_memory(home: str) -> ScoresMemory:
    return ScoresMemory()


@st.cache_resource(show_spinner=False)
def _hindsight(home: str) -> Hindsight:
    return Hindsight(
        engine_room(), on_unexpected=lambda error: log().error("hindsight", exc_info=error)
    )


@st.cache_resource(show_spinner=False)
def _answering(home: str) -> Answering:
    return Answering(
        engine_room(),
        TranscriptStore(),
        on_unexpected=lambda error: log().error("answering", exc_info=error),
    )


@st.cache_resource(show_spinner=False)
def _installation(home: str) -> Installation:
    return Installation()


@st.cache_resource(show_spinner=False)
def _downloads(home: str) -> "Downloads":
    from chatbot.fetching.downloads import Downloads

    return Downloads(lambda error: log().error("downloading", exc_info=error))


@st.cache_resource(show_spinner=False)
def _bringing(home: str) -> "Bringing":
    from chatbot.fetching.bringings import Bringing

    return Bringing(lambda error: log().error("bringing", exc_info=error))


@st.cache_resource(show_spinner=False)
def _store(home: str, persona: str) -> "ConversationStore":
    from chatbot.dataset.personas import persona as persona_of
    from chatbot.dataset.store import ConversationStore

    return ConversationStore(None if persona == FIRST else persona_of(persona).path)


@st.cache_resource(show_spinner=False)
def _timeline(home: str, persona: str, _store: "ConversationStore") -> "Timeline":
    from chatbot.dataset.timeline import Timeline

    return Timeline(_store.path)


@st.cache_resource(show_spinner=False)
def _training_job(home: str) -> "TrainingJob":
    from chatbot.training.job import TrainingJob

    return TrainingJob()


@st.cache_resource(show_spinner=False, on_release=lambda held: held.stop())
def _measuring(home: str) -> "Measuring":
    from chatbot.training.scores.measuring import Measuring

    return Measuring(lambda error: log().error("measuring", exc_info=error))


@st.cache_resource(show_spinner=False)
def _speeds(home: str) -> "Speeds":
    from chatbot.training.speeds import Speeds

    return Speeds()


@st.cache_resource(show_spinner=False, on_release=lambda held: held.close())
def _exports(home: str) -> "Exports":
    from chatbot.exporting.job import Exports

    return Exports(lambda error: log().error("exporting", exc_info=error))
