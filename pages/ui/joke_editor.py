"""The jokes that the bot knows: a list to search, to add to, to change, with a way back."""

from functools import partial

import streamlit as st

from chatbot.errors import BadInput
from chatbot.jokes import book as books
from chatbot.jokes.book import LONGEST, Joke, JokeBook
from pages.ui import joke_hearing, service_desk
from pages.ui.service_desk import NEW, Desk

KINDS = ("Waits for “why?”", "Knock knock")
SHOWN = 20
PARTS = ("kind", "setup", "punchline", "topics")
OPENINGS = ("Setup: what is said first", "The word at the door")


def desk() -> Desk[JokeBook]:
    found: Desk[JokeBook] = st.session_state.setdefault(
        "own_joke_desk", Desk("joke", books.load, books.save, PARTS, SHOWN)
    )
    return found


def draw() -> None:
    """The whole of it."""
    book = books.load()
    at_desk = desk()
    service_desk.damaged(at_desk, book)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Search", key=at_desk.key("search"), placeholder="A word of the joke", width=260
        )
        st.selectbox(
            "Topic",
            list(book.topics),
            index=None,
            placeholder="All topics",
            format_func=lambda topic: f"{topic} ({book.topics[topic]})",
            key=at_desk.key("topic"),
            width=200,
        )
        service_desk.buttons(at_desk, book)
    service_desk.trouble(at_desk)
    joke_hearing.draw()
    service_desk.listed(at_desk, book.jokes, _found(book), _row, _form, locked=bool(book.problem))


def _row(joke: Joke) -> str:
    st.text(f"Knock knock! … {joke.knock}." if joke.is_knock_knock else joke.setup)
    st.text(f"— {joke.punchline}")
    return ", ".join(joke.topics) or "no topic"


def _form(joke_id: str, joke: Joke | None) -> None:
    """The fields of a joke, and what it still needs."""
    at_desk = desk()
    field = partial(service_desk.text_field, at_desk, entry_id=joke_id, problems=_problems)
    with st.container(border=True, key=f"joke-form-{joke_id}"):
        st.segmented_control(
            "Kind",
            KINDS,
            default=KINDS[joke is not None and joke.is_knock_knock],
            key=at_desk.key("kind", joke_id),
            required=True,
            persist_state="session",
        )
        knock = _is_knock_knock(joke_id)
        field(
            "setup",
            label=OPENINGS[knock],
            value=(joke.knock or joke.setup) if joke else "",
            placeholder="Lettuce" if knock else "Why did the lamp go out?",
            max_chars=LONGEST,
            tall=True,
        )
        field(
            "punchline",
            label="Punchline: what it is told for",
            value=joke.punchline if joke else "",
            max_chars=LONGEST,
            tall=True,
        )
        field(
            "topics",
            label="Topics, with commas between them",
            value=", ".join(joke.topics) if joke else "",
            placeholder="sea, weather",
            help="“Tell me a joke about the sea” finds it by these.",
        )
        service_desk.form_end(at_desk, joke_id, _save)


def _found(book: JokeBook) -> list[Joke]:
    wanted = desk().text("search").casefold().split()
    topic = desk().text("topic")
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


def _is_knock_knock(joke_id: str) -> bool:
    return desk().text("kind", joke_id) == KINDS[1]


def _typed(joke_id: str) -> tuple[str, str, str]:
    """Setup, punchline and word at the door, as they stand in the form."""
    first, punchline = desk().text("setup", joke_id), desk().text("punchline", joke_id)
    knock = _is_knock_knock(joke_id)
    return "" if knock else first, punchline, first.strip().rstrip(".!?") if knock else ""


def _problems(joke_id: str) -> dict[str, BadInput]:
    return books.problems(*_typed(joke_id))


def _save(joke_id: str) -> None:
    setup, punchline, knock = _typed(joke_id)
    topics = tuple(desk().text("topics", joke_id).split(","))

    def made(book: JokeBook) -> tuple[JokeBook, str]:
        new = book.new_id() if joke_id == NEW else joke_id
        joke = Joke(new, topics, punchline, setup=setup, knock=knock)
        return book.with_joke(joke), joke.opening

    desk().keep(joke_id, made, _problems(joke_id))
