"""Does a conversation cost as much in a large data set as in a small one?

    python -m benchmarks.train_growth [--sizes N ...]

One epoch of a GPT-2 from scratch (Pocket's shape) over data sets of growing size, made of the
starter persona's conversations; each run in a process of its own. Of each: milliseconds a
conversation before the first step, in the steps, and in the evaluations; the rest (answers, scores,
saving), which depends on no size; and the most memory. In brackets, how many times the first
size's. Aims: neither a conversation's cost nor the memory more than 1.2 times the first size's.

The memory is the most that the process held at any moment. Rows that differ in length leave gaps in
it, which go back to the system only now and then: see `trainer.TRIMS_SHARE`.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, cycle, islice
from pathlib import Path

import psutil

from chatbot import paths
from chatbot.dataset.importers import dump, read_conversations
from chatbot.messages import Conversation, user

SIZES = (1_000, 3_000, 10_000)
AIM = 1.2
LOOK = 0.1
"""Seconds between two looks at the memory of the run's process."""
RUN = """
import json, time
from collections import Counter
from chatbot.training.config import TrainingConfig
from chatbot.training.job import run_training

took, phase, since = Counter(), "preparing", time.monotonic()

def note(progress):
    global phase, since
    now = time.monotonic()
    took[phase] += now - since
    phase, since = progress.phase, now

config = TrainingConfig(method="scratch", epochs=1, batch_size=64, learning_rate=6e-3)
run_training(config, on_progress=note)
took[phase] += time.monotonic() - since
print(json.dumps(took))
"""


@dataclass(frozen=True)
class Cost:
    """Of one size: seconds a conversation by what they went into, seconds for the rest, bytes."""

    size: int
    preparing: float
    learning: float
    evaluating: float
    rest: float
    memory: int

    @property
    def a_conversation(self) -> float:
        return self.preparing + self.learning + self.evaluating


def conversations(size: int) -> list[Conversation]:
    """The starter persona's, again and again; each with another first question."""
    data = paths.shipped_dataset_path()
    known = read_conversations(data.read_bytes(), data.name).conversations
    return list(islice(_numbered(known), size))


def _numbered(known: Sequence[Conversation]) -> Iterator[Conversation]:
    for number, conversation in zip(count(1), cycle(known)):
        first, *others = conversation.messages
        if first.role == "user":
            first = user(f"{first.text} ({number})")
        yield Conversation((first, *others))


def measure(size: int, folder: Path) -> Cost:
    """Train on so many conversations, in a process and a home of its own."""
    for part in ("data", "models"):
        (folder / part).mkdir(parents=True)
    (folder / "data" / "custom_chat_data.json").write_bytes(dump(conversations(size)))
    environment = os.environ | {"CHATBOT_HOME": str(folder)}
    command = [sys.executable, "-c", RUN]
    with subprocess.Popen(
        command, cwd=paths.PROJECT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        memory = _most_memory(process)
        assert process.stdout is not None
        said = process.stdout.read()
    if process.returncode:
        raise SystemExit(f"The run over {size:,} conversations failed.")
    took: dict[str, float] = json.loads(said.splitlines()[-1])
    before = took.pop("preparing", 0.0) + took.pop("tokenising", 0.0)
    steps, evaluations = took.pop("training", 0.0), took.pop("evaluating", 0.0)
    return Cost(size, before / size, steps / size, evaluations / size, sum(took.values()), memory)


def _most_memory(process: "subprocess.Popen[str]") -> int:
    """Of all that the process held at any look until its end."""
    most, program = 0, psutil.Process(process.pid)
    while process.poll() is None:
        try:
            most = max(most, int(program.memory_info().rss))
        except psutil.Error:
            break
        time.sleep(LOOK)
    return most


def line(cost: Cost, first: Cost) -> str:
    parts = (cost.preparing, cost.learning, cost.evaluating)
    spoken = " + ".join(f"{1000 * part:.1f}" for part in parts)
    dearer, larger = cost.a_conversation / first.a_conversation, cost.memory / first.memory
    met = "met" if max(dearer, larger) <= AIM else "missed"
    return (
        f"{cost.size:>7,} conversations: {spoken} = {1000 * cost.a_conversation:.1f} ms each "
        f"({dearer:.2f} x), the rest {cost.rest:.1f} s; {cost.memory / 1e6:,.0f} MB "
        f"({larger:.2f} x)   at most {AIM:g} x: {met}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), metavar="N")
    options = parser.parse_args()
    costs: list[Cost] = []
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as folder:
            costs.append(measure(size, Path(folder)))
        print(line(costs[-1], costs[0]), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
