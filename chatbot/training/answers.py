"""The same questions, answered before and after: by the checkpoint itself, as the chat would."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from chatbot.engine.sampling import SamplingParams
from chatbot.messages import Conversation, user

QUESTIONS = ("Who are you?", "What do you like?", "Tell me about your day.", "Goodbye!")
"""Asked where the settings name none and nothing is held out."""
DRAWN = 3
"""Questions taken from the held-out conversations, after the first of `QUESTIONS`."""
LONGEST_ANSWER = 80
"""Tokens."""


def questions_for(asked: Sequence[str], held_out: Sequence[Conversation]) -> tuple[str, ...]:
    """The questions of the settings, else one that all personas know and some held-out ones."""
    if asked:
        return tuple(asked)
    openings = [c.messages[0].text.strip() for c in held_out if c.messages[0].role == "user"]
    drawn = [text for text in dict.fromkeys(openings) if 10 <= len(text) <= 120][:DRAWN]
    return (QUESTIONS[0], *drawn) if drawn else QUESTIONS


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

    The global random state is left alone, so that a run is the same whoever asks.

    Args:
        model: catalog name or folder.
        step: what the rows say; 0 is the untuned model.
        stopped: looked at between two questions.

    Yields:
        `step`, `question`, `answer`, `model`, `hash`, `seed`.

    Raises:
        ChatbotError: the model can't be loaded or can't answer.
    """
    from chatbot.engine.generation import Engine
    from chatbot.engine.loading import load

    params = params_for(seed)
    loaded = load(model)
    engine = Engine(loaded)
    about = {"model": loaded.entry.name, "hash": loaded.hash, "seed": seed}
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
