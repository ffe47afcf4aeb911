"""One run from its first phase to its last, in the thread that calls it."""

import json
import math
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatbot.engine.prompts import TrainingExample
from chatbot.errors import BadInput, ChatbotError
from chatbot.files import write_atomically
from chatbot.training import (
    along,
    answers,
    data,
    emphasis,
    memory,
    parting,
    preflight,
    processes,
    rehearsal,
    saving,
)
from chatbot.training.config import TrainingConfig
from chatbot.training.explained import in_plain_words, length_notes, rolled_back, summary
from chatbot.training.lessons import Lessons
from chatbot.training.preflight import Preflight
from chatbot.training.prepared import Prepared, facts_of
from chatbot.training.runlog import RunLog
from chatbot.training.runs import Run, step_of
from chatbot.training.scores import measure
from chatbot.training.telling import Telling
from chatbot.training.weighing import Weighing

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

    from chatbot.training.recorder import Recorder


def carry_out(run: Run, log: RunLog) -> None:
    """Do all of a run, or what is left of it, and write how it ended. Raises nothing but what
    ends a thread or a program (`KeyboardInterrupt`, `SystemExit`)."""
    try:
        _work(run, log)
    except _StoppedEarlyError:
        paused = log.pause_requested()
        log.end(
            "paused" if paused else "stopped",
            message=("Paused" if paused else "Stopped")
            + " before the first step: nothing has been learned.",
        )
    except Exception as error:
        from chatbot.training.recorder import DivergedError

        log.trouble(error)
        diverged = isinstance(error, DivergedError)
        with suppress(ChatbotError):  # a disk too full for that leaves "interrupted", which is true
            log.end(
                "failed",
                message=rolled_back(run) if diverged else "",
                error=in_plain_words(error),
                resumable=not diverged,
            )
    except BaseException:
        with suppress(ChatbotError):
            log.end("interrupted", message="The run was broken off; it can be resumed.")
        raise


class _StoppedEarlyError(Exception):
    """A stop was asked for before there was anything to keep."""


def _work(run: Run, log: RunLog) -> None:
    config = run.config
    source = data.source_of((run.path / "data.json").read_bytes(), "data.json")
    plan = preflight.check_again(config, source)
    saving.clear_leftovers(run)
    for note in plan.notes:
        log.note(note)
    asked = _questions(config, plan)
    if run.is_trained and run.best_checkpoint is not None:  # it was broken off while answering
        log.forget_after(log.status.step)
        checkpoint, stopped, took = run.best_checkpoint, False, None
    else:
        state = saving.last_state(run)
        log.forget_after(step_of(state) if state else -1)
        log.update("preparing", total_steps=plan.steps, step=step_of(state) if state else 0)
        took = _answer_untuned(run, log, config, asked)
        checkpoint, stopped = _learn(run, log, config, plan, state, after=took)
        memory.give_back()  # the model in training form, before the finished one is loaded
    if stopped and log.pause_requested():
        log.end("paused", message=f"Paused at step {log.status.step}.")
        return
    if stopped or not log.stop_requested():
        log.update("answering", seconds_left=took)
        for row in answers.ask(checkpoint, asked, step=step_of(checkpoint), seed=config.seed):
            log.answer(row)
    if not stopped and not log.stop_requested():
        log.update("scoring", seconds_left=None)
        measure.at_the_end(run, log, checkpoint)
    log.end("stopped" if stopped else "finished", message=summary(run, checkpoint))


def _questions(config: TrainingConfig, plan: Preflight) -> tuple[str, ...]:
    return answers.questions_for(config.questions, plan.parts.held_out, plan.parts.train)


def _answer_untuned(run: Run, log: RunLog, config: TrainingConfig, asked: tuple[str, ...]) -> float:
    """Ask the base model; returns the seconds that took. A new model has nothing to say yet."""
    if config.method == "scratch":
        return len(asked) * 0.5
    known = {row["question"] for row in run.answers() if row["step"] == 0}
    if not (missing := [question for question in asked if question not in known]):
        return len(asked) * 2.0
    log.update("answering")
    began = time.monotonic()
    for row in answers.ask(
        config.base_model, missing, step=0, seed=config.seed, stopped=log.stop_requested
    ):
        log.answer(row)
    return time.monotonic() - began


def _learn(
    run: Run,
    log: RunLog,
    config: TrainingConfig,
    plan: Preflight,
    state: Path | None,
    *,
    after: float,
) -> tuple[Path, bool]:
    """Train, where memory runs out with smaller batches, from the last state on.

    Returns:
        the checkpoint to chat with, and whether a stop was asked for.
    """
    while True:
        try:
            return _learn_so(run, log, config, plan, state, after=after)
        except Exception as error:
            retry = memory.ran_out(error) and processes.current().is_alone
            smaller = memory.smaller_batch(config) if retry else None
            if smaller is None:
                raise
            log.trouble(error)
        # Only here, where the exception is gone, has it let go of the model.
        memory.give_back()
        config = _go_on_with(smaller, run, log, config.batch_size)
        state = saving.last_state(run)
        log.forget_after(step_of(state) if state else -1)


def _go_on_with(smaller: TrainingConfig, run: Run, log: RunLog, batch_size: int) -> TrainingConfig:
    """Write the smaller batch into the settings, so that a resume does not run into it again."""
    write_atomically(run.path / "config.json", smaller.to_json())
    log.note(
        f"The memory did not suffice for batches of {batch_size}: it goes on with "
        f"{smaller.gradient_accumulation} batches of {smaller.batch_size} a step, which learns the "
        "same."
    )
    return smaller


