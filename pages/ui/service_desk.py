"""What the lists of jokes and of poems have in common on their page: what a session keeps of them,
forms that say what is wrong beside the field and lose nothing that is typed, and a way back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import streamlit as st

from chatbot.errors import BadInput, ChatbotError
from pages.ui.errors import plain

NEW = "new"
"""Stands for the id of what is being added."""


class Entry(Protocol):
    """A joke, or a poem."""

    @property
    def id(self) -> str:
        """Its name in the file."""
        ...


class Book(Protocol):
    """All of them, as they stand in a file."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def stamp(self) -> tuple[int, int]:
        """The file's state."""
        ...

    @property
    def problem(self) -> str:
        """Why the file can't be read; "" where it can."""
        ...

    def without(self, entry_id: str, /) -> Any:
        """The same book without one entry."""
        ...


AnyBook = TypeVar("AnyBook", bound=Book)
AnyEntry = TypeVar("AnyEntry", bound=Entry)


@dataclass
class Desk(Generic[AnyBook]):
    """What the page keeps of a session.

    Attributes:
        name: of one entry, as in "Add a joke"; begins the keys of all widgets.
        load: gives the book as it stands.
        save: writes it, and returns it as it stands then.
        parts: of a form; each has a widget.
        shown: how many of the list are drawn.
        forms: ids of the entries whose forms are open; whether saving was tried.
        before: the book as it was before the last change; None: there is nothing to undo.
        change: that change, for people.
        trouble: why the last change was not made, by the entry whose form says it; "": above all.
    """

    name: str
    load: Callable[[], AnyBook]
    save: Callable[[AnyBook], AnyBook]
    parts: tuple[str, ...]
    shown: int
    forms: dict[str, bool] = field(default_factory=dict)
    before: AnyBook | None = None
    change: str = ""
    trouble: dict[str, str] = field(default_factory=dict)

    def key(self, part: str, entry_id: str = "") -> str:
        """Of a widget; those of a form end with the entry's id."""
        return f"{self.name}s_{part}_{entry_id}" if entry_id else f"{self.name}s_{part}"

    def text(self, part: str, entry_id: str = "") -> str:
        """What stands in a field."""
        return str(st.session_state.get(self.key(part, entry_id)) or "")

    def open(self, entry_id: str) -> None:
        self.forms.setdefault(entry_id, False)

    def close(self, entry_id: str) -> None:
        """Put a form away with what was typed, so that it opens next with what is saved."""
        self.forms.pop(entry_id, None)
        self.trouble.pop(entry_id, None)
        for part in self.parts:
            st.session_state.pop(self.key(part, entry_id), None)

    def more(self, count: int) -> None:
        self.shown += count

    def keep(
        self,
        entry_id: str,
        made: Callable[[AnyBook], tuple[AnyBook, str]],
        problems: Mapping[str, BadInput],
    ) -> None:
        """Save a form.

        Args:
            made: gives the book with the form's entry, and how that is called.
            problems: what is wrong with it, by part; where anything is, it is not saved.
        """
        self.forms[entry_id] = True
        if problems:
            self.trouble.pop(entry_id, None)
            return

        def write() -> None:
            before = self.load()
            after, called = made(before)
            self._write(before, after, f"the change of “{called}”")
            self.close(entry_id)

        self._attempt(write, entry_id)

    def delete(self, entry_id: str) -> None:
        def write() -> None:
            before = self.load()
            self._write(before, before.without(entry_id), "the deletion")

        self._attempt(write)

    def undo(self) -> None:
        def write() -> None:
            if self.before is not None:
                self.save(self.before)
                self.before = None

        self._attempt(write)

    def _write(self, before: AnyBook, after: AnyBook, change: str) -> None:
        saved = self.save(after)  # what others write after it must not be undone with it
        self.before, self.change = replace(before, stamp=saved.stamp), f"Takes back {change}."

    def _attempt(self, deed: Callable[[], None], entry_id: str = "") -> None:
        self.trouble.pop(entry_id, None)
        try:
            deed()
        except ChatbotError as error:
            self.trouble[entry_id] = str(error)


