"""Saved chats: what was asked and answered, on disk before the page says so.

One JSON file per chat. Its name is a random 128-bit id that only the browser's address knows, so
that a refresh finds the chat again and nobody else does.
"""

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, cast, get_args

from chatbot import paths
from chatbot.errors import BadInput
from chatbot.files import write_atomically
from chatbot.messages import Message, assistant, user

TurnState = Literal["waiting", "answering", "done", "stopped", "failed", "cut off"]
UNFINISHED: tuple[TurnState, ...] = ("waiting", "answering")
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Turn:
    """One question and what became of it.

    Attributes:
        answer: what was shown of the answer so far.
        receipt: what made the answer (see `generation.Receipt`), once it is complete.
        problem: why there is no answer, where the state is "failed".
    """

    question: str
    answer: str = ""
    state: TurnState = "waiting"
    receipt: Mapping[str, Any] | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Transcript:
    """A chat as it stands. `model` and `settings` are what its page was last set to."""

    id: str
    turns: tuple[Turn, ...] = ()
    model: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)

    def messages(self, upto: int | None = None) -> list[Message]:
        """The answered turns before turn `upto`, as a conversation for the model."""
        found: list[Message] = []
        for turn in self.turns[:upto]:
            if turn.answer:
                found += [user(turn.question), assistant(turn.answer)]
        return found

    def with_turn(self, index: int, **changes: Any) -> "Transcript":
        """The same chat with some fields of one turn replaced."""
        turns = list(self.turns)
        turns[index] = replace(turns[index], **changes)
        return replace(self, turns=tuple(turns))

    def settled(self) -> "Transcript":
        """Nobody is answering any more: unfinished turns were cut off (the server was stopped)."""
        turns = tuple(
            replace(turn, state="cut off") if turn.state in UNFINISHED else turn
            for turn in self.turns
        )
        return replace(self, turns=turns)


def new_id() -> str:
    """A name that can't be guessed: 128 random bits, 32 hexadecimal digits."""
    return secrets.token_hex(16)


def is_id(text: object) -> bool:
    return isinstance(text, str) and _ID.fullmatch(text) is not None


class TranscriptStore:
    """The folder of saved chats."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or paths.chats_dir()

    def load(self, chat_id: str) -> Transcript | None:
        """The chat, or None where no such chat was saved.

        Raises:
            BadInput: the file is damaged.
        """
        path = self._path(chat_id)
        try:
            saved = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError) as error:
            raise _damaged(path) from error
        return _transcript(chat_id, saved, path)

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
            "turns": [asdict(turn) for turn in transcript.turns],
        }
        text = json.dumps(content, ensure_ascii=False, indent=1)
        # A lone surrogate (half an emoji from a broken paste) has no UTF-8 form.
        write_atomically(self._path(transcript.id), text.encode("utf-8", "replace"))

    def delete(self, chat_id: str) -> None:
        self._path(chat_id).unlink(missing_ok=True)

    def _path(self, chat_id: str) -> Path:
        if not is_id(chat_id):
            raise BadInput("This is not the address of a chat.", value=chat_id)
        return self.folder / f"{chat_id}.json"


def _transcript(chat_id: str, saved: object, path: Path) -> Transcript:
    if not isinstance(saved, dict) or not isinstance(saved.get("turns"), list):
        raise _damaged(path)
    settings = saved.get("settings")
    return Transcript(
        id=chat_id,
        turns=tuple(_turn(row, path) for row in saved["turns"]),
        model=str(saved.get("model", "")),
        settings=settings if isinstance(settings, dict) else {},
    )


def _turn(row: object, path: Path) -> Turn:
    if not isinstance(row, dict) or not isinstance(row.get("question"), str):
        raise _damaged(path)
    state = row.get("state")
    receipt = row.get("receipt")
    return Turn(
        question=row["question"],
        answer=str(row.get("answer") or ""),
        state=cast("TurnState", state) if state in get_args(TurnState) else "cut off",
        receipt=receipt if isinstance(receipt, dict) else None,
        problem=str(row.get("problem") or ""),
    )


def _damaged(path: Path) -> BadInput:
    return BadInput(
        "This chat was saved, but its file can't be read.",
        value=path.name,
        remedy="Clear the chat to begin a new one; the file is left as it is.",
    )
