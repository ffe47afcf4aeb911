"""The model helps to write: proposals under the editor, to accept, to change or to drop.

Each is bound to what it was made for: answers and other questions to their conversation, drafts
to their persona. They wait there while one looks at other conversations, and never come up
elsewhere. All of it is this tab's own.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import streamlit as st

from chatbot.dataset.changes import title
from chatbot.dataset.editing import Draft
from chatbot.dataset.snapshot import Snapshot
from chatbot.dataset.store import ConversationStore
from chatbot.engine import catalog
from chatbot.engine.catalog import ModelEntry
from chatbot.engine.sampling import PRESETS, SamplingParams
from chatbot.messages import Conversation, Message, assistant, user
from chatbot.proposals.job import Kind, Order, ProposalJob, was_taught
from chatbot.proposals.makers import GRAMMAR, Proposal
from pages.ui import controls, dataset_state, errors, resources, state
from pages.ui.errors import plain
from pages.ui.model_status import POLL

KINDS: dict[Kind, str] = {
    "answer": "Answer as my bot would",
    "questions": "Other ways to ask this",
    "drafts": "Draft conversations about …",
}
MOST_KEPT = 12
"""Jobs that a tab remembers; the oldest are dropped first."""
_JOBS, _KIND, _TOPIC = "own_proposals", "proposals_kind", "proposals_topic"

AcceptAnswer = Callable[[str], bool]
AcceptConversations = Callable[[list[Conversation], str], bool]


@dataclass(frozen=True, eq=False)
class _Kept:
    """A job with the place that it was made for; `name` tells its widgets from others'."""

    job: ProposalJob
    kind: Kind
    persona: str
    place: Draft
    name: str


@dataclass(frozen=True)
class _Desk:
    """What the panel was given, for the callbacks below."""

    persona: str
    draft: Draft
    accept_answer: AcceptAnswer
    accept_conversations: AcceptConversations


def panel(
    snapshot: Snapshot,
    store: ConversationStore,
    persona: str,
    draft: Draft,
    accept_answer: AcceptAnswer,
    accept_conversations: AcceptConversations,
) -> None:
    """Ask for proposals, watch them come, take them in.

    Args:
        persona: its key; `store` and `snapshot` are its conversations.
        draft: the open conversation with what stands in its text areas.
        accept_answer: puts the text into the open conversation: as the last turn where the bot
            has it, else as one more turn.
        accept_conversations: adds conversations to the set; the label is for the history. Both
            tell whether it is saved; what is not stays a proposal.
    """
    desk = _Desk(persona, draft, accept_answer, accept_conversations)
    with st.expander(
        "Let the model help", icon=":material/lightbulb:", key="proposals", on_change="rerun"
    ) as box:
        if not box.open:
            return
        kind = st.pills(
            "What shall it write?",
            list(KINDS),
            format_func=lambda name: KINDS[name],
            key=_KIND,
            default="answer",
            required=True,
            label_visibility="collapsed",
        )
        assert kind is not None
        kept = _kept_for(kind, snapshot, store, desk)
        _ask(kind, snapshot, desk, kept)
        if kept is not None:
            _result(kept, desk)
        _elsewhere(snapshot, store, desk)


def _ask(kind: Kind, snapshot: Snapshot, desk: _Desk, kept: _Kept | None) -> None:
    """The button that begins, or what is missing for it."""
    entry = _bot()
    _, missing = _before(kind, desk.draft.conversation)
    busy = kept is not None and not kept.job.done
    if kind == "drafts":
        st.text_input("Topic", key=_TOPIC, placeholder="such as the sea", max_chars=100)
        missing = "" if _topic() else "Name a topic first."
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Propose" if kept is None else "Propose again",
            icon=":material/edit_note:",
            key="proposals_begin",
            disabled=bool(missing) or busy,
            on_click=_begin,
            args=(kind, snapshot, desk, entry),
        )
        st.caption(missing or plain(f"{_writers(kind, entry)}, on this machine. You decide."))


