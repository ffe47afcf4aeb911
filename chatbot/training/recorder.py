"""The Trainer's callback: decides when to log, measure and save, and writes down what happens."""

import math
import time
from collections import deque
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from chatbot.errors import ChatbotError
from chatbot.training import memory, saving
from chatbot.training.runlog import STATUS_EVERY, RunLog
from chatbot.training.trainable import Trainable
from chatbot.training.watching import SHARE, Watcher

SAVING_SHARE = 0.03
"""At most this share of the time goes into saving states."""
DISK_SPEED = 300e6
"""Bytes a second, guessed until a first save has been timed."""


class DivergedError(ChatbotError):
    """The loss is no number any more; going on, or resuming, can't mend it."""


class Pace:
    """How fast a run goes and what is left of it.

    Steps count by their last twenty, without the first of all, which warms up. An evaluation
    counts by its last one, and so does a round of answers.
    """

    def __init__(self, *, after: float = 0.0) -> None:
        self._steps: deque[tuple[float, int]] = deque(maxlen=20)
        self._warm = False
        self._evaluation = 0.0
        self._round = 0.0
        self.after = after
        """Seconds that saving and answering will take when the last step is done."""

    def add_step(self, seconds: float, tokens: int) -> None:
        if not self._warm and self._steps:
            self._steps.clear()
            self._warm = True
        self._steps.append((seconds, tokens))

    def add_evaluation(self, seconds: float) -> None:
        self._evaluation = seconds

    def add_round(self, seconds: float) -> None:
        self._round = seconds

    @property
    def tokens_per_second(self) -> float | None:
        seconds = sum(step[0] for step in self._steps)
        return sum(step[1] for step in self._steps) / seconds if seconds > 0 else None

    def seconds_left(self, steps: int, evaluations: int) -> float | None:
        if not self._steps:
            return None
        a_step = sum(step[0] for step in self._steps) / len(self._steps)
        training = steps * a_step
        watching = min(evaluations * self._round, SHARE * training)
        return training + evaluations * self._evaluation + watching + self.after


