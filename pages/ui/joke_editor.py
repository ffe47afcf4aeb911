"""The jokes that the bot knows: a list to search, to add to, to change, with a way back."""

from dataclasses import replace

import streamlit as st

from chatbot.errors import BadInput, ChatbotError
from chatbot.jokemanager import JokeManager
from chatbot.jokes import book as books
from chatbot.jokes.book import LONGEST, Joke, JokeBook
from pages.ui import joke_state
from pages.ui.errors import plain
from pages.ui.joke_state import NEW, SHOWN_MORE, Key, desk

KINDS = ("Waits for “why?”", "Knock knock")


def draw() -> None:
    """The whole of it."""
    book = books.load()
    at_desk = desk()
    if book.problem:
        st.warning(
            plain(
                f"{book.problem} Until that is mended, the jokes that came with the lab are told."
            ),
            icon=":material/warning:",
        )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Search", key=Key.SEARCH, placeholder="A word of the joke", width=260)
        st.selectbox(
            "Topic",
            list(book.topics),
            index=None,
            placeholder="All topics",
            format_func=lambda topic: f"{topic} ({book.topics[topic]})",
            key=Key.TOPIC,
            width=200,
        )
        st.button(
            "Add a joke", icon=":material/add:", type="primary", on_click=_open, args=(NEW,),
            key="jokes_add", disabled=bool(book.problem),
        )  # fmt: skip
        if at_desk.before is not None:
            st.button(
                "Undo", icon=":material/undo:", key="jokes_undo", on_click=_undo,
                help=plain(at_desk.change),
            )  # fmt: skip
    if at_desk.trouble:
        st.error(plain(at_desk.trouble), icon=":material/error:")
        at_desk.trouble = ""
    if at_desk.editing == NEW:
        _form(Joke(NEW, (), "…", setup="…"), new=True)
    _try_one()
    _list(book)


def _list(book: JokeBook) -> None:
    found = _found(book)
    st.caption(f"{len(found)} of {len(book.jokes)} jokes")
    if not found:
        st.info("No joke fits. Search for another word, or add one.", icon=":material/search_off:")
    for joke in found[: desk().shown]:
        if desk().editing == joke.id:
            _form(joke, new=False)
        else:
            _row(joke, locked=bool(book.problem))
    if len(found) > desk().shown:
        st.button(
            f"Show more ({len(found) - desk().shown})", key="jokes_more", type="tertiary",
            on_click=_show_more,
        )  # fmt: skip


def _row(joke: Joke, *, locked: bool) -> None:
    with st.container(border=True, key=f"joke-{joke.id}", gap="xsmall"):
        st.text(f"Knock knock! … {joke.knock}." if joke.is_knock_knock else joke.setup)
        st.text(f"— {joke.punchline}")
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(plain(", ".join(joke.topics) or "no topic"))
            for icon, name, deed in (
                ("edit", "Change this joke", _open),
                ("delete", "Delete this joke; Undo brings it back", _delete),
            ):
                st.button(
                    f":material/{icon}:", key=f"joke_{icon}_{joke.id}", type="tertiary",
                    help=name, on_click=deed, args=(joke.id,), disabled=locked,
                )  # fmt: skip


def _form(joke: Joke, *, new: bool) -> None:
    """The fields of a joke, and what it still needs."""
    with st.container(border=True, key="joke-form"):
        kind = st.segmented_control(
            "Kind", KINDS, key=f"{Key.KIND}{joke.id}", required=True,
            default=KINDS[joke.is_knock_knock],
        )  # fmt: skip
        knock = kind == KINDS[1]
        first = joke.knock if joke.is_knock_knock else joke.setup
        st.text_area(
            "The word at the door" if knock else "Setup: what is said first",
            value="" if new else first,
            key=f"{Key.SETUP}{joke.id}",
            placeholder="Lettuce" if knock else "Why did the lamp go out?",
            max_chars=LONGEST,
            height="content",
        )
        st.text_area(
            "Punchline: what it is told for",
            value="" if new else joke.punchline,
            key=f"{Key.PUNCHLINE}{joke.id}",
            max_chars=LONGEST,
            height="content",
        )
        st.text_input(
            "Topics, with commas between them",
            value=", ".join(joke.topics),
            key=f"{Key.TOPICS}{joke.id}",
            placeholder="sea, weather",
            help="“Tell me a joke about the sea” finds it by these.",
        )
        with st.container(horizontal=True):
            st.button(
                "Save", type="primary", key="joke_save", on_click=_save, args=(joke.id, knock)
            )
            st.button("Cancel", key="joke_cancel", on_click=_open, args=("",))


