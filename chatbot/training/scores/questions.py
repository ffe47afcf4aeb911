"""What a run's models are asked so that the answers can be counted."""

from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.messages import Conversation, Message, user
from chatbot.training import answers
from chatbot.training.data import Split
from chatbot.training.scores.facts import Fact, Persona, opening
from chatbot.training.scores.general import GeneralQuestion, general_questions
from chatbot.training.scores.results import Kind

MOST_FACTS = 40
"""More only take time."""
FEWEST_TO_ASK = 24
"""Questions to the persona. Where the facts are fewer, other held-out questions join them: how
repetitive it is, and what it copies, shows in these as well."""


@dataclass(frozen=True)
class Question:
    """`decides` tells a right answer from a wrong one; None where nothing does."""

    kind: Kind
    messages: tuple[Message, ...]
    decides: Fact | GeneralQuestion | None = None
    reference: str = ""

    @property
    def text(self) -> str:
        return self.messages[-1].text

    @property
    def expected(self) -> tuple[str, ...]:
        if isinstance(self.decides, Fact):
            return self.decides.telling
        return self.decides.expected if self.decides else ()

    def right(self, answer: str) -> bool | None:
        return self.decides.is_answered_by(answer) if self.decides else None


def questions_for(parts: Split, *, general: bool, own: Sequence[str] = ()) -> list[Question]:
    """Facts first, then open ones, then general knowledge; none twice.

    Args:
        general: whether general knowledge is asked for. What the conversations ask themselves
            is no general knowledge, as the persona has an answer of its own, and is left out.
        own: the questions of the settings, asked where nothing is held out.
    """
    persona = Persona(parts.train)
    facts, others = [], []
    for conversation in parts.held_out:
        if (fact := persona.fact(conversation)) is not None:
            facts.append(Question("fact", fact.asked, fact, fact.reference))
        elif (found := opening(conversation)) is not None:
            others.append(Question("open", found[0], None, found[1]))
    asked = facts[:MOST_FACTS]
    asked += others[: max(0, FEWEST_TO_ASK - len(asked))]
    if not asked:
        texts = answers.questions_for(own, (), parts.train)
        asked = [Question("open", (user(text),)) for text in texts]
    if general:
        heard = {_bare(m.text) for c in _all(parts) for m in c.messages if m.role == "user"}
        asked += [
            Question("general", (user(each.question),), each)
            for each in general_questions()
            if _bare(each.question) not in heard
        ]
    return list({question.messages: question for question in reversed(asked)}.values())[::-1]


def _all(parts: Split) -> tuple[Conversation, ...]:
    return (*parts.train, *parts.held_out)


def _bare(text: str) -> str:
    return " ".join(text.casefold().strip(" ?!.").split())