def _begin(kind: Kind, snapshot: Snapshot, desk: _Desk, entry: ModelEntry) -> None:
    # The click may come with words that were typed just before it.
    before, _ = _before(kind, dataset_state.typed(desk.draft).conversation)
    jobs = _jobs()
    for old in [k for k in jobs if not k.job.done]:
        old.job.stop()  # one at a time: they would only slow each other
    topic = _topic() if kind == "drafts" else ""
    params = state.params() if state.has_params() else PRESETS["Factual"]
    order = Order(
        kind, controls.choice(entry), _unseeded(params), snapshot.conversations, before, topic
    )
    job = ProposalJob(
        resources.engine_room(),
        order,
        on_unexpected=lambda error: errors.log().error("proposals", exc_info=error),
    )
    jobs.append(_Kept(job, kind, desk.persona, desk.draft, f"{id(job):x}"))
    del jobs[:-MOST_KEPT]


def _result(kept: _Kept, desk: _Desk) -> None:
    """What a job has brought so far."""
    job = kept.job
    st.fragment(_progress, run_every=None if job.done else POLL)(kept)
    if job.problem is not None:
        errors.say(job.problem)
    stale = (
        kept.kind != "drafts" and job.order.before != _before(kept.kind, desk.draft.conversation)[0]
    )
    if stale and job.proposals:
        st.caption("The question was changed since. Propose again for the new one.")
    for number, proposal in job.proposals.items():
        _proposal(kept, number, proposal, desk, stale=stale)
    if len(job.proposals) > 1 and job.done:
        with st.container(horizontal=True):
            if kept.kind != "answer":
                st.button(
                    "Accept all",
                    icon=":material/done_all:",
                    key="proposals_accept_all",
                    disabled=stale,
                    on_click=_accept,
                    args=(kept, tuple(job.proposals), desk),
                )
            st.button(
                "Drop all",
                icon=":material/delete_sweep:",
                key="proposals_drop_all",
                on_click=_drop,
                args=(kept, tuple(job.proposals)),
            )


def _progress(kept: _Kept) -> None:
    """How far it is; the page is drawn anew whenever a proposal has come, and at the end."""
    job, key = kept.job, f"own_seen_{kept.name}"
    now = (job.found, job.done)
    if st.session_state.setdefault(key, now) != now:
        st.session_state[key] = now
        st.rerun()
    wanted = job.order.count
    if job.done:
        if job.problem is None:
            st.caption(_summary(job))
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(min(1.0, job.found / wanted), text=f"{job.phase}: {job.found} of {wanted}")
        st.button("Stop", icon=":material/stop:", key="proposals_stop", on_click=job.stop)
    if job.growing:
        st.text(f"{job.growing} ▍")


def _summary(job: ProposalJob) -> str:
    found, wanted = job.found, job.order.count
    if job.stopping:
        return f"Stopped after {found}."
    if found >= wanted:
        return f"{found} proposals. Change them as you like."
    return (
        f"{found} of {wanted}: the other attempts were no use, such as repeats or answers. "
        "Propose again for more."
    )


def _proposal(kept: _Kept, number: int, proposal: Proposal, desk: _Desk, *, stale: bool) -> None:
    with st.container(border=True, gap="xsmall"):
        labels = ("Question", "Answer") if len(proposal.texts) == 2 else ("Proposal",)
        for part, text in enumerate(proposal.texts):
            st.text_area(
                f"{labels[part]} {number + 1}",
                value=text,
                key=_key(kept, number, part),
                height="content",
                label_visibility="visible" if len(labels) == 2 else "collapsed",
            )
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.button(
                "Accept",
                icon=":material/check:",
                key=f"accept-{kept.name}-{number}",
                disabled=stale,
                on_click=_accept,
                args=(kept, (number,), desk),
            )
            st.button(
                "Drop",
                icon=":material/close:",
                type="tertiary",
                key=f"drop-{kept.name}-{number}",
                on_click=_drop,
                args=(kept, (number,)),
            )
            st.caption(_made_by(proposal))


