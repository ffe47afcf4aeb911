"""Blind taste tests: who meets whom, hidden and shuffled; every vote on disk as it is given.

A test is a file `data/comparisons/<id>.jsonl`: a first line that says what is compared and how it
was shuffled, then one line a vote with both answers. It is only ever appended to.
"""

import csv
import io
import json
import random
import secrets
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

from chatbot import paths
from chatbot.comparing.bench import Bench
from chatbot.comparing.columns import Column
from chatbot.comparing.statistics import Duel
from chatbot.dataset.journal import Journal
from chatbot.errors import ChatbotError, Conflict, NotAvailable
from chatbot.files import write_error

Side = Literal["left", "right", "tie"]
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a cell that begins so for a formula; it gets an apostrophe first."""
FIELDS = (
    "prompt", "left", "right", "vote", "winner", "left_answer", "right_answer",
    "left_weights", "right_weights", "left_seed", "right_seed", "when",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Meeting:
    """One prompt, and the columns whose answers stand left and right."""

    prompt: int
    left: int
    right: int


def drawn(prompts: int, columns: int, seed: int) -> tuple[Meeting, ...]:
    """Every pair of columns once for each prompt; pairs and sides in an order of the seed."""
    luck = random.Random(seed)
    found = []
    for prompt in range(prompts):
        pairs = list(combinations(range(columns), 2))
        luck.shuffle(pairs)
        for pair in pairs:
            left, right = luck.sample(pair, 2)
            found.append(Meeting(prompt, left, right))
    return tuple(found)


class TasteTest:
    """One test on disk, begun or opened."""

    def __init__(self, path: Path) -> None:
        """Open one.

        Raises:
            NotAvailable: it is not there, or can't be read.
        """
        self.path = path
        self._journal = Journal(path)
        try:
            _, rows = self._journal.news()
        except OSError as error:
            raise NotAvailable("This taste test can't be read.", value=path.name) from error
        if not rows or rows[0].get("kind") != "taste test":
            raise NotAvailable("This taste test can't be read.", value=path.name)
        self.about: Mapping[str, Any] = rows[0]
        self.votes: list[dict[str, Any]] = rows[1:]

    @classmethod
    def begin(
        cls, columns: Sequence[Column], names: Sequence[str], prompts: Sequence[str], seed: int
    ) -> "TasteTest":
        """A new test, on disk before anybody votes.

        Args:
            names: of the columns, different ones, as the result will tell them.

        Raises:
            ChatbotError: it can't be written.
        """
        mark = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
        path = _folder() / f"{mark}.jsonl"
        Journal(path).append(
            {
                "kind": "taste test",
                "when": _now(),
                "seed": seed,
                "names": list(names),
                "columns": [asdict(column) for column in columns],
                "prompts": list(prompts),
            }
        )
        return cls(path)

    @property
    def id(self) -> str:
        return self.path.stem

    @property
    def names(self) -> list[str]:
        return [str(name) for name in self.about["names"]]

    @property
    def models(self) -> list[str]:
        """The catalog name of each column."""
        return [str(column["choice"]["model"]) for column in self.about["columns"]]

    @property
    def prompts(self) -> list[str]:
        return [str(prompt) for prompt in self.about["prompts"]]

    @property
    def meetings(self) -> tuple[Meeting, ...]:
        return drawn(len(self.prompts), len(self.names), int(self.about["seed"]))

    @property
    def next(self) -> Meeting | None:
        """The one to vote on; None when all votes are given."""
        meetings = self.meetings
        return meetings[len(self.votes)] if len(self.votes) < len(meetings) else None

    @property
    def duels(self) -> list[Duel]:
        return [
            Duel(vote["left"], vote["right"], vote["winner"])
            for vote in self.votes
            if vote["vote"] in ("left", "right", "tie")
        ]

    def vote(self, number: int, side: Side | Literal["skipped"], bench: Bench) -> None:
        """Give the vote on meeting `number`, the first is 0; it is on disk when this returns.

        Raises:
            Conflict: that meeting was voted on already, such as by a second press of the key.
            ChatbotError: it can't be written; it does not count then.
        """
        meeting = self.next
        if meeting is None or number != len(self.votes):
            raise Conflict("This vote was given already.")
        left = bench.cell(meeting.prompt, meeting.left)
        right = bench.cell(meeting.prompt, meeting.right)
        winners = {"left": meeting.left, "right": meeting.right}
        row = asdict(meeting) | {
            "vote": side,
            "winner": winners.get(side),
            "left_answer": left.text,
            "right_answer": right.text,
            "left_weights": left.receipt.hash if left.receipt else "",
            "right_weights": right.receipt.hash if right.receipt else "",
            "left_seed": left.receipt.seed if left.receipt else None,
            "right_seed": right.receipt.seed if right.receipt else None,
            "when": _now(),
        }
        self._journal.append(row)
        self.votes.append(row)

    def as_json(self) -> str:
        """Everything, for a program."""
        return json.dumps({**self.about, "votes": self.votes}, ensure_ascii=False, indent=2) + "\n"

    def as_csv(self) -> str:
        """One row a vote, names in place of numbers, for a spreadsheet."""
        names, prompts = self.names, self.prompts
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(FIELDS)
        for vote in self.votes:
            told = dict(vote)
            told["prompt"] = prompts[vote["prompt"]]
            for field in ("left", "right", "winner"):
                told[field] = "" if vote[field] is None else names[vote[field]]
            writer.writerow([_harmless(told.get(field)) for field in FIELDS])
        return out.getvalue()

    def delete(self) -> None:
        """Forget the test and its votes.

        Raises:
            ChatbotError: the file can't be removed.
        """
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise write_error(error, self.path) from error


def kept() -> list[TasteTest]:
    """The tests on disk, the newest first; a damaged file is passed over."""
    found = []
    whole = [path for path in _folder().glob("*.jsonl") if "damaged" not in path.name]
    for path in sorted(whole, reverse=True):
        with suppress(ChatbotError):
            found.append(TasteTest(path))
    return found


def _folder() -> Path:
    return paths.data_dir() / "comparisons"


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S%z")


def _harmless(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
