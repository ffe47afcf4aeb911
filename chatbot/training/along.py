"""How several processes carry out one command: the main one leads, the others train along."""

import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatbot.engine.prompts import TrainingExample
from chatbot.errors import BadInput
from chatbot.messages import Conversation
from chatbot.training import memory, processes
from chatbot.training.config import TrainingConfig
from chatbot.training.explained import in_plain_words
from chatbot.training.processes import AnotherEndedError, Group

_TROUBLE = "chatbot/trouble"
_PARTING = (RuntimeError, OSError)
"""What torch raises where another process is not there any more."""


def together(work: Callable[[], int]) -> int:
    """Do `work` in the main process, or alone; the others train along with it.

    Returns:
        the exit code, the same in all processes.

    Raises:
        whatever `work` raises, in the main process alone; NotAvailable: see `processes.join`.
    """
    if processes.launched() == 1:
        os.environ.pop("LOCAL_RANK", None)  # a launcher of one: the library would make it a group
        return work()
    group = processes.join()
    if not group.is_main:
        return _follow(group)
    code = 1
    try:
        code = work()
        return code
    finally:
        if not group.lost:
            with suppress(*_PARTING):
                group.tell(code)
                group.leave()


@dataclass(frozen=True)
class Task:
    """What the others need to know of a training.

    Args:
        dtype: the number format that all learn in.
        conversations: what a new model's word pieces are made of.
        examples: what is learned, in the order before it is shuffled.
        folder: where states to go on from are saved; state: the one to go on from.
        steps: optimizer steps of the whole run.
        measure_first: whether the main process measures before the first step.
    """

    config: TrainingConfig
    dtype: str
    conversations: tuple[Conversation, ...]
    examples: Sequence[TrainingExample]
    folder: Path
    state: Path | None
    steps: int
    measure_first: bool


def train(trainer: Any, task: Task) -> None:
    """Train here, in the main process, while the others train along; alone, just train.

    Raises:
        ChatbotError: one of the others can't begin, or could not go on; says why.
    """
    group = processes.current()
    if not group.is_alone:
        # When one has ended, the launcher ends all: this one has yet to write why.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        group.tell(task)
        if troubles := [trouble for trouble in group.hear_all("") if trouble]:
            raise group.another_ended(troubles[0])
    _until_the_end(trainer, task, group)


def _until_the_end(trainer: Any, task: Task, group: Group) -> None:
    try:
        trainer.train(resume_from_checkpoint=str(task.state) if task.state else None)
    except AnotherEndedError:
        raise
    except Exception as error:
        if group.is_alone:
            raise
        if _is_of_another(error):
            group.lost = True
            raise group.another_ended(_word_left()) from error
        if group.between_steps:
            group.agree(trainer.control, trouble=in_plain_words(error))
        else:
            group.lost = True
        raise
    except BaseException:
        group.lost = True
        raise


def _follow(group: Group) -> int:
    """Train along whatever the main process trains, until it says with which code to end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process decides whether to stop
    try:
        while isinstance(word := group.tell(), Task):
            _train_along(word, group)
        group.leave()
        return int(word)
    except Exception as error:
        if not isinstance(error, AnotherEndedError) and not _is_of_another(error):
            _leave_word(in_plain_words(error))
        return 1


def _train_along(task: Task, group: Group) -> None:
    trainer, trouble = None, ""
    try:
        trainer = _trainer(task)
    except Exception as error:
        trouble = in_plain_words(error)
    if any(group.hear_all(trouble)):
        return
    try:
        _until_the_end(trainer, task, group)
    except Exception:
        if group.lost:
            raise


def _trainer(task: Task) -> Any:
    from chatbot.engine.device import choose_placement
    from chatbot.training.trainable import build
    from chatbot.training.trainer import arguments, trainer_for

    if not task.folder.parent.is_dir():
        raise BadInput(
            "The folder of the run is not there for all processes.",
            value=task.folder.parent,
            remedy="Put CHATBOT_HOME on a disk that all machines share, at the same place.",
        )
    placement = choose_placement(dtype=task.dtype)
    trainable = build(task.config, task.conversations, placement)
    args = arguments(
        task.config,
        task.folder,
        steps=task.steps,
        placement=placement,
        measure_first=task.measure_first,
    )
    return trainer_for(task.config, trainable, args, task.examples)


def _is_of_another(error: Exception) -> bool:
    """Whether an exception only says that another process is not there any more."""
    words = str(error).lower()
    parted = "gloo" in words or "nccl" in words or "connection" in words
    return isinstance(error, _PARTING) and parted and not memory.ran_out(error)


def _leave_word(sentence: str) -> None:
    """For the main process, which finds this one gone. The first word counts."""
    with suppress(*_PARTING):
        _board().compare_set(_TROUBLE, "", sentence)


def _word_left() -> str:
    with suppress(*_PARTING):
        board = _board()
        if board.check([_TROUBLE]):
            return str(board.get(_TROUBLE).decode())
    return ""


def _board() -> Any:
    """Where the launcher keeps words, also of those that are gone."""
    import torch.distributed as dist

    host, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    return dist.TCPStore(host, port, is_master=False, wait_for_workers=False)
