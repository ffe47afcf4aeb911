"""The poems that are known: `data/poems.json`, checked; the user's own copy once they edit it."""

import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chatbot import paths
from chatbot.errors import BadInput, Conflict
from chatbot.files import write_atomically

MOODS = ("calm", "joyful", "sad", "funny", "tender", "hopeful")
FEWEST_LINES, MOST_LINES = 4, 12
LONGEST_LINE, LONGEST_TITLE = 90, 60
"""Characters: more does not fit a narrow screen."""
MOST = 2_000
_writing = threading.Lock()


@dataclass(frozen=True)
class Poem:
    """A poem of 4 to 12 lines.

    Args:
        id: its name in the file; every poem has its own.
        themes: what it is about, in small letters; at least one.
        mood: one of `MOODS`.

    Raises:
        BadInput: a part is missing, too long or of the wrong form; says which.
    """

    id: str
    title: str
    themes: tuple[str, ...]
    mood: str
    lines: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "title", " ".join(self.title.split()))
        object.__setattr__(self, "lines", tuple(line.rstrip() for line in self.lines))
        themes = dict.fromkeys(" ".join(theme.lower().split()) for theme in self.themes)
        object.__setattr__(self, "themes", tuple(theme for theme in themes if theme))
        if not self.id.strip():
            raise BadInput("The poem has no id.")
        for problem in problems(self.title, self.themes, self.mood, self.lines).values():
            raise problem

    @property
    def text(self) -> str:
        """The poem as it is said: its title, an empty line, its lines."""
        return "\n".join((self.title, "", *self.lines))


def problems(
    title: str, themes: Iterable[str], mood: str, lines: Iterable[str]
) -> dict[str, BadInput]:
    """What is wrong with a poem, by the part: "title", "themes", "mood" or "lines"."""
    found = {}
    if not 1 <= len(title.strip()) <= LONGEST_TITLE:
        found["title"] = BadInput(f"A poem needs a title of 1 to {LONGEST_TITLE} characters.")
    if not any(theme.strip() for theme in themes):
        found["themes"] = BadInput(
            "The poem has no theme.", remedy="Say what it is about: sea, winter."
        )
    if mood not in MOODS:
        found["mood"] = BadInput(
            "The poem has an unknown mood.",
            value=mood,
            remedy=f"Choose one of: {', '.join(MOODS)}.",
        )
    in_lines = _problem_in(tuple(lines))
    return found | ({"lines": in_lines} if in_lines else {})


def _problem_in(lines: tuple[str, ...]) -> BadInput | None:
    """The first thing that is wrong with the lines."""
    if not FEWEST_LINES <= len(lines) <= MOST_LINES:
        return BadInput(
            f"A poem has {FEWEST_LINES} to {MOST_LINES} lines.", value=f"{len(lines)} lines"
        )
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            return BadInput(f"Line {number} is empty.", remedy="Fill it or take it out.")
        if len(line) > LONGEST_LINE:
            return BadInput(
                f"Line {number} is longer than {LONGEST_LINE} characters.",
                value=line,
                remedy="Break it in two.",
            )
    return None


@dataclass(frozen=True)
class PoemBook:
    """All poems as they stand in a file, and the file's state, so that a second writer is noticed.

    Args:
        problem: why the user's own file can't be read, where the shipped poems stand in for it.
    """

    poems: tuple[Poem, ...]
    stamp: tuple[int, int] = (0, 0)
    problem: str = ""

    @property
    def themes(self) -> tuple[str, ...]:
        """Every theme that a poem here has, sorted."""
        return tuple(sorted({theme for poem in self.poems for theme in poem.themes}))

    def with_poem(self, poem: Poem) -> "PoemBook":
        """The same book with a poem added, or in the place of the one with its id.

        Raises:
            BadInput: the same lines are there already.
        """
        for other in self.poems:
            if other.id != poem.id and _words(other) == _words(poem):
                raise BadInput("This poem is there already.", value=other.title)
        if poem.id in {other.id for other in self.poems}:
            poems = tuple(poem if other.id == poem.id else other for other in self.poems)
        else:
            poems = (*self.poems, poem)
        return replace(self, poems=poems)

    def without(self, poem_id: str) -> "PoemBook":
        return replace(self, poems=tuple(poem for poem in self.poems if poem.id != poem_id))

    def new_id(self) -> str:
        taken = {poem.id for poem in self.poems}
        return next(name for n in range(1, MOST + 2) if (name := f"own-{n}") not in taken)


