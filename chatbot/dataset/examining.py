"""What one conversation shows by itself, and what it has to be compared by."""

from collections.abc import Iterator
from dataclasses import dataclass

from chatbot.dataset import ailments, claims, coverage, structure
from chatbot.dataset.claims import Claim
from chatbot.dataset.findings import Finding
from chatbot.dataset.languages import language_of
from chatbot.messages import Conversation, Message

NOTHING: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Signs:
    """What is kept of an examined conversation.

    Attributes:
        findings: without their row.
        exact, near: equal for conversations that are the same word for word, or but for signs,
            spaces and capitals; 0 where nothing is said.
        question: the same for those that begin with the same question; 0 for none.
        stance: what the first answer settles; see `claims.stance`.
        claims: what the bot says of itself.
        language: of the bot's words; "" where it can't be told.
        asked: the kinds of question that are answered; see `coverage.asked`.
    """

    findings: tuple[Finding, ...]
    exact: int
    near: int
    question: int
    stance: str
    claims: tuple[Claim, ...]
    language: str
    asked: int


def examine(conversation: Conversation) -> Signs:
    """Look at one conversation."""
    messages = conversation.messages
    letters = tuple((message.role, letters_of(message.text)) for message in messages)
    said = any(words for _, words in letters)
    question, answer = _first_exchange(messages)
    language = language_of(" ".join(m.text for m in messages if m.role == "assistant"))
    findings = (
        *structure.findings(conversation),
        *_of_the_words(conversation),
        *_of_the_language(language, messages),
    )
    return Signs(
        findings or NOTHING,
        hash(messages) if any(message.text.strip() for message in messages) else 0,
        hash(letters) if said else 0,
        hash(letters_of(question)) if question else 0,
        claims.stance(question, answer) if question else "",
        claims.of_conversation(messages),
        language,
        coverage.asked(messages),
    )


def letters_of(text: str) -> str:
    """The text without signs, spaces and capitals."""
    return "".join(filter(str.isalnum, text.casefold()))


def _first_exchange(messages: tuple[Message, ...]) -> tuple[str, str]:
    """The first question and its answer, where nothing but these decides the answer."""
    if len(messages) > 1 and messages[0].role == "user" and messages[1].role == "assistant":
        return messages[0].text, messages[1].text
    return "", ""


def _of_the_words(conversation: Conversation) -> Iterator[Finding]:
    for number, key in ailments.of_conversation(conversation):
        ailment = ailments.AILMENTS[key]
        said = f"Turn {number} {ailment.says}"
        mend = key if ailment.mended else ""
        yield Finding("warning", None, said, ailment.remedy, mend, kind=key)
    for number, message in enumerate(conversation.messages, start=1):
        if message.role != "assistant" or not message.text.strip():
            continue
        if len(message.text) > ailments.LONGEST_ANSWER:
            yield Finding(
                "warning",
                None,
                f"Turn {number} is very long ({len(message.text):,} characters).",
                "The bot learns to go on like this; shorten it, or split it into several turns.",
                kind="long-answer",
            )
        elif _says_nothing(message.text):
            yield Finding(
                "warning",
                None,
                f"Turn {number} says next to nothing: “{message.text.strip()}”.",
                "Write the answer that you would like to get.",
                kind="short-answer",
            )


def _says_nothing(text: str) -> bool:
    """Signs alone: an emoji, or a sign of another script, says something."""
    return not letters_of(text) and all(ord(character) < 0x2190 for character in text)


def _of_the_language(language: str, messages: tuple[Message, ...]) -> Iterator[Finding]:
    asked = language and language_of(" ".join(m.text for m in messages if m.role == "user"))
    if asked and asked != language:
        yield foreign(f"The question is in {asked}, the answer in {language}.")


def foreign(said: str) -> Finding:
    """A finding about a language that doesn't belong there."""
    return Finding(
        "warning",
        None,
        said,
        "A small model that learns from two languages mixes them; translate it or take it out.",
        kind="language",
    )
