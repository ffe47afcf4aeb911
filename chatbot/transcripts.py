"""Saved chats: what was asked and answered, on disk before the page says so.

One JSON file per chat. Its name is a random 128-bit id that only the browser's address knows, so
that a refresh finds the chat again and nobody else does.
"""

import json
import re
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any, cast, get_args

from chatbot import chat_links, paths
from chatbot.chat_links import Step
from chatbot.chat_tree import UNFINISHED, Turn, TurnState
from chatbot.errors import BadInput
from chatbot.files import write_atomically
from chatbot.persona_text import PersonaText
from chatbot.transcript import Transcript, is_id, new_id

__all__ = [
    "UNFINISHED",
    "Step",
    "Transcript",
    "TranscriptStore",
    "Turn",
    "TurnState",
    "is_id",
    "new_id",
]

MOST_REMEMBERED = 16
"""Chats kept in memory as they stand on disk: a page asks for its own many times a second."""


class TranscriptStore:
    """The folder of saved chats."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or paths.chats_dir()
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[_Stamp, Transcript]] = OrderedDict()

    def load(self, chat_id: str) -> Transcript | None:
        """The chat, or None where no such chat was saved.

        Raises:
            BadInput: the file is damaged.
        """
        path = self._path(chat_id)
        stamp = _stamp(path)
        with self._lock:
            known = self._known.get(chat_id)
        if known is not None and known[0] == stamp:
            return known[1]
        try:
            saved = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError) as error:
            raise _damaged(path) from error
        transcript = _transcript(chat_id, saved, path)
        self._remember(transcript, stamp)
        return transcript

    def exists(self, chat_id: str) -> bool:
        return is_id(chat_id) and self._path(chat_id).is_file()

    def save(self, transcript: Transcript) -> None:
        """Write the chat to disk; it is there when this returns.

        Raises:
            OutOfResources: the disk is full.
            ChatbotError: the folder can't be written.
        """
        content = {
            "model": transcript.model,
            "settings": dict(transcript.settings),
            "owner": transcript.owner,
            "persona": asdict(transcript.persona),
            "without": sorted(transcript.without),
            "turns": [_row(turn) for turn in transcript.turns],
            "aside": [_row(turn) for turn in transcript.aside.values()],
            "undo": [asdict(step) for step in transcript.undo],
            "redo": [asdict(step) for step in transcript.redo],
        }
        text = json.dumps(content, ensure_ascii=False)
        # A lone surrogate (half an emoji from a broken paste) has no UTF-8 form.
        write_atomically(self._path(transcript.id), text.encode("utf-8", "replace"))

    def delete(self, chat_id: str) -> None:
        """With what was written into its memory by hand."""
        self._path(chat_id).unlink(missing_ok=True)
        for suffix in (".json", ".damaged"):
            (paths.memory_dir() / f"{chat_id}{suffix}").unlink(missing_ok=True)

    def _remember(self, transcript: Transcript, stamp: "_Stamp") -> None:
        with self._lock:
            self._known[transcript.id] = (stamp, transcript)
            self._known.move_to_end(transcript.id)
            while len(self._known) > MOST_REMEMBERED:
                self._known.popitem(last=False)

    def _path(self, chat_id: str) -> Path:
        if not is_id(chat_id):
            raise BadInput("This is not the address of a chat.", value=chat_id)
        return self.folder / f"{chat_id}.json"


_Stamp = tuple[int, int, int]


def _stamp(path: Path) -> _Stamp:
    """Tells one state of a file from another: every save makes a new file."""
    try:
        stat = path.stat()
    except OSError:
        return (0, 0, 0)
    return (stat.st_ino, stat.st_mtime_ns, stat.st_size)


def _row(turn: Turn) -> dict[str, Any]:
    """A turn for the file: without what says nothing, and its tokens in one text."""
    row = {entry.name: getattr(turn, entry.name) for entry in fields(turn)}
    row["receipt"] = None if turn.receipt is None else dict(turn.receipt)
    row["tokens"] = " ".join(map(str, turn.tokens))
    return {name: value for name, value in row.items() if name in _ALWAYS or value}


_ALWAYS = frozenset({"question", "answer", "state"})


def _transcript(chat_id: str, saved: object, path: Path) -> Transcript:
    if not isinstance(saved, dict) or not isinstance(saved.get("turns"), list):
        raise _damaged(path)
    settings = saved.get("settings")
    shown = [_turn(row, path) for row in saved["turns"]]
    aside = [_turn(row, path) for row in _list(saved, "aside")]
    ids = [turn.id for turn in (*shown, *aside) if turn.id]
    if len(set(ids)) < len(ids) or not all(turn.id for turn in aside):
        raise _damaged(path)
    transcript = Transcript(
        id=chat_id,
        turns=tuple(shown),
        model=str(saved.get("model", "")),
        settings=settings if isinstance(settings, dict) else {},
        aside={turn.id: turn for turn in aside},
        owner=str(saved.get("owner", "")),
        persona=_persona(saved.get("persona")),
        without=frozenset(name for name in _list(saved, "without") if isinstance(name, str)),
    )
    transcript = transcript.with_tree(chat_links.sound(transcript.tree))
    try:
        undo, redo = (tuple(map(_step, _list(saved, name))) for name in ("undo", "redo"))
    except (AttributeError, KeyError, TypeError, ValueError):  # the words are what counts
        return transcript
    return replace(transcript, undo=undo, redo=redo)


def _persona(row: object) -> PersonaText:
    """None where there is none, or another program wrote it: the words of the chat count."""
    if not isinstance(row, dict):
        return PersonaText()
    try:
        return PersonaText(**{name: str(row.get(name) or "") for name in ("text", "bot", "user")})
    except BadInput:
        return PersonaText()


def _list(saved: Mapping[str, Any], name: str) -> Iterable[Any]:
    rows = saved.get(name)
    return rows if isinstance(rows, list) else []


def _step(row: Mapping[str, Any]) -> Step:
    links = {
        int(turn): (int(parent), int(following), bool(gone))
        for turn, (parent, following, gone) in row["links"].items()
    }
    return Step(str(row["what"]), int(row["first"]), links)


def _turn(row: object, path: Path) -> Turn:
    if not isinstance(row, dict) or not isinstance(row.get("question"), str):
        raise _damaged(path)
    state = row.get("state")
    receipt = row.get("receipt")
    tokens = str(row.get("tokens") or "")
    return Turn(
        question=row["question"],
        answer=str(row.get("answer") or ""),
        state=cast("TurnState", state) if state in get_args(TurnState) else "cut off",
        receipt=receipt if isinstance(receipt, dict) else None,
        problem=str(row.get("problem") or ""),
        tokens=tuple(map(int, tokens.split())) if re.fullmatch(r"[0-9 ]*", tokens) else (),
        edited=row.get("edited") is True,
        disliked=row.get("disliked") is True,
        gone=row.get("gone") is True,
        **{name: _whole(row.get(name, 0), path) for name in ("id", "parent", "asked", "next")},
    )


def _whole(value: object, path: Path) -> int:
    """A turn's number; a small one, as it is counted up."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**31:
        raise _damaged(path)
    return value


def _damaged(path: Path) -> BadInput:
    return BadInput(
        "This chat was saved, but its file can't be read.",
        value=path.name,
        remedy="Clear the chat to begin a new one; the file is left as it is.",
    )
