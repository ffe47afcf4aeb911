"""What was asked and answered before and after a run, kept in its folder, and the figures of it."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from chatbot.files import write_atomically
from chatbot.training.scores.memorization import Copied
from chatbot.training.scores.repetition import Repetition, repetition

FILE = "scores.json"
FEWEST_FACTS = 5
"""Questions below which a share of right answers says nothing."""
LEAST_KNOWN = 5
"""General questions that the untuned model must have right before "kept" means something."""

Kind = Literal["fact", "general", "open"]
Which = Literal["before", "after"]


@dataclass(frozen=True)
class Model:
    """What answered. `hash`: 12 hex digits that name its weights."""

    name: str
    hash: str


@dataclass(frozen=True)
class Answer:
    """`right` is None where nothing decides it."""

    text: str
    right: bool | None
    copied: Copied


@dataclass(frozen=True)
class Asked:
    """A question and what came.

    Args:
        kind: "fact" of the persona, "general" knowledge, or "open": neither right nor wrong.
        expected: the words that make an answer right: the telling ones of a fact, the weightiest
            first, or the accepted answers.
        reference: the persona's own answer, which was held out; "" for a general question.
        before: of the untuned model; None where there is none.
    """

    kind: Kind
    question: str
    expected: tuple[str, ...]
    reference: str
    before: Answer | None
    after: Answer

    def of(self, which: Which) -> Answer | None:
        return self.before if which == "before" else self.after


@dataclass(frozen=True)
class Scores:
    """All figures of a run, with what they were made of.

    Args:
        when: ISO 8601 with time zone.
        decoding: how the answers were drawn, in words.
        seconds: that it took.
        before: the untuned model; None for a model from scratch, or where it is not there.
        after: the run's checkpoint.
        loss_before, loss_after: mean held-out loss per token, in nats; None where not measured.
        held_out: conversations that were not learned from.
        notes: sentences on what is missing, and why.
    """

    when: str
    decoding: str
    seconds: float
    before: Model | None
    after: Model
    asked: tuple[Asked, ...]
    loss_before: float | None
    loss_after: float | None
    held_out: int
    notes: tuple[str, ...] = ()

    @property
    def checkpoint(self) -> str:
        """The folder of the tuned model within its run, such as `checkpoint-40`."""
        return self.after.name.rsplit("/", 1)[-1]

    def perplexity(self, which: Which) -> float | None:
        """exp of the held-out loss: among how many words it hesitates, in the mean."""
        loss = self.loss_before if which == "before" else self.loss_after
        return None if loss is None else math.exp(min(loss, 50.0))

    def of_kind(self, kind: Kind) -> tuple[Asked, ...]:
        return tuple(each for each in self.asked if each.kind == kind)

    def right(self, kind: Kind, which: Which) -> tuple[int, int] | None:
        """(right, asked); None where that model was not asked, or too little to tell a share."""
        answers = [answer for each in self.of_kind(kind) if (answer := each.of(which)) is not None]
        if not answers or (kind == "fact" and len(answers) < FEWEST_FACTS):
            return None
        return sum(answer.right is True for answer in answers), len(answers)

    def kept(self) -> tuple[int, int] | None:
        """(still right, right before) of the general questions; None where too few were right."""
        known = [each for each in self.of_kind("general") if each.before and each.before.right]
        if len(known) < LEAST_KNOWN:
            return None
        return sum(each.after.right is True for each in known), len(known)

    def repetition(self, which: Which) -> Repetition | None:
        answers = [answer.text for each in self.asked if (answer := each.of(which)) is not None]
        return repetition(answers) if answers else None

    def copied(self, which: Which) -> float | None:
        """Mean share of an answer that stands word for word in the conversations."""
        answers = [answer for each in self.asked if (answer := each.of(which)) is not None]
        return sum(answer.copied.share for answer in answers) / len(answers) if answers else None

    def save(self, folder: Path) -> None:
        """Raises `OutOfResources` or another `ChatbotError` where it can't be written."""
        text = json.dumps(asdict(self), indent=1, ensure_ascii=False)
        write_atomically(folder / FILE, text + "\n")


def read_scores(folder: Path) -> Scores | None:
    """The scores in a run's folder; None where there are none that can be read."""
    try:
        row = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return Scores(
            **{
                **row,
                "before": Model(**row["before"]) if row["before"] else None,
                "after": Model(**row["after"]),
                "asked": tuple(_asked(each) for each in row["asked"]),
                "notes": _texts(row["notes"]),
            }
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _asked(row: dict[str, Any]) -> Asked:
    answers = {which: _answer(row[which]) for which in ("before", "after")}
    return Asked(**{**row, "expected": _texts(row["expected"]), **answers})


def _answer(row: dict[str, Any] | None) -> Answer | None:
    return None if row is None else Answer(**{**row, "copied": Copied(**row["copied"])})


def _texts(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(str(value) for value in values)
