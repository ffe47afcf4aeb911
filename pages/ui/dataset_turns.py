"""What one does inside the open conversation: callbacks for its turns, its tags and its note."""

from collections.abc import Callable, Mapping
from typing import Any

from chatbot.dataset.editing import Draft
from chatbot.dataset.marks import is_liked, with_liked, with_note, with_tags
from chatbot.messages import Conversation
from pages.ui import dataset_state
from pages.ui.dataset_actions import acting, save
from pages.ui.dataset_state import text_key, typed


def save_text(turn: str) -> None:
    with acting() as memory:
        if memory.draft is not None and turn in memory.draft.turns:
            save(memory, typed(memory.draft), memory.group(turn))


def save_again() -> None:
    with acting() as memory:
        if memory.draft is not None:
            save(memory, typed(memory.draft))


def add_turn() -> None:
    _change(lambda draft: draft.with_turn(), focus=-1)


def delete_turn(turn: str) -> None:
    _change(lambda draft: draft.without_turn(turn))


def move_turn(turn: str, by: int) -> None:
    _change(lambda draft: draft.moved(turn, by))


def change_speaker(turn: str) -> None:
    _change(lambda draft: draft.spoken_by_the_other(turn))


def more(turn: str) -> None:
    """What was chosen in a turn's menu."""
    chosen = dataset_state.widget(dataset_state.menu_key(turn))
    if chosen == "split":
        dataset_state.memory().cursor_of = text_key(turn)  # the browser tells where it stands
    elif chosen == "joined":
        _change(lambda draft: draft.joined(turn))
    elif chosen == "duplicated":
        _change(lambda draft: draft.duplicated(turn))


def command(said: Mapping[str, Any]) -> None:
    """A key was pressed in a turn's text area, or its cursor was asked for."""
    memory = dataset_state.memory()
    memory.cursor_of = ""
    turn = str(said.get("key", "")).removeprefix(text_key(""))
    draft = memory.draft
    if draft is None or turn not in draft.turns:
        return
    place, text, at = draft.turns.index(turn), said.get("text"), said.get("at")
    heard = text if isinstance(text, str) else None
    end = len(heard or "")
    at = at if isinstance(at, int) else end
    commands: Mapping[str, tuple[Callable[[Draft], Draft], int]] = {
        "next": (lambda d: d.with_turn(), -1),
        "split": (
            (lambda d: d.split(turn, at)) if at < end else (lambda d: d.with_turn(after=turn)),
            place + 1,
        ),
        "joined": (lambda d: d.joined(turn), place - 1),
        "duplicated": (lambda d: d.duplicated(turn), place + 1),
        "deleted": (lambda d: d.without_turn(turn), max(place - 1, 0)),
        "up": (lambda d: d.moved(turn, -1), max(place - 1, 0)),
        "down": (lambda d: d.moved(turn, 1), min(place + 1, len(draft.turns) - 1)),
    }
    if said.get("name") in commands:
        change, focus = commands[str(said["name"])]
        _change(change, focus=focus, heard=(turn, heard))


def _change(
    change: Callable[[Draft], Draft],
    *,
    focus: int | None = None,
    heard: tuple[str, str | None] = ("", None),
) -> None:
    """Change the draft's turns and save it.

    Args:
        focus: place of the turn to put the cursor in afterwards.
        heard: a turn and what stands in its text area, newer than what Streamlit has heard.
    """
    with acting() as memory:
        if memory.draft is None or memory.clash:
            return
        draft = typed(memory.draft)
        turn, text = heard
        if text is not None:
            draft = draft.with_text(turn, text)
        draft = change(draft)
        save(memory, draft)
        if focus is not None and draft.turns:
            memory.put_cursor_in(draft.turns[focus])


def accept_answer(text: str) -> bool:
    """The bot's last answer from now on: in the place of the present one, else after the question.

    Returns:
        whether it is saved.
    """
    _change(lambda draft: draft.answered(text), focus=-1)
    memory = dataset_state.memory()
    return memory.problem is None and not memory.clash


def like() -> None:
    _mark(lambda conversation: with_liked(conversation, not is_liked(conversation)))


def set_tags(key: str) -> None:
    _mark(lambda conversation: with_tags(conversation, dataset_state.chosen_tags(key)))


def set_note(key: str) -> None:
    _mark(lambda conversation: with_note(conversation, dataset_state.widget(key)))


def _mark(change: Callable[[Conversation], Conversation]) -> None:
    with acting() as memory:
        if memory.draft is not None and not memory.clash:
            draft = typed(memory.draft)
            save(memory, draft.with_marks_of(change(draft.conversation)))
