"""Watching a model learn: between two steps it answers the questions of the run."""

import gc
import time
from collections.abc import Sequence

from chatbot.engine.device import Placement
from chatbot.training import answers
from chatbot.training.in_memory import chat_copy
from chatbot.training.runlog import RunLog
from chatbot.training.trainable import Trainable

SHARE = 0.1
"""A round of answers is left out where the last one took more than this share of the time trained
since: all of watching costs about a tenth of a run at most, besides the first round."""


class Watcher:
    """Asks the model of a run as it stands. The training can't tell whether it was asked.

    Args:
        questions: in the order in which they are shown.
        seed: of every answer, as before the first and after the last step.
    """

    def __init__(
        self,
        log: RunLog,
        trainable: Trainable,
        placement: Placement,
        questions: Sequence[str],
        *,
        seed: int,
    ) -> None:
        self._log = log
        self._trainable = trainable
        self._placement = placement
        self._questions = tuple(questions)
        self._seed = seed
        self._took = 0.0
        self._since = time.monotonic()
        self._given_up = False

    def begin(self) -> None:
        """The training begins now."""
        self._since = time.monotonic()

    def wanted(self, step: int) -> bool:
        """Whether a round is worth its time; where it isn't, train.log says so."""
        trained = time.monotonic() - self._since
        if self._given_up:
            return False
        if self._took > SHARE * trained:
            self._log.remark(
                f"step {step}: no answers in between; the last ones took {self._took:.1f} s, and "
                f"only {trained:.1f} s were trained since"
            )
            return False
        return True

    def ask(self, step: int) -> float:
        """One round, written whole or, where a stop is asked for between two answers, not at all.

        A model that can't be asked, for want of memory say, ends the watching, not the run.

        Returns:
            the seconds it took.

        Raises:
            OutOfResources, ChatbotError: the answers can't be written.
        """
        began = time.monotonic()
        rows = []
        try:
            model = chat_copy(
                self._trainable, self._placement, f"{self._log.run.id} at step {step}"
            )
            answering = answers.ask_loaded(
                model,
                self._questions,
                step=step,
                seed=self._seed,
                stopped=self._log.stop_requested,
            )
            del model
            rows = list(answering)
        except Exception as error:
            self._given_up = True
            self._log.trouble(error)
            self._log.note("The model could not be asked in between; train.log says why.")
        gc.collect()  # the copy, before the next step wants the memory
        if len(rows) == len(self._questions):
            for row in rows:
                self._log.answer(row)
        self._since = time.monotonic()
        self._took = self._since - began
        return self._took
