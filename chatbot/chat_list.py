"""The conversations of one browser: names, pins, what was deleted and can come back.

One small file per browser, beside the chats. It is named by the fingerprint of a secret that only
that browser has. Should it be damaged, it is put together again from the chats themselves.
"""

import hashlib
import json
import threading
import time
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from chatbot.errors import ChatbotError
from chatbot.files import write_atomically
from chatbot.transcripts import Transcript, TranscriptStore, is_id

LONGEST_TITLE = 60
"""Characters."""
KEPT_AFTER_DELETION = 7 * 24 * 3600.0
"""Seconds in which a deleted conversation can be brought back."""
_changing = threading.Lock()
"""Two tabs of a browser share a list."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the list.

    Attributes:
        named: its title was given by a person; else it is the first question.
        changed, deleted: seconds since 1970; `deleted` is 0 where it is not.
        turns: how many questions it shows.
    """

    id: str
    title: str
    named: bool = False
    pinned: bool = False
    changed: float = 0.0
    turns: int = 0
    deleted: float = 0.0


def fingerprint(secret: str) -> str:
    """What the disk may know of a browser's secret: 32 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(f"chatbot-lab owner {secret}".encode()).hexdigest()[:32]


def title_of(transcript: Transcript) -> str:
    """The first words of the first question, on one line."""
    first = next((turn.question or turn.answer for turn in transcript.turns), "")
    return shortened(first) or "A conversation"


def shortened(text: str) -> str:
    """At most LONGEST_TITLE characters on one line, cut between words where there are some."""
    spaced = "".join(" " if unicodedata.category(c) == "Cc" else c for c in text[:2000])
    line = " ".join(spaced.split())
    if len(line) <= LONGEST_TITLE:
        return line
    cut = line[: LONGEST_TITLE - 1]
    head, space, _ = cut.rpartition(" ")
    return f"{head if space and len(head) > LONGEST_TITLE // 2 else cut}…"


class ChatList:
    """The list of one browser.

    Args:
        owner: the fingerprint of its secret.
        transcripts: where the conversations are.
    """

    def __init__(self, owner: str, transcripts: TranscriptStore | None = None) -> None:
        self.owner = owner
        self.transcripts = transcripts or TranscriptStore()
        self.path = self.transcripts.folder / "lists" / f"{owner}.json"
        self.mended = False
        """The file was damaged: names and pins that a person gave are lost."""

    def entries(self) -> list[Listed]:
        """Pinned ones first, then the one that was changed last.

        Raises:
            ChatbotError: a damaged list can't be put together again.
        """
        listed = [entry for entry in self._read().values() if not entry.deleted]
        return sorted(listed, key=lambda entry: (not entry.pinned, -entry.changed))

    def entry(self, chat_id: str) -> Listed | None:
        found = self._read().get(chat_id)
        return found if found is not None and not found.deleted else None

    def search(self, words: str) -> list[Listed]:
        """Those with all the words in their title or in what is shown of them."""
        wanted = words.casefold().split()
        return [entry for entry in self.entries() if self._has(entry, wanted)]

    def last_deleted(self) -> Listed | None:
        """The one that was deleted last and can be brought back."""
        deleted = [entry for entry in self._read().values() if entry.deleted]
        return max(deleted, key=lambda entry: entry.deleted, default=None)

    def note(self, transcript: Transcript) -> None:
        """A conversation of this browser was begun or changed: it stands first, under its title.

        Raises:
            ChatbotError: the list can't be saved.
        """
        if transcript.owner != self.owner:
            return
        now = time.time()

        def noted(entries: dict[str, Listed]) -> None:
            old = entries.get(transcript.id) or Listed(transcript.id, "")
            title = old.title if old.named else title_of(transcript)
            entries[transcript.id] = replace(
                old, title=title, changed=now, turns=len(transcript.turns), deleted=0.0
            )

        self._change(noted)

    def rename(self, chat_id: str, title: str) -> None:
        """Give it a name; an empty one gives it back the name that it has by itself."""
        line = shortened(title)
        if not line:
            transcript = self.transcripts.load(chat_id)
            line = title_of(transcript) if transcript else "A conversation"
        self._replace(chat_id, title=line, named=bool(shortened(title)))

    def pin(self, chat_id: str, pinned: bool) -> None:
        self._replace(chat_id, pinned=pinned)

    def delete(self, chat_id: str) -> None:
        """Take it off the list; the conversation itself is deleted some days later."""
        self._replace(chat_id, deleted=time.time())

    def restore(self, chat_id: str) -> None:
        self._replace(chat_id, deleted=0.0)

    def _replace(self, chat_id: str, **changes: Any) -> None:
        def replaced(entries: dict[str, Listed]) -> None:
            if chat_id in entries:
                entries[chat_id] = replace(entries[chat_id], **changes)

        self._change(replaced)

    def _change(self, change: Callable[[dict[str, Listed]], None]) -> None:
        with _changing:
            entries = self._read()
            change(entries)
            end = time.time() - KEPT_AFTER_DELETION
            expired = [e.id for e in entries.values() if 0 < e.deleted < end]
            for chat_id in expired:
                del entries[chat_id]
            self._write(entries)
            for chat_id in expired:
                self.transcripts.delete(chat_id)

    def _write(self, entries: Mapping[str, Listed]) -> None:
        rows = [asdict(entry) for entry in entries.values()]
        text = json.dumps({"chats": rows}, ensure_ascii=False, indent=1)
        write_atomically(self.path, text.encode("utf-8", "replace"))

    def _read(self) -> dict[str, Listed]:
        try:
            saved = json.loads(self.path.read_text(encoding="utf-8"))
            entries = [_listed(row) for row in saved["chats"]]
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise ChatbotError(
                "The list of your conversations can't be read.", value=error.strerror
            ) from error
        except (ValueError, RecursionError, KeyError, TypeError):
            return self._put_together()
        return {entry.id: entry for entry in entries}

    def _put_together(self) -> dict[str, Listed]:
        """The list from the chats that this browser began; the damaged file is kept beside it."""
        entries: dict[str, Listed] = {}
        for path in self.transcripts.folder.glob("*.json"):
            if not is_id(path.stem) or self.owner not in _text(path):
                continue
            try:
                transcript = self.transcripts.load(path.stem)
            except ChatbotError:
                continue
            if transcript is not None and transcript.owner == self.owner and transcript.turns:
                entries[path.stem] = Listed(
                    path.stem,
                    title_of(transcript),
                    changed=path.stat().st_mtime,
                    turns=len(transcript.turns),
                )
        damaged = _bytes(self.path)
        if damaged:
            write_atomically(self.path.with_suffix(".damaged"), damaged)
        self._write(entries)
        self.mended = True
        return entries

    def _has(self, entry: Listed, wanted: list[str]) -> bool:
        title = entry.title.casefold()
        if all(word in title for word in wanted):
            return True
        # A quick look first: only few files have to be understood.
        raw = _text(self.transcripts.folder / f"{entry.id}.json").casefold()
        if not all(json.dumps(word, ensure_ascii=False)[1:-1] in raw or word in title
                   for word in wanted):  # fmt: skip
            return False
        try:
            transcript = self.transcripts.load(entry.id)
        except ChatbotError:
            return False
        turns = transcript.turns if transcript is not None else ()
        words = "\n".join(f"{turn.question}\n{turn.answer}" for turn in turns).casefold()
        return all(word in words or word in title for word in wanted)


def _listed(row: Mapping[str, Any]) -> Listed:
    if not is_id(row["id"]):
        raise ValueError(row["id"])
    return Listed(
        id=row["id"],
        title=shortened(str(row["title"])) or "A conversation",
        named=row.get("named") is True,
        pinned=row.get("pinned") is True,
        changed=float(row.get("changed", 0.0)),
        turns=int(row.get("turns", 0)),
        deleted=float(row.get("deleted", 0.0)),
    )


def _text(path: Path) -> str:
    return _bytes(path).decode("utf-8", "replace")


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