class Recorder(TrainerCallback):
    """Follows one training.

    Args:
        total: optimizer steps of the whole run.
        every: steps between two evaluations; the last step always has one.
        measured: whether there is anything held out.
        seconds_before: how long the run had trained when it was interrupted.
        best: the lowest held-out loss so far, and pace: what the end will take.
        watcher: asks the model at every evaluation, or as often where nothing is held out.
        keeps_last: whether the last model is the one to chat with, best or not. It is asked as a
            checkpoint, when the training is over.
        patience: evaluations in a row without a new best that end the training; 0 is never.
        unimproved: how many there have been by now.
        device: whose memory is told.
    """

    def __init__(
        self,
        log: RunLog,
        trainable: Trainable,
        *,
        total: int,
        every: int,
        measured: bool,
        pace: Pace,
        seconds_before: float = 0.0,
        best: float = math.inf,
        watcher: Watcher | None = None,
        keeps_last: bool = False,
        patience: int = 0,
        unimproved: int = 0,
        device: str = "cpu",
    ) -> None:
        self._log = log
        self._trainable = trainable
        self._total = total
        self._every = every
        self._measured = measured
        self._pace = pace
        self._before = seconds_before
        self._best = best
        self._watcher = watcher
        self._keeps_last = keeps_last
        self._patience = patience
        self._unimproved = unimproved
        self._device = device
        self._memory: tuple[int, int] | None = None
        self._memory_at = 0.0
        self._tokens = 0
        self._began = self._step_began = self._saved_at = time.monotonic()
        self._phase_began = 0.0
        self._saving_takes: float | None = None
        self.stopped = False
        self.ended_early = False

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, *_: Any, **__: Any
    ) -> None:
        self._began = self._saved_at = self._phase_began = time.monotonic()
        self._tokens = state.num_input_tokens_seen
        if self._watcher is not None:
            self._watcher.begin()
        measuring = self._measured and state.global_step == 0
        self._log.update("evaluating" if measuring else "training", step=state.global_step)

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        self._step_began = time.monotonic()

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> TrainerControl:
        tokens = state.num_input_tokens_seen
        self._pace.add_step(time.monotonic() - self._step_began, tokens - self._tokens)
        self._tokens = tokens
        step = state.global_step
        last = step >= self._total
        if step % self._every == 0 and not last and not self._measured:
            self._watch(state)
        if self._log.stop_requested() and not last:
            self.stopped = control.should_training_stop = last = True
        control.should_log = True
        control.should_evaluate = self._measured and (step % self._every == 0 or last)
        cheap = step % self._every == 0 and not last and self._saving_is_cheap()
        control.should_save = self.stopped or cheap
        self._report("training", state)
        if control.should_evaluate:
            self._report("evaluating", state)
        self._phase_began = time.monotonic()
        return control

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **happened: Any,
    ) -> None:
        logs: dict[str, float] = happened["logs"]
        if "loss" in logs:
            _refuse_nonsense(logs, state.global_step)
            speed = self._pace.tokens_per_second
            row = {key: logs[key] for key in ("loss", "grad_norm", "learning_rate")}
            self._write(state, row | ({} if speed is None else {"tokens_per_second": speed}))
        elif "eval_loss" in logs:
            _refuse_nonsense(logs, state.global_step)
            self._write(state, {"eval_loss": logs["eval_loss"]})

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **happened: Any,
    ) -> None:
        loss = happened["metrics"]["eval_loss"]
        self._pace.add_evaluation(time.monotonic() - self._phase_began)
        step, best = state.global_step, loss < self._best
        if step > 0 and best:
            self._best = loss
            self._report("saving", state)
            self.export(step, best=True)
        self._unimproved = 0 if best or not step else self._unimproved + 1
        last = step >= self._total
        if self._patience and self._unimproved >= self._patience and not (last or self.stopped):
            self.ended_early = control.should_training_stop = last = True
            control.should_save = False  # there is nothing to go on with
        if step > 0 and not self.stopped and not (last and (best or self._keeps_last)):
            self._watch(state)
            if self._log.stop_requested() and not last:
                self.stopped = control.should_training_stop = control.should_save = True
        self._phase_began = time.monotonic()
        self._report("saving" if control.should_save else "training", state)

    def on_save(self, args: TrainingArguments, state: TrainerState, *_: Any, **__: Any) -> None:
        """The library has written a state: from here on it counts, and the one before goes."""
        folder = saving.state_folder(self._log.run) / f"checkpoint-{state.global_step}"
        saving.mark_complete(folder)
        saving.keep_only_state(self._log.run, folder)
        self._saved_at = time.monotonic()
        self._saving_takes = self._saved_at - self._phase_began
        self._report("training", state)

    def export(self, step: int, *, best: bool) -> Path:
        """Write the model of this step as a checkpoint to chat with; the best and it remain."""
        run = self._log.run
        own = self._trainable
        folder = run.path / f"checkpoint-{step}"
        if best or not folder.is_dir():
            saving.export(own.model, own.tokenizer, folder, base=own.base)
        if best:
            self._log.name_best(folder)
        kept = {folder, run.best_checkpoint or folder}
        saving.keep_only_checkpoints(run, kept)
        return folder

    def _watch(self, state: TrainerState) -> None:
        watcher, step = self._watcher, state.global_step
        if watcher is not None and not self._log.stop_requested() and watcher.wanted(step):
            self._report("answering", state)
            self._pace.add_round(watcher.ask(step))

    def _saving_is_cheap(self) -> bool:
        takes = self._saving_takes
        if takes is None:
            takes = 12 * self._trainable.trained_parameters / DISK_SPEED
        return takes < SAVING_SHARE * (time.monotonic() - self._saved_at)

    def _write(self, state: TrainerState, values: dict[str, float]) -> None:
        seconds = self._before + time.monotonic() - self._began
        row = {"step": state.global_step, "epoch": state.epoch or 0.0, "seconds": seconds}
        self._log.metric(row | values)

    def _report(self, phase: Any, state: TrainerState) -> None:
        step = state.global_step
        evaluations = math.ceil((self._total - step) / self._every) if self._measured else 0
        self._log.update(
            phase,
            step=step,
            seconds_left=self._pace.seconds_left(self._total - step, evaluations),
            tokens_per_second=self._pace.tokens_per_second,
            **self._memory_now(),
        )

    def _memory_now(self) -> dict[str, int]:
        """Looked at twice a second: more would cost short steps their time."""
        if self._memory is None or time.monotonic() - self._memory_at > STATUS_EVERY:
            self._memory, self._memory_at = memory.in_use(self._device), time.monotonic()
        return {"memory": self._memory[0], "memory_free": self._memory[1]}


def _refuse_nonsense(logs: dict[str, float], step: int) -> None:
    names = [name for name in ("loss", "grad_norm", "eval_loss") if name in logs]
    if all(math.isfinite(logs[name]) for name in names):
        return
    raise DivergedError(
        f"At step {step} the loss stopped being a number: the training has diverged and was "
        "stopped.",
        remedy="Start again with a learning rate ten times smaller, or a longer warm-up.",
    )
