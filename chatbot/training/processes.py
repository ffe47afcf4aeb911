"""Several processes that learn one run together: who they are and what they agree on.

A launcher (`torchrun`, `accelerate launch`) starts the same command in each of them. The first, the
main process, carries out the run as if it were alone; the others only train along: they neither
print nor write anything but their random states (see `along`). With one process nothing here does
anything, and torch's part for several is not even started.
"""

import gc
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from chatbot.errors import BadInput, ChatbotError, NotAvailable

if TYPE_CHECKING:
    from transformers import TrainerControl

Item = TypeVar("Item")

PATIENCE = timedelta(days=1)
"""How long the others wait for the main process, which measures, answers and saves meanwhile. One
that died is noticed at once: its connections break."""
_DECISIONS = (
    "should_training_stop",
    "should_epoch_stop",
    "should_save",
    "should_evaluate",
    "should_log",
)


class AnotherEndedError(ChatbotError):
    """Another process of the run could not go on, and so none can."""


class Group:
    """The processes of a run, seen from one of them.

    Args:
        count: how many there are.
        index: which one this is; 0 is the main process.
        channel: torch's group for what they tell each other: on the processor, patient, and apart
            from that of the gradients. None for one process.
    """

    def __init__(self, count: int = 1, index: int = 0, channel: Any = None) -> None:
        self.count = count
        self.index = index
        self._channel = channel
        self.between_steps = False
        """No gradients are exchanged at the moment, and all come to `agree` next."""
        self.lost = False
        """The others may be anywhere: they can't be told anything any more."""

    @property
    def is_main(self) -> bool:
        return self.index == 0

    @property
    def is_alone(self) -> bool:
        return self.count == 1

    def share_of(self, batch_size: int) -> int:
        """How many conversations of a batch each process takes.

        Raises:
            BadInput: the batch can't be shared evenly.
        """
        share, left = divmod(batch_size, self.count)
        if left or not share:
            fitting = [str(n * self.count) for n in (share, share + 1) if n]
            raise BadInput(
                f"{self.count} processes can't share a batch evenly.",
                value=f"batch size {batch_size}",
                remedy=f"Choose a batch size of {' or '.join(fitting)}: it is that of all "
                "processes together.",
            )
        return share

    def part_of(self, batch: Sequence[Item]) -> Sequence[Item]:
        """What this process takes of a batch. The last of a pass over the data may be so small
        that nothing is left for it."""
        return batch[self.index :: self.count]

    def tell(self, word: Any = None) -> Any:
        """All hear the `word` of the main process."""
        import torch.distributed as dist

        words = [word]
        dist.broadcast_object_list(words, src=0, group=self._channel)
        return words[0]

    def hear_all(self, word: str) -> list[str]:
        """All hear the words of all, in the order of the processes."""
        import torch.distributed as dist

        words: list[Any] = [""] * self.count
        dist.all_gather_object(words, word, group=self._channel)
        return words

    def agree(self, control: "TrainerControl", *, trouble: str = "") -> None:
        """Between two steps: what the main process has decided about logging, measuring, saving
        and stopping counts for all, and so does the trouble of one.

        Raises:
            AnotherEndedError: another one can't go on.
        """
        if self.is_alone:
            return
        import torch
        import torch.distributed as dist

        own = torch.tensor([bool(trouble), *(getattr(control, name) for name in _DECISIONS)])
        all_of = [torch.empty_like(own) for _ in range(self.count)]
        dist.all_gather(all_of, own, group=self._channel)
        if any(bool(given[0]) for given in all_of):
            self.between_steps = False
            words = [word for word in self.hear_all(trouble) if word]
            if not trouble:
                raise self.another_ended(words[0])
            return
        for name, decided in zip(_DECISIONS, all_of[0][1:].tolist(), strict=True):
            setattr(control, name, bool(decided))

    def another_ended(self, why: str) -> AnotherEndedError:
        return AnotherEndedError(
            f"One of the {self.count} processes could not go on, and the run ended with it.",
            value=why or "it left no word",
            remedy="Resume the run: it goes on from its last saved state.",
        )

    def leave(self) -> None:
        """The end: waits for torch's threads, as one that let go of a tensor while Python ends
        would abort the process. They end only once nobody holds their group any more."""
        import torch.distributed as dist

        self._channel = None
        dist.destroy_process_group()
        gc.collect()


_current = Group()


def current() -> Group:
    """The group that this process has joined; a group of one before."""
    return _current


def launched() -> int:
    """How many processes a launcher has started, this one included; 1 without a launcher."""
    count = os.environ.get("WORLD_SIZE", "")
    return int(count) if "RANK" in os.environ and count.isdigit() else 1


@contextmanager
def only_main_speaks() -> Iterator[None]:
    """What the others print is what the main process prints as well: nobody needs it twice."""
    with ExitStack() as stack:
        if launched() > 1 and os.environ["RANK"] != "0":
            nowhere = stack.enter_context(Path(os.devnull).open("w", encoding="utf-8"))
            stack.enter_context(redirect_stdout(nowhere))
            stack.enter_context(redirect_stderr(nowhere))
        yield


def join() -> Group:
    """Meet the other processes; returns when all are there.

    Raises:
        NotAvailable: this machine can't compute together with others.
    """
    import torch
    import torch.distributed as dist
    from accelerate import PartialState

    from chatbot.engine.device import choose_placement

    device = choose_placement().device.partition(":")[0]
    if device == "mps" or not dist.is_available():
        raise NotAvailable(
            "Several processes can learn together on processors or on CUDA graphics cards.",
            value=device,
            remedy="Start it without a launcher, or set CHATBOT_DEVICE=cpu.",
        )
    # Accelerate would warn, in each process, that it had to choose the threads.
    os.environ.setdefault("OMP_NUM_THREADS", str(torch.get_num_threads()))
    state = PartialState(cpu=device == "cpu")
    channel = dist.new_group(backend="gloo", timeout=PATIENCE)
    global _current
    _current = Group(state.num_processes, state.process_index, channel)
    return _current
