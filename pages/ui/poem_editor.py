"""The poems that the bot knows: a list to search, to add to, to change, with a way back; and what
the classifier makes of a sentence."""

from dataclasses import replace

import streamlit as st

from chatbot.errors import ChatbotError
from chatbot.poems import book as books
from chatbot.poems.book import FEWEST_LINES, MOODS, MOST_LINES, Poem, PoemBook
from chatbot.poems.classifier import classifier
from pages.ui import poem_state
from pages.ui.errors import plain
from pages.ui.poem_state import NEW, SHOWN_MORE, Key, desk


def draw() -> None:
    """The whole of it."""
    book = books.load()
    at_desk = desk()
    if book.problem:
        st.warning(
            plain(f"{book.problem} Until then, the poems that came with the lab are told."),
            icon=":material/warning:",
        )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Search", key=Key.SEARCH, placeholder="A word of the poem", width=220)
        for label, key, choices in (
            ("Theme", Key.THEME, book.themes),
            ("Mood", Key.MOOD, MOODS),
        ):
            st.selectbox(
                label, choices, index=None, placeholder=f"Any {label.lower()}", key=key, width=150
            )
        st.button(
            "Add a poem", icon=":material/add:", type="primary", on_click=_open, args=(NEW,),
            key="poems_add", disabled=bool(book.problem),
        )  # fmt: skip
        if at_desk.before is not None:
            st.button(
                "Undo", icon=":material/undo:", key="poems_undo", on_click=_undo,
                help=plain(at_desk.change),
            )  # fmt: skip
    if at_desk.trouble:
        st.error(plain(at_desk.trouble), icon=":material/error:")
        at_desk.trouble = ""
    if at_desk.editing == NEW:
        _form(None)
    _try_a_sentence()
    _list(book)


def _list(book: PoemBook) -> None:
    found = _found(book)
    st.caption(f"{len(found)} of {len(book.poems)} poems")
    if not found:
        st.info("No poem fits. Search for another word, or add one.", icon=":material/search_off:")
    for poem in found[: desk().shown]:
        if desk().editing == poem.id:
            _form(poem)
        else:
            _row(poem, locked=bool(book.problem))
    if len(found) > desk().shown:
        st.button(
            f"Show more ({len(found) - desk().shown})", key="poems_more", type="tertiary",
            on_click=_show_more,
        )  # fmt: skip


def _row(poem: Poem, *, locked: bool) -> None:
    with st.container(border=True, key=f"poem-{poem.id}", gap="xsmall"):
        st.text(poem.text)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(plain(f"{', '.join(poem.themes)} · {poem.mood}"))
            for icon, name, deed in (
                ("edit", "Change this poem", _open),
                ("delete", "Delete this poem; Undo brings it back", _delete),
            ):
                st.button(
                    f":material/{icon}:", key=f"poem_{icon}_{poem.id}", type="tertiary",
                    help=name, on_click=deed, args=(poem.id,), disabled=locked,
                )  # fmt: skip


def _form(poem: Poem | None) -> None:
    """The fields of a poem, filled with the one that is changed."""
    poem_id = poem.id if poem else NEW
    with st.container(border=True, key="poem-form"):
        st.text_input("Title", value=poem.title if poem else "", key=f"{Key.TITLE}{poem_id}")
        st.text_area(
            f"Lines, {FEWEST_LINES} to {MOST_LINES} of them",
            value="\n".join(poem.lines) if poem else "",
            key=f"{Key.LINES}{poem_id}",
            height="content",
        )
        st.text_input(
            "Themes, with commas between them",
            value=", ".join(poem.themes) if poem else "",
            key=f"{Key.THEMES}{poem_id}",
            placeholder="sea, night",
            help="“Write me something about the sea” finds it by these.",
        )
        st.pills(
            "Mood", MOODS, default=poem.mood if poem else MOODS[0],
            key=f"{Key.FEELING}{poem_id}", required=True,
        )  # fmt: skip
        with st.container(horizontal=True):
            st.button("Save", type="primary", key="poem_save", on_click=_save, args=(poem_id,))
            st.button("Cancel", key="poem_cancel", on_click=_open, args=("",))


def _try_a_sentence() -> None:
    """What the bot understands of a wish."""
    with st.expander("What is a sentence about?", icon=":material/label:", key="poem-try"):
        sentence = st.text_input(
            "A sentence", key=Key.SENTENCE, placeholder="the waves were loud last night"
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
    wanted = poem_state.text(Key.SEARCH).casefold().split()
    theme, mood = poem_state.text(Key.THEME), poem_state.text(Key.MOOD)
    return [
        poem
        for poem in book.poems
        if (not theme or theme in poem.themes)
        and (not mood or mood == poem.mood)
        and all(word in f"{poem.text} {' '.join(poem.themes)}".casefold() for word in wanted)
    ]


def _open(poem_id: str) -> None:
    poem_state.forget_form(poem_id or desk().editing)
    desk().editing = poem_id


def _show_more() -> None:
    desk().shown += SHOWN_MORE


def _save(poem_id: str) -> None:
    try:
        book = books.load()
        poem = Poem(
            book.new_id() if poem_id == NEW else poem_id,
            poem_state.text(Key.TITLE, poem_id),
            tuple(poem_state.text(Key.THEMES, poem_id).split(",")),
            poem_state.text(Key.FEELING, poem_id),
            tuple(poem_state.text(Key.LINES, poem_id).strip().splitlines()),
        )
        _write(book, book.with_poem(poem), f"the change of “{poem.title}”")
    except ChatbotError as error:
        desk().trouble = str(error)
    else:
        _open("")


def _delete(poem_id: str) -> None:
    book = books.load()
    try:
        _write(book, book.without(poem_id), "the deletion")
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


def _write(before: PoemBook, after: PoemBook, change: str) -> None:
    saved = books.save(after)  # what others write after it must not be undone with it
    desk().before, desk().change = replace(before, stamp=saved.stamp), f"Takes back {change}."
