"""The poems that the bot knows: a list to search, to add to, to change, with a way back; and what
the classifier makes of a sentence."""

from functools import partial

import streamlit as st

from chatbot.errors import BadInput
from chatbot.poems import book as books
from chatbot.poems.book import FEWEST_LINES, LONGEST_TITLE, MOODS, MOST_LINES, Poem, PoemBook
from chatbot.poems.classifier import classifier
from pages.ui import service_desk
from pages.ui.service_desk import NEW, Desk

SHOWN = 10
PARTS = ("title", "lines", "themes", "feeling")


def desk() -> Desk[PoemBook]:
    found: Desk[PoemBook] = st.session_state.setdefault(
        "own_poem_desk", Desk("poem", books.load, books.save, PARTS, SHOWN)
    )
    return found


def draw() -> None:
    """The whole of it."""
    book = books.load()
    at_desk = desk()
    service_desk.damaged(at_desk, book)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Search", key=at_desk.key("search"), placeholder="A word of the poem", width=220
        )
        for part, choices in (("theme", book.themes), ("mood", MOODS)):
            st.selectbox(
                part.title(), choices, index=None, placeholder=f"Any {part}",
                key=at_desk.key(part), width=150,
            )  # fmt: skip
        service_desk.buttons(at_desk, book)
    service_desk.trouble(at_desk)
    _try_a_sentence()
    service_desk.listed(at_desk, book.poems, _found(book), _row, _form, locked=bool(book.problem))


def _row(poem: Poem) -> str:
    st.text(poem.text)
    return f"{', '.join(poem.themes)} · {poem.mood}"


def _form(poem_id: str, poem: Poem | None) -> None:
    """The fields of a poem, and what it still needs."""
    at_desk = desk()
    field = partial(service_desk.text_field, at_desk, entry_id=poem_id, problems=_problems)
    with st.container(border=True, key=f"poem-form-{poem_id}"):
        field(
            "title",
            label="Title",
            value=poem.title if poem else "",
            max_chars=LONGEST_TITLE,
        )
        field(
            "lines",
            label=f"Lines, {FEWEST_LINES} to {MOST_LINES} of them",
            value="\n".join(poem.lines) if poem else "",
            tall=True,
        )
        field(
            "themes",
            label="Themes, with commas between them",
            value=", ".join(poem.themes) if poem else "",
            placeholder="sea, night",
            help="“Write me something about the sea” finds it by these.",
        )
        st.pills(
            "Mood",
            MOODS,
            default=poem.mood if poem else MOODS[0],
            key=at_desk.key("feeling", poem_id),
            required=True,
            persist_state="session",
        )
        service_desk.form_end(at_desk, poem_id, _save)


def _try_a_sentence() -> None:
    """What the bot understands of a wish."""
    with st.expander("What is a sentence about?", icon=":material/label:", key="poem-try"):
        sentence = st.text_input(
            "A sentence", key="poems_sentence", placeholder="the waves were loud last night"
        )
        st.caption(
            "A small text classifier on this machine reads theme and mood off it, to choose the "
            "poem that fits."
        )
        if sentence.strip():
            reading = classifier().read(sentence)
            if reading.sure:
                st.text(f"Theme: {reading.theme}. Mood: {reading.mood}.")
            else:
                st.text(
                    f"About none of the themes here; {reading.theme} would come nearest. "
                    f"Mood: {reading.mood}. Asked for such a poem, the model writes one."
                )


def _found(book: PoemBook) -> list[Poem]:
    at_desk = desk()
    wanted = at_desk.text("search").casefold().split()
    theme, mood = at_desk.text("theme"), at_desk.text("mood")
    return [
        poem
        for poem in book.poems
        if (not theme or theme in poem.themes)
        and (not mood or mood == poem.mood)
        and all(word in f"{poem.text} {' '.join(poem.themes)}".casefold() for word in wanted)
    ]


def _typed(poem_id: str) -> tuple[str, tuple[str, ...], str, tuple[str, ...]]:
    """Title, themes, mood and lines, as they stand in the form."""
    title, themes, mood, lines = (
        desk().text(part, poem_id) for part in ("title", "themes", "feeling", "lines")
    )
    return title, tuple(themes.split(",")), mood, tuple(lines.strip().splitlines())


def _problems(poem_id: str) -> dict[str, BadInput]:
    return books.problems(*_typed(poem_id))


def _save(poem_id: str) -> None:
    title, themes, mood, lines = _typed(poem_id)

    def made(book: PoemBook) -> tuple[PoemBook, str]:
        poem = Poem(book.new_id() if poem_id == NEW else poem_id, title, themes, mood, lines)
        return book.with_poem(poem), poem.title

    desk().keep(poem_id, made, _problems(poem_id))
