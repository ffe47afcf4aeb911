"""The Pictures view of the Dataset page: token lengths, turns, topics."""

from collections.abc import Callable

import streamlit as st

from chatbot import paths
from chatbot.dataset.changes import title
from chatbot.dataset.snapshot import Snapshot
from chatbot.dataset.topic_maps import TopicMaps
from chatbot.dataset.topics import TopicMap
from chatbot.training.lengths import Lengths
from pages.ui import dataset_reading, errors
from pages.ui.charts import live_chart
from pages.ui.dataset_figures import MAP_HEIGHT, lengths_figure, topics_figure, turns_figure
from pages.ui.dataset_reading import Choice

POLL = 0.5
"""Seconds between two looks at what is being counted in the background."""
FEWEST = 2

Open = Callable[[int, str], None]


def panel(snapshot: Snapshot, *, open_conversation: Open) -> None:
    """The set in pictures.

    Args:
        open_conversation: called with a conversation's index and the version of the file that the
            map was made of, when its point is clicked.
    """
    if len(snapshot.conversations) < FEWEST:
        st.info(
            "Pictures tell something from two conversations on, and much from twenty on.",
            icon=":material/insert_chart:",
        )
        return
    dataset_reading.picker("dataset_pictures_of")
    with errors.shown():
        _lengths(snapshot)
    _turns(snapshot)
    _topics(snapshot, open_conversation)


def _lengths(snapshot: Snapshot) -> None:
    st.subheader("How long they are", anchor=False)
    choice = dataset_reading.chosen()
    if choice is None:
        st.caption("Tokens can be counted as soon as there is a model on this machine.")
        return
    lengths = dataset_reading.lengths(choice.reader)
    lengths.request(snapshot.conversations, choice.max_length)
    if not lengths.ready:
        _counting(lengths)
        return
    if (problem := lengths.problem) is not None:
        errors.say(problem)
        return
    counts = [count or 0 for count in lengths.counts()]
    st.caption(_lengths_sentence(counts, choice))
    live_chart(
        lengths_figure(counts, choice.limit, choice.reader.window),
        name=f"{choice.reader.entry.name} {choice.limit}",
        key="dataset_lengths_chart",
    )


def _lengths_sentence(counts: list[int], choice: Choice) -> str:
    limit, window = choice.limit, choice.reader.window
    longest, cut = max(counts), sum(count > limit for count in counts)
    if not cut:
        return (
            f"All fit: the longest has {longest:,} tokens, training reads {limit:,} of each, and "
            f"the model's window is {window:,}."
        )
    which = "1 is" if cut == 1 else f"{cut:,} are"
    return (
        f"{which} longer than the {limit:,} tokens that training reads (window: {window:,}) and "
        f"would be cut after a whole turn; the longest has {longest:,}."
    )


def _turns(snapshot: Snapshot) -> None:
    st.subheader("How many turns they have", anchor=False)
    turns = [len(conversation.messages) for conversation in snapshot.conversations]
    short = sum(turn <= FEWEST for turn in turns)
    st.caption(
        "All are one question and one answer: add some that go on, and the bot learns to keep "
        "to the subject."
        if short == len(turns)
        else f"{1 - short / len(turns):.0%} go on after the first answer: from those the bot "
        "learns to keep to the subject."
    )
    live_chart(turns_figure(turns), name="turns", key="dataset_turns_chart")


def _topics(snapshot: Snapshot, open_conversation: Open) -> None:
    st.subheader("What they are about", anchor=False)
    made = _topic_maps(str(paths.home())).of(snapshot.conversations)
    if made is None:
        _mapping(snapshot)
        return
    if len(made.points) < FEWEST:
        st.caption("There are no words to make a map of yet.")
        return
    st.caption(_topics_sentence(made))
    titles = [title(snapshot.conversations[point.index]) for point in made.points]
    live_chart(
        topics_figure(made, titles),
        name=snapshot.version,
        key="dataset_topics_chart",
        height=MAP_HEIGHT,
        on_pick=open_conversation,
    )


def _topics_sentence(made: TopicMap) -> str:
    sample = ""
    if len(made.points) < made.total:
        sample = f" {len(made.points):,} of {made.total:,} are shown, drawn by chance."
    return (
        "Each point is a conversation; those that use the same words lie close together, so an "
        "island is a topic, and a small one may need more. Click a point to open it." + sample
    )


@st.fragment(run_every=POLL)
def _counting(lengths: Lengths) -> None:
    if lengths.ready:
        st.rerun()
    done, total = lengths.state()
    st.progress(done / max(total, 1), f"Counting tokens: {done:,} of {total:,}")


@st.fragment(run_every=POLL)
def _mapping(snapshot: Snapshot) -> None:
    if _topic_maps(str(paths.home())).of(snapshot.conversations) is not None:
        st.rerun()
    st.caption(":material/hourglass_top: Drawing the map of topics")


@st.cache_resource(show_spinner=False)
def _topic_maps(home: str) -> TopicMaps:
    return TopicMaps()
