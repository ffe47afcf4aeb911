"""The jobs behind the proposals of one tab: begun for a place, found again there, taken in or
dropped."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import streamlit as st

from chatbot.dataset.editing import Draft
from chatbot.dataset.snapshot import Snapshot
from chatbot.dataset.store import ConversationStore
from chatbot.engine import catalog
from chatbot.engine.catalog import ModelEntry
from chatbot.engine.sampling import PRESETS, SamplingParams
from chatbot.messages import Conversation, Message, assistant, user
from chatbot.proposals.job import Kind, Order, ProposalJob, was_taught
from pages.ui import controls, dataset_state, errors, provider_state, resources, state

MOST_KEPT = 12
"""Jobs that a tab remembers; the oldest are dropped first."""
TOPIC = "proposals_topic"
"""Key of the field that names what drafts are about."""
_JOBS = "own_proposals"

AcceptAnswer = Callable[[str], bool]
AcceptConversations = Callable[[list[Conversation], str], bool]


@dataclass(frozen=True, eq=False)
class Kept:
    """A job with the place that it was made for; `name` tells its widgets from others'."""

    job: ProposalJob
    kind: Kind
    persona: str
    place: Draft
    name: str


@dataclass(frozen=True)
class Desk:
    """What the panel was given, for the callbacks below."""

    persona: str
    draft: Draft
    accept_answer: AcceptAnswer
    accept_conversations: AcceptConversations


def begin(kind: Kind, snapshot: Snapshot, desk: Desk, entry: ModelEntry) -> None:
    """Have the model write for what is open; whatever it wrote at before is stopped."""
    # The click may come with words that were typed just before it.
    before, _ = turns_before(kind, dataset_state.typed(desk.draft).conversation)
    jobs = kept_jobs()
    for old in [k for k in jobs if not k.job.done]:
        old.job.stop()  # one at a time: they would only slow each other
    topic = wanted_topic() if kind == "drafts" else ""
    params = state.params() if state.has_params() else PRESETS["Factual"]
    order = Order(
        kind,
        controls.choice(entry),
        _unseeded(params),
        snapshot.conversations,
        before,
        topic,
        provider_state.drafts_elsewhere(),
    )
    job = ProposalJob(
        resources.engine_room(),
        order,
        on_unexpected=lambda error: errors.log().error("proposals", exc_info=error),
    )
    jobs.append(Kept(job, kind, desk.persona, desk.draft, f"{id(job):x}"))
    del jobs[:-MOST_KEPT]


def accept(kept: Kept, numbers: tuple[int, ...], desk: Desk) -> None:
    """Hand the texts, as they stand in their text areas, to whoever writes them down."""
    made: list[Conversation] = []
    for number in numbers:
        texts = _texts(kept, number)
        if texts is None or not all(text.strip() for text in texts):
            continue
        if kept.kind == "answer":
            if desk.accept_answer(texts[0]):
                drop(kept, tuple(kept.job.proposals))  # one place, one answer
            return
        made.append(_conversation(texts, dataset_state.typed(desk.draft).conversation))
    if made and desk.accept_conversations(made, _label(kept, len(made))):
        drop(kept, numbers)


def drop(kept: Kept, numbers: tuple[int, ...]) -> None:
    """Take proposals off the page."""
    for number in numbers:
        kept.job.take(number)


def _texts(kept: Kept, number: int) -> tuple[str, ...] | None:
    proposal = kept.job.proposals.get(number)
    if proposal is None:  # a second click on the same button
        return None
    return tuple(
        str(st.session_state.get(text_key(kept, number, part), text))
        for part, text in enumerate(proposal.texts)
    )


def _conversation(texts: tuple[str, ...], opened: Conversation) -> Conversation:
    """A draft as it is; another wording with the answer of the open conversation."""
    exchange = _exchange(opened)
    if len(texts) == 2:
        return Conversation((user(texts[0]), assistant(texts[1])))
    return Conversation((*exchange[:-2], user(texts[0]), exchange[-1]))


def _label(kept: Kept, count: int) -> str:
    what = "Other ways to ask" if kept.kind == "questions" else f"About {kept.job.order.topic}"
    return f"{what} ({count} accepted)"


def turns_before(kind: Kind, conversation: Conversation) -> tuple[tuple[Message, ...], str]:
    """The turns that the proposals rest on, and what is missing for them ("" if nothing)."""
    turns = conversation.messages
    if kind == "answer":
        while turns and turns[-1].role == "assistant":
            turns = turns[:-1]
        asked = bool(turns) and turns[-1].role == "user" and bool(turns[-1].text.strip())
        return turns, "" if asked else "Write what somebody says to your bot first."
    if kind == "questions":
        exchange = _exchange(conversation)
        missing = "" if exchange else "Write a question and its answer first."
        return exchange[:-1], missing
    return (), ""


def _exchange(conversation: Conversation) -> tuple[Message, ...]:
    """System texts, the first question, and its answer; empty where one of the two is missing."""
    said = [m for m in conversation.messages if m.role != "system"][:2]
    if [m.role for m in said] != ["user", "assistant"] or not all(m.text.strip() for m in said):
        return ()
    return (*(m for m in conversation.messages if m.role == "system"), *said)


def kept_for(kind: Kind, snapshot: Snapshot, store: ConversationStore, desk: Desk) -> Kept | None:
    """The newest job of this kind for the open conversation, wherever that stands by now."""
    here = desk.draft.place_in(snapshot, store)
    for kept in reversed(kept_jobs()):
        if (kept.kind, kept.persona) == (kind, desk.persona) and (
            kind == "drafts" or (here is not None and kept.place.place_in(snapshot, store) == here)
        ):
            return kept
    return None


def bot() -> ModelEntry:
    """The model that this tab chats with, else the first that is installed."""
    entries = catalog.list_models()
    by_name = {entry.name: entry for entry in entries}
    chosen = by_name.get(state.model() or "")
    return chosen or next((entry for entry in entries if entry.installed), entries[0])


def writers(kind: Kind, entry: ModelEntry) -> str:
    """Who writes what: a model that was taught a persona knows nothing of asking."""
    titles = {each.name: each.title for each in catalog.list_models()}
    asker = titles.get(catalog.DEFAULT_MODEL, catalog.DEFAULT_MODEL)
    if kind == "answer" or not was_taught(entry):
        return f"{entry.title} writes"
    if kind == "questions":
        return f"{asker} writes"
    return f"{asker} writes the questions and {entry.title} the answers"


def _unseeded(params: SamplingParams) -> SamplingParams:
    """A seed fixed in the chat would bring the same proposals for ever."""
    return replace(params, seed=None)


def wanted_topic() -> str:
    return str(st.session_state.get(TOPIC) or "").strip()


def kept_jobs() -> list[Kept]:
    found: list[Kept] = st.session_state.setdefault(_JOBS, [])
    return found


def text_key(kept: Kept, number: int, part: int) -> str:
    return f"proposal-{kept.name}-{number}-{part}"