def _learn_so(
    run: Run,
    log: RunLog,
    config: TrainingConfig,
    plan: Preflight,
    state: Path | None,
    *,
    after: float,
) -> tuple[Path, bool]:
    """Prepare, train and write the last model beside the best."""
    prepared = _prepare(run, log, config, plan)
    recorder = _train(run, log, prepared, state, after=after)
    log.update("saving")
    last = recorder.export(log.status.step, best=prepared.keeps_last)
    if recorder.ended_early:
        log.note(
            f"Ended early: the held-out loss had not fallen in {config.patience} evaluations, so "
            "more steps would rather learn the conversations by heart."
        )
    if not recorder.stopped:
        log.trained()
        saving.keep_only_state(run, None)
    return run.best_checkpoint or last, recorder.stopped


def _prepare(run: Run, log: RunLog, config: TrainingConfig, plan: Preflight) -> Prepared:
    from chatbot.training.number_format import placement_for_training
    from chatbot.training.trainable import build

    if log.stop_requested():
        raise _StoppedEarlyError
    log.update("preparing")
    placement = placement_for_training(run.facts)
    log.remark(f"It learns in {placement.dtype}. {placement.reason}")
    trainable = build(config, plan.parts.train, placement)
    log.update("tokenising")
    length = min(config.max_length, trainable.window)
    weigh = _weighing(config, plan, trainable.tokenizer)
    train = data.tokenise(trainable.tokenizer, plan.parts.train, length, weigh)
    held_out = data.tokenise(trainable.tokenizer, plan.parts.held_out, length)
    if not train.examples:
        raise BadInput(
            "No conversation fits: even the first answers are too long.",
            value=f"longest conversation {length} tokens",
            remedy="Raise the longest conversation, or shorten the answers.",
        )
    for note in length_notes(train, held_out, length):
        log.note(note)
    if log.stop_requested():
        raise _StoppedEarlyError
    again = emphasis.again(plan.parts.train, config)
    more = data.tokenise(trainable.tokenizer, again, length, weigh)
    train = replace(train, examples=train.examples + more.examples)
    steps = config.steps(len(train.examples))
    plan = replace(plan, steps=steps, every=max(1, -(-steps // config.evaluations)))
    prepared = Prepared(config, plan, placement, trainable, weigh, train, held_out)
    facts = facts_of(run, prepared)
    write_atomically(run.path / "run.json", json.dumps(facts, indent=2) + "\n")
    return prepared


def _weighing(
    config: TrainingConfig, plan: Preflight, tokenizer: "PreTrainedTokenizerFast"
) -> Weighing:
    """Told by all that could be learned: what is asked for shows in many conversations."""
    wanted = config.telling_weight != 1.0
    known = parting.offered(plan.source, config).train if wanted else ()
    return Weighing(tokenizer, Telling(known), config.telling_weight)


def _train(
    run: Run, log: RunLog, prepared: Prepared, state: Path | None, *, after: float
) -> "Recorder":
    from chatbot.engine.device import choose_placement
    from chatbot.training.recorder import Pace, Recorder
    from chatbot.training.trainer import arguments, trainer_for
    from chatbot.training.watching import Watcher

    config, plan, held_out = prepared.config, prepared.plan, prepared.held_out.examples
    trainable, placement = prepared.trainable, prepared.placement
    watcher = Watcher(
        log, trainable, choose_placement(), _questions(config, plan), seed=config.seed
    )
    rows = run.metrics()
    log.update(total_steps=plan.steps)
    recorder = Recorder(
        log,
        trainable,
        total=plan.steps,
        every=plan.every,
        measured=bool(held_out),
        pace=Pace(after=after),
        seconds_before=max((row["seconds"] for row in rows), default=0.0),
        best=min(
            (r["eval_loss"] for r in rows if "eval_loss" in r and r["step"]), default=math.inf
        ),
        watcher=watcher,
        keeps_last=prepared.keeps_last,
        patience=0 if prepared.corrects else config.patience,
        unimproved=_unimproved(rows),
        device=placement.device,
    )
    first = bool(held_out) and state is None
    folder = saving.state_folder(run)
    args = arguments(config, folder, steps=plan.steps, placement=placement, measure_first=first)
    examples = _to_learn(prepared)
    trainer = trainer_for(config, trainable, args, examples, held_out, [recorder])
    learned = plan.parts.train
    task = along.Task(config, placement.dtype, learned, examples, folder, state, plan.steps, first)
    along.train(trainer, task)
    return recorder


def _unimproved(rows: Sequence[Mapping[str, Any]]) -> int:
    """Evaluations since the best one."""
    losses = [row["eval_loss"] for row in rows if "eval_loss" in row and row["step"]]
    return len(losses) - 1 - losses.index(min(losses)) if losses else 0


def _to_learn(prepared: Prepared) -> Sequence[TrainingExample]:
    config, tokenizer = prepared.config, prepared.trainable.tokenizer
    learned = prepared.plan.parts.train
    learned += emphasis.again(learned, config)
    if config.method != "scratch":
        return rehearsal.between(prepared.train.examples, learned, config, tokenizer)
    count = prepared.plan.steps * config.conversations_a_step
    length = min(config.max_length, prepared.trainable.window)
    return Lessons(tokenizer, learned, count, length, config.seed, prepared.weigh)
