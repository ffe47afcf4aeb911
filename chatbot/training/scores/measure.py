"""Ask a run's untuned and tuned model the same questions, one model in memory at a time, and write
down what came."""

import gc
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from chatbot.dataset.importers import read_conversations
from chatbot.errors import BadInput, ChatbotError
from chatbot.messages import Message
from chatbot.training import data, parting
from chatbot.training.runlog import RunLog, now
from chatbot.training.runs import Run, step_of
from chatbot.training.scores.earlier import Earlier
from chatbot.training.scores.memorization import Memory, numbered
from chatbot.training.scores.questions import Question, questions_for
from chatbot.training.scores.results import Answer, Asked, Model, Scores

if TYPE_CHECKING:
    from chatbot.engine.catalog import ModelEntry

Told = Callable[[float], None]
Stopped = Callable[[], bool]


def at_the_end(run: Run, log: RunLog, checkpoint: Path) -> None:
    """The scores as the last phase of a run. Whatever goes wrong, the run has succeeded: train.log
    has the details, and the message of the run says that there are none."""
    from chatbot.training.scores.greedy import StoppedError

    began = time.monotonic()

    def told(share: float) -> None:
        if share:
            took = time.monotonic() - began
            log.update("scoring", seconds_left=took / share * (1 - share))

    try:
        measure(run, checkpoint, told=told, stopped=log.stop_requested)
    except StoppedError:
        log.note("Stopped before the scores were measured.")
    except Exception as error:
        log.trouble(error)
        log.note("The scores could not be measured; train.log says why.")


def measure(
    run: Run,
    checkpoint: Path | None = None,
    *,
    told: Told = lambda share: None,
    stopped: Stopped = lambda: False,
) -> Scores:
    """Measure a run that has a model, and write `scores.json` into its folder.

    Greedy answers, so there is no seed; the global random states are left alone; no model stays in
    memory.

    Args:
        checkpoint: the tuned model; None takes the one to chat with.
        told: called with the share of the answers that are there, 0 to 1.
        stopped: looked at between two tokens.

    Raises:
        StoppedError: a stop was asked for; nothing is written but the untuned model's answers.
        ChatbotError: the run has no model, its data can't be read, or the model can't be loaded.
    """
    from chatbot.training.scores import greedy

    began = time.monotonic()
    checkpoint = checkpoint or run.best_checkpoint
    if checkpoint is None:
        raise BadInput("This run has no model to measure.", value=run.id)
    config = run.config
    content = _conversations(run)
    source = data.source_of(content, "data.json")
    parts = data.split(source.usable, config.held_out, config.seed)
    notes: list[str] = []
    base = _base(run, notes)
    asked = questions_for(parts, general=base is not None, own=config.questions)
    messages = [question.messages for question in asked]
    rounds = 2 if base else 1
    before, untuned = None, None
    if base is not None:
        before, untuned = _untuned(base, messages, lambda share: told(share / rounds), stopped)
    after, tuned = _asked(
        checkpoint, messages, lambda share: told((rounds - 1 + share) / rounds), stopped
    )
    read = parting.parts_of(source, config).split.train
    memory = Memory(numbered(read_conversations(content, "data.json").conversations, read))
    rows = []
    for place, question in enumerate(asked):
        earlier = None if untuned is None else _judged(question, untuned[place], memory)
        rows.append(
            Asked(
                question.kind,
                question.text,
                question.expected,
                question.reference,
                earlier,
                _judged(question, tuned[place], memory),
            )
        )
    losses = {row["step"]: row["eval_loss"] for row in run.metrics() if "eval_loss" in row}
    scores = Scores(
        when=now(),
        decoding=f"greedy (always the likeliest word, no seed), at most {greedy.LONGEST_ANSWER} "
        "tokens",
        seconds=round(time.monotonic() - began, 1),
        before=before,
        after=after,
        asked=tuple(rows),
        loss_before=losses.get(0),
        loss_after=losses.get(step_of(checkpoint)),
        held_out=len(parts.held_out),
        notes=tuple(notes),
    )
    scores.save(run.path)
    return scores


def _conversations(run: Run) -> bytes:
    try:
        return (run.path / "data.json").read_bytes()
    except OSError as error:
        raise BadInput("The conversations of this run can't be read.", value=run.id) from error


def _base(run: Run, notes: list[str]) -> "ModelEntry | None":
    """The untuned model, if it is still the one that the run began with; else a note says why."""
    from chatbot.engine.catalog import resolve
    from chatbot.engine.loading import HASH_DIGITS, weights_hash

    if run.config.method == "scratch":
        notes.append(
            "A model from scratch began with random numbers: it said nothing before, and it knows "
            "nothing but these conversations, so it is not asked for general knowledge."
        )
        return None
    try:
        entry = resolve(run.config.base_model)
        weights = weights_hash(entry)[:HASH_DIGITS]
    except (ChatbotError, OSError):
        notes.append("The untuned model is not here any more, so there is no before.")
        return None
    if weights != run.facts.get("base_hash", weights):
        notes.append("The untuned model was changed since this run, so there is no before.")
        return None
    return entry


def _untuned(
    base: "ModelEntry", asked: Sequence[tuple[Message, ...]], told: Told, stopped: Stopped
) -> tuple[Model, list[str]]:
    """The untuned model's answers, asked for only where no other run has asked it."""
    from chatbot.engine.device import choose_placement
    from chatbot.engine.loading import HASH_DIGITS, weights_hash
    from chatbot.training.scores.greedy import LONGEST_ANSWER

    weights = weights_hash(base)[:HASH_DIGITS]
    earlier = Earlier(weights, choose_placement().dtype, LONGEST_ANSWER)
    missing = [messages for messages in asked if earlier.get(messages) is None]
    if missing:
        _, texts = _asked(base.path, missing, told, stopped)
        earlier.keep(dict(zip(missing, texts, strict=True)))
    told(1.0)
    return Model(base.name, weights), [earlier.get(messages) or "" for messages in asked]


def _asked(
    model: Path, asked: Sequence[tuple[Message, ...]], told: Told, stopped: Stopped
) -> tuple[Model, list[str]]:
    """Load a model, ask it, and let go of it."""
    from chatbot.engine.loading import load
    from chatbot.training.in_memory import random_states_kept
    from chatbot.training.scores import greedy

    try:
        with random_states_kept():
            loaded = load(model)
        name, weights = loaded.entry.name, loaded.hash
        texts = greedy.answers(
            loaded, asked, told=lambda done: told(done / len(asked)), stopped=stopped
        )
        del loaded
    finally:
        gc.collect()
    return Model(name, weights), texts


def _judged(question: Question, text: str, memory: Memory) -> Answer:
    return Answer(text, question.right(text), memory.copied(text))