def _made_by(proposal: Proposal) -> str:
    if proposal.source == GRAMMAR:
        return "By grammar alone, without a model"
    return plain(f"{proposal.source}, seed {proposal.seed}")


def _accept(kept: _Kept, numbers: tuple[int, ...], desk: _Desk) -> None:
    """Hand the texts, as they stand in their text areas, to whoever writes them down."""
    made: list[Conversation] = []
    for number in numbers:
        texts = _texts(kept, number)
        if texts is None or not all(text.strip() for text in texts):
            continue
        if kept.kind == "answer":
            if desk.accept_answer(texts[0]):
                _drop(kept, tuple(kept.job.proposals))  # one place, one answer
            return
        made.append(_conversation(texts, dataset_state.typed(desk.draft).conversation))
    if made and desk.accept_conversations(made, _label(kept, len(made))):
        _drop(kept, numbers)


def _drop(kept: _Kept, numbers: tuple[int, ...]) -> None:
    for number in numbers:
        kept.job.take(number)


def _texts(kept: _Kept, number: int) -> tuple[str, ...] | None:
    proposal = kept.job.proposals.get(number)
    if proposal is None:  # a second click on the same button
        return None
    return tuple(
        str(st.session_state.get(_key(kept, number, part), text))
        for part, text in enumerate(proposal.texts)
    )


def _conversation(texts: tuple[str, ...], opened: Conversation) -> Conversation:
    """A draft as it is; another wording with the answer of the open conversation."""
    exchange = _exchange(opened)
    if len(texts) == 2:
        return Conversation((user(texts[0]), assistant(texts[1])))
    return Conversation((*exchange[:-2], user(texts[0]), exchange[-1]))


def _label(kept: _Kept, count: int) -> str:
    what = "Other ways to ask" if kept.kind == "questions" else f"About {kept.job.order.topic}"
    return f"{what} ({count} accepted)"


def _before(kind: Kind, conversation: Conversation) -> tuple[tuple[Message, ...], str]:
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


def _elsewhere(snapshot: Snapshot, store: ConversationStore, desk: _Desk) -> None:
    """That other conversations have proposals waiting, and which."""
    here = desk.draft.place_in(snapshot, store)
    places = {
        place: snapshot.conversations[place]
        for kept in _jobs()
        if kept.persona == desk.persona and kept.kind != "drafts" and kept.job.proposals
        if (place := kept.place.place_in(snapshot, store)) is not None and place != here
    }
    if places:
        titles = ", ".join(f"“{title(conversation)}”" for conversation in places.values())
        st.caption(plain(f"Proposals for another conversation wait there: {titles}."))


def _kept_for(
    kind: Kind, snapshot: Snapshot, store: ConversationStore, desk: _Desk
) -> _Kept | None:
    """The newest job of this kind for the open conversation, wherever that stands by now."""
    here = desk.draft.place_in(snapshot, store)
    for kept in reversed(_jobs()):
        if (kept.kind, kept.persona) == (kind, desk.persona) and (
            kind == "drafts" or (here is not None and kept.place.place_in(snapshot, store) == here)
        ):
            return kept
    return None


def _bot() -> ModelEntry:
    """The model that this tab chats with, else the first that is installed."""
    entries = catalog.list_models()
    by_name = {entry.name: entry for entry in entries}
    chosen = by_name.get(state.model() or "")
    return chosen or next((entry for entry in entries if entry.installed), entries[0])


def _writers(kind: Kind, entry: ModelEntry) -> str:
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


def _topic() -> str:
    return str(st.session_state.get(_TOPIC) or "").strip()


def _jobs() -> list[_Kept]:
    found: list[_Kept] = st.session_state.setdefault(_JOBS, [])
    return found


def _key(kept: _Kept, number: int, part: int) -> str:
    return f"proposal-{kept.name}-{number}-{part}"