def damaged(desk: Desk[Any], book: Book) -> None:
    """Above all else: why the file can't be read, if so."""
    if book.problem:
        st.warning(
            plain(
                f"{book.problem} Until that is mended, the {desk.name}s that came with the lab are "
                "told."
            ),
            icon=":material/warning:",
        )


def buttons(desk: Desk[Any], book: Book) -> None:
    """To add one, and to undo."""
    st.button(
        f"Add a {desk.name}", icon=":material/add:", type="primary", on_click=desk.open,
        args=(NEW,), key=desk.key("add"), disabled=bool(book.problem),
    )  # fmt: skip
    if desk.before is not None:
        st.button(
            "Undo", icon=":material/undo:", key=desk.key("undo"), on_click=desk.undo,
            help=plain(desk.change),
        )  # fmt: skip


def trouble(desk: Desk[Any], entry_id: str = "") -> None:
    """Why the last change was not made."""
    if entry_id in desk.trouble:
        st.error(plain(desk.trouble[entry_id]), icon=":material/error:")


def listed(
    desk: Desk[Any],
    entries: Sequence[AnyEntry],
    found: Sequence[AnyEntry],
    row: Callable[[AnyEntry], str],
    form: Callable[[str, AnyEntry | None], None],
    *,
    locked: bool,
) -> None:
    """Those of the entries that were found; one whose form is open stays, whatever is searched for.

    Args:
        row: draws the words of one, and returns what is to be said of it below them.
        form: draws the fields for an entry's id; None: it is new, or was deleted elsewhere.
        locked: nothing can be changed.
    """
    known = {entry.id for entry in entries}
    for entry_id in [entry_id for entry_id in desk.forms if entry_id not in known]:
        form(entry_id, None)
    st.caption(f"{len(found)} of {len(entries)} {desk.name}s")
    if not found:
        st.info(
            f"No {desk.name} fits. Search for another word, or add one.",
            icon=":material/search_off:",
        )
    drawn = {entry.id for entry in found[: desk.shown]}
    for entry in entries:
        if entry.id in desk.forms:
            form(entry.id, entry)
        elif entry.id in drawn:
            with st.container(border=True, key=f"{desk.name}-{entry.id}", gap="xsmall"):
                _tools(desk, entry.id, row(entry), locked=locked)
    if (hidden := len(found) - desk.shown) > 0:
        st.button(
            f"Show more ({hidden})", key=desk.key("more"), type="tertiary", on_click=desk.more,
            args=(len(drawn),),
        )  # fmt: skip


def text_field(
    desk: Desk[Any],
    part: str,
    entry_id: str,
    label: str,
    value: str,
    problems: Callable[[str], Mapping[str, BadInput]],
    *,
    tall: bool = False,
    **more: Any,
) -> None:
    """A field of a form, and below it what is wrong with its words; not yet where there are none
    and nobody tried to save.

    Args:
        value: what is saved.
        problems: gives what is wrong with the form of this id as it stands, by part.
        tall: for several lines.
        more: as Streamlit's own fields take it.
    """
    if tall:
        more["height"] = "content"
    draw = st.text_area if tall else st.text_input
    draw(label, value, key=desk.key(part, entry_id), persist_state="session", **more)
    wrong = problems(entry_id)
    if part in wrong and (desk.forms.get(entry_id) or desk.text(part, entry_id)):
        st.markdown(f":small[:red[:material/error: {plain(str(wrong[part]))}]]")


def form_end(desk: Desk[Any], entry_id: str, save: Callable[[str], None]) -> None:
    """Below the fields. `save`: takes the entry's id."""
    trouble(desk, entry_id)
    with st.container(horizontal=True):
        st.button(
            "Save", type="primary", key=desk.key("save", entry_id), on_click=save, args=(entry_id,)
        )
        st.button("Cancel", key=desk.key("cancel", entry_id), on_click=desk.close, args=(entry_id,))


def _tools(desk: Desk[Any], entry_id: str, about: str, *, locked: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(plain(about))
        for icon, name, deed in (
            ("edit", f"Change this {desk.name}", desk.open),
            ("delete", f"Delete this {desk.name}; Undo brings it back", desk.delete),
        ):
            st.button(
                f":material/{icon}:", key=desk.key(icon, entry_id), type="tertiary", help=name,
                on_click=deed, args=(entry_id,), disabled=locked,
            )  # fmt: skip
