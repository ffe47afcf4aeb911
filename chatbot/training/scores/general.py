"""What everybody knows: a small fixed set of questions of our own, with the accepted answers."""

import json
from dataclasses import dataclass

from chatbot import paths
from chatbot.training.words import holds, words

QUESTIONS = paths.PROJECT / "data" / "general_questions.json"


@dataclass(frozen=True)
class GeneralQuestion:
    """`expected`: an answer is right when it has one of these, word for word in any case."""

    question: str
    expected: tuple[str, ...]

    def is_answered_by(self, answer: str) -> bool:
        said = words(answer)
        return any(holds(said, words(each)) for each in self.expected)


def general_questions() -> list[GeneralQuestion]:
    """The questions, always the same."""
    rows = json.loads(QUESTIONS.read_text(encoding="utf-8"))
    return [GeneralQuestion(row["question"], tuple(row["expect"])) for row in rows]