def path() -> Path:
    """Where the user's own poems are, once there are any."""
    return paths.data_dir() / "poems.json"


def load() -> PoemBook:
    """The user's poems; the shipped ones where there are none, or where they can't be read."""
    own, shipped = path(), paths.PROJECT / "data" / "poems.json"
    stamp, problem = _stamp(own), ""
    for file in (own, shipped):
        try:
            if file.is_file():
                return PoemBook(read(file), stamp, problem)
        except BadInput as error:
            problem = problem or str(error)
    return PoemBook((), stamp, problem)


def save(book: PoemBook) -> PoemBook:
    """Write the user's poems; returns the book as it is now on disk.

    Raises:
        BadInput: there are too many, or the user's own file is damaged and would be lost.
        Conflict: somebody else wrote since this book was loaded.
        ChatbotError: it can't be written.
    """
    if book.problem:
        raise BadInput(book.problem)
    if len(book.poems) > MOST:
        raise BadInput(f"There can be {MOST} poems at most.", value=len(book.poems))
    with _writing:
        if _stamp(path()) != book.stamp:
            raise Conflict(
                "The poems were changed elsewhere meanwhile.",
                remedy="Look at them again, then make your change once more.",
            )
        rows = [json.dumps(_row(poem), ensure_ascii=False) for poem in book.poems]
        write_atomically(path(), "[\n" + ",\n".join(rows) + "\n]\n" if rows else "[]\n")
        return replace(book, stamp=_stamp(path()))


def read(file: Path) -> tuple[Poem, ...]:
    """The poems of a file.

    Raises:
        BadInput: it can't be read; names the row and the reason.
    """
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise BadInput(
            f"data/{file.name} can't be read.", remedy="Mend the file or delete it."
        ) from error
    if not isinstance(rows, list):
        raise BadInput(f"data/{file.name} is not a list of poems.")
    poems: dict[str, Poem] = {}
    for number, row in enumerate(rows, start=1):
        try:
            poem = _poem(row)
            if poem.id in poems:
                raise BadInput("Another poem has this id.", value=poem.id)
        except BadInput as error:
            raise BadInput(f"data/{file.name}, row {number}: {error}") from error
        poems[poem.id] = poem
    return tuple(poems.values())


def _poem(row: object) -> Poem:
    if not isinstance(row, dict):
        raise BadInput("This is not a poem.", value=row)
    words = [row.get(name) for name in ("id", "title", "mood")]
    lists = [row.get(name) for name in ("themes", "lines")]
    if not all(isinstance(word, str) for word in words):
        raise BadInput("id, title and mood must be texts.")
    if not all(isinstance(found, list) and _texts(found) for found in lists):
        raise BadInput("themes and lines must be lists of texts.")
    return Poem(row["id"], row["title"], tuple(row["themes"]), row["mood"], tuple(row["lines"]))


def _texts(found: list[object]) -> bool:
    return all(isinstance(text, str) and "\n" not in text for text in found)


def _row(poem: Poem) -> dict[str, Any]:
    return {
        "id": poem.id,
        "title": poem.title,
        "themes": list(poem.themes),
        "mood": poem.mood,
        "lines": list(poem.lines),
    }


def _words(poem: Poem) -> list[str]:
    return " ".join(poem.lines).casefold().split()


def _stamp(file: Path) -> tuple[int, int]:
    try:
        status = file.stat()
    except OSError:
        return (0, 0)
    return (status.st_mtime_ns, status.st_ino)
