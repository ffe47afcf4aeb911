"""The model helps to write: proposals under the editor, to accept, to change or to drop.

Each is bound to what it was made for: answers and other questions to their conversation, drafts
to their persona. They wait there while one looks at other conversations, and never come up
elsewhere. All of it is this tab's own.
"""

import streamlit as st

from chatbot.dataset.changes import title
from chatbot.dataset.editing import Draft
from chatbot.dataset.snapshot import Snapshot
from chatbot.dataset.store import ConversationStore
from chatbot.proposals.job import Kind, ProposalJob
from chatbot.proposals.makers import GRAMMAR, Proposal
from pages.ui import errors, provider_state
from pages.ui import proposal_desk as desks
from pages.ui.errors import plain
from pages.ui.model_status import POLL
from pages.ui.proposal_desk import AcceptAnswer, AcceptConversations, Desk, Kept

KINDS: dict[Kind, str] = {
    "answer": "Answer as my bot would",
    "questions": "Other ways to ask this",
    "drafts": "Draft conversations about …",
}
_KIND = "proposals_kind"


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
    desk = Desk(persona, draft, accept_answer, accept_conversations)
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
        kept = desks.kept_for(kind, snapshot, store, desk)
        _ask(kind, snapshot, desk, kept)
        if kept is not None:
            _result(kept, desk)
        _elsewhere(snapshot, store, desk)


def _ask(kind: Kind, snapshot: Snapshot, desk: Desk, kept: Kept | None) -> None:
    """The button that begins, or what is missing for it."""
    entry = desks.bot()
    _, missing = desks.turns_before(kind, desk.draft.conversation)
    busy = kept is not None and not kept.job.done
    if kind == "drafts":
        st.text_input("Topic", key=desks.TOPIC, placeholder="such as the sea", max_chars=100)
        missing = "" if desks.wanted_topic() else "Name a topic first."
    bigger = provider_state.current()
    if bigger is not None:
        st.checkbox(
            f"Let {plain(bigger.name)} write",
            key=provider_state.Key.DRAFTS,
            persist_state="session",
            help="The topic or question is sent there, with up to 5 conversations of the persona "
            "that are near to it.",
        )
    elsewhere = provider_state.drafts_elsewhere()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Propose" if kept is None else "Propose again",
            icon=":material/edit_note:",
            key="proposals_begin",
            disabled=bool(missing) or busy,
            on_click=desks.begin,
            args=(kind, snapshot, desk, entry),
        )
        writes = f"{desks.writers(kind, entry)}, on this machine"
        if elsewhere is not None:
            writes = f"{elsewhere.name} writes, not on this machine"
        st.caption(missing or plain(f"{writes}. You decide."))


def _result(kept: Kept, desk: Desk) -> None:
    """What a job has brought so far."""
    job = kept.job
    st.fragment(_progress, run_every=None if job.done else POLL)(kept)
    if job.problem is not None:
        errors.say(job.problem)
    stale = (
        kept.kind != "drafts"
        and job.order.before != desks.turns_before(kept.kind, desk.draft.conversation)[0]
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
                    on_click=desks.accept,
                    args=(kept, tuple(job.proposals), desk),
                )
            st.button(
                "Drop all",
                icon=":material/delete_sweep:",
                key="proposals_drop_all",
                on_click=desks.drop,
                args=(kept, tuple(job.proposals)),
            )


def _progress(kept: Kept) -> None:
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


def _proposal(kept: Kept, number: int, proposal: Proposal, desk: Desk, *, stale: bool) -> None:
    with st.container(border=True, gap="xsmall"):
        labels = ("Question", "Answer") if len(proposal.texts) == 2 else ("Proposal",)
        for part, text in enumerate(proposal.texts):
            st.text_area(
                f"{labels[part]} {number + 1}",
                value=text,
                key=desks.text_key(kept, number, part),
                height="content",
                label_visibility="visible" if len(labels) == 2 else "collapsed",
            )
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.button(
                "Accept",
                icon=":material/check:",
                key=f"accept-{kept.name}-{number}",
                disabled=stale,
                on_click=desks.accept,
                args=(kept, (number,), desk),
            )
            st.button(
                "Drop",
                icon=":material/close:",
                type="tertiary",
                key=f"drop-{kept.name}-{number}",
                on_click=desks.drop,
                args=(kept, (number,)),
            )
            st.caption(_made_by(proposal))


def _made_by(proposal: Proposal) -> str:
    if proposal.source == GRAMMAR:
        return "By grammar alone, without a model"
    seed = "" if proposal.seed is None else f", seed {proposal.seed}"
    return plain(f"{proposal.source}{seed}")


def _elsewhere(snapshot: Snapshot, store: ConversationStore, desk: Desk) -> None:
    """That other conversations have proposals waiting, and which."""
    here = desk.draft.place_in(snapshot, store)
    places = {
        place: snapshot.conversations[place]
        for kept in desks.kept_jobs()
        if kept.persona == desk.persona and kept.kind != "drafts" and kept.job.proposals
        if (place := kept.place.place_in(snapshot, store)) is not None and place != here
    }
    if places:
        titles = ", ".join(f"“{title(conversation)}”" for conversation in places.values())
        st.caption(plain(f"Proposals for another conversation wait there: {titles}."))