def _try_one() -> None:
    """Hear one as the chat tells it."""
    at_desk = desk()
    with st.expander("Hear one", icon=":material/record_voice_over:", key="joke-try"):
        for who, line in at_desk.lines:
            st.text(f"{who}: {line}")
        with st.container(horizontal=True):
            st.button("Tell me a joke", key="joke_tell", on_click=_say, args=("Tell me a joke.",))
            if at_desk.lines:
                waits = at_desk.lines[-1][1]
                answer = "Who's there?" if waits == "Knock knock!" else "Why?"
                if len(at_desk.lines) == 4 and at_desk.lines[1][1] == "Knock knock!":
                    answer = f"{waits.rstrip('.')} who?"
                st.button(answer, key="joke_why", on_click=_say, args=(answer,))


def _found(book: JokeBook) -> list[Joke]:
    wanted = joke_state.text(Key.SEARCH).casefold().split()
    topic = joke_state.text(Key.TOPIC)
    return [
        joke
        for joke in book.jokes
        if (not topic or topic in joke.topics)
        and all(
            word
            in f"{joke.opening} {joke.knock} {joke.punchline} {' '.join(joke.topics)}".casefold()
            for word in wanted
        )
    ]


def _open(joke_id: str) -> None:
    joke_state.forget_form(joke_id or desk().editing)
    desk().editing = joke_id


def _show_more() -> None:
    desk().shown += SHOWN_MORE


def _say(line: str) -> None:
    at_desk = desk()
    if at_desk.teller is None or line == "Tell me a joke.":
        at_desk.teller = at_desk.teller or JokeManager()
        at_desk.lines = []
    heard = at_desk.teller.respond(line)
    at_desk.lines += [("You", line), ("Bot", heard or "(The joke is over.)")]


def _save(joke_id: str, knock: bool) -> None:
    first = joke_state.text(Key.SETUP, joke_id).strip()
    topics = joke_state.text(Key.TOPICS, joke_id).split(",")
    try:
        if not first:
            what = "word at the door" if knock else "setup"
            raise BadInput(f"The {what} is missing.", remedy="Write what is said first.")
        book = books.load()
        joke = Joke(
            book.new_id() if joke_id == NEW else joke_id,
            tuple(topics),
            joke_state.text(Key.PUNCHLINE, joke_id),
            setup="" if knock else first,
            knock=first.rstrip(".!?") if knock else "",
        )
        _write(book, book.with_joke(joke), f"the change of “{joke.opening}”")
    except ChatbotError as error:
        desk().trouble = str(error)
    else:
        _open("")


def _delete(joke_id: str) -> None:
    book = books.load()
    try:
        _write(book, book.without(joke_id), "the deletion")
    except ChatbotError as error:
        desk().trouble = str(error)


def _undo() -> None:
    at_desk = desk()
    if at_desk.before is None:
        return
    try:
        books.save(at_desk.before)
    except ChatbotError as error:
        at_desk.trouble = str(error)
    else:
        at_desk.before = None


def _write(before: JokeBook, after: JokeBook, change: str) -> None:
    saved = books.save(after)  # what others write after it must not be undone with it
    desk().before, desk().change = replace(before, stamp=saved.stamp), f"Takes back {change}."
