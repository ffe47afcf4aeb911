"""The same questions at every stage of a run, answered as the chat would answer them."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatbot.engine.sampling import SamplingParams
from chatbot.messages import Conversation, user

if TYPE_CHECKING:
    from chatbot.engine.loading import LoadedModel

QUESTIONS = ("Who are you?", "What do you like?", "Tell me about your day.")
"""What every persona can be asked. The first is always asked, all of them where nothing is held
out."""
OUTSIDE = (
    "What is the capital of France?",
    "Why is the sky blue?",
    "How many days does a week have?",
    "Name three kinds of fruit.",
)
"""General ones, which show what the model still knows besides its conversations."""
DRAWN = 2
"""Questions taken from the held-out conversations."""
FROM_OUTSIDE = 2
"""How many of `OUTSIDE` are asked: the first that the conversations don't have."""
LONGEST_ANSWER = 48
"""Tokens. Of the starter persona's own answers 99 in 100 have 43 of SmolLM2's tokens at most; an
untuned model, which rambles on, costs less time so."""


def questions_for(
    asked: Sequence[str], held_out: Sequence[Conversation], learned: Sequence[Conversation] = ()
) -> tuple[str, ...]:
    """The questions of the settings, else some of each kind.

    Args:
        asked: the user's own; they win, each once.
        held_out: conversations that the run does not learn from; some open with a question.
        learned: those that it learns from; what they ask is not from outside.
    """
    if asked:
        return tuple(dict.fromkeys(question.strip() for question in asked))
    openings = [c.messages[0].text.strip() for c in held_out if c.messages[0].role == "user"]
    fitting = [
        text for text in dict.fromkeys(openings) if 10 <= len(text) <= 120 and text != QUESTIONS[0]
    ]
    known = (QUESTIONS[0], *fitting[:DRAWN]) if fitting else QUESTIONS
    heard = {
        _bare(message.text)
        for conversation in (*held_out, *learned)
        for message in conversation.messages
        if message.role == "user"
    }
    outside = [question for question in OUTSIDE if _bare(question) not in heard]
    return (*known, *outside[:FROM_OUTSIDE])


def _bare(question: str) -> str:
    """Without what people spell differently."""
    return " ".join(question.casefold().strip(" ?!.").split())


def params_for(seed: int) -> SamplingParams:
    return SamplingParams(temperature=0.6, top_p=0.9, max_new_tokens=LONGEST_ANSWER, seed=seed)


def ask(
    model: str | Path,
    questions: Sequence[str],
    *,
    step: int,
    seed: int,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[dict[str, Any]]:
    """Load a model, ask each question in a conversation of its own, and free it.

    Args:
        model: catalog name or folder; the others, and what comes, as in `ask_loaded`.

    Raises:
        ChatbotError: the model can't be loaded or can't answer.
    """
    from chatbot.engine.loading import load

    yield from ask_loaded(load(model), questions, step=step, seed=seed, stopped=stopped)


def ask_loaded(
    loaded: "LoadedModel",
    questions: Sequence[str],
    *,
    step: int,
    seed: int,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[dict[str, Any]]:
    """Ask a model in memory each question in a conversation of its own.

    The global random state is left alone, so that a run is the same whoever asks.

    Args:
        loaded: nobody else's; it is let go of when the answers are there.
        step: what the rows say; 0 is the untuned model.
        seed: of each answer.
        stopped: looked at between two questions.

    Yields:
        `step`, `question`, `answer`, `model`, `hash`, `seed`.

    Raises:
        ChatbotError: the model can't answer.
    """
    from chatbot.engine.generation import Engine

    params = params_for(seed)
    about = {"model": loaded.entry.name, "hash": loaded.hash, "seed": seed}
    engine = Engine(loaded)
    del loaded
    try:
        for question in questions:
            if stopped():
                return
            generation = engine.stream([user(question)], params)
            answer = "".join(chunk.text for chunk in generation).strip()
            yield {"step": step, "question": question, "answer": answer, **about}
    finally:
        engine.close()
