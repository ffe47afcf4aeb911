"""kill -9 while edits are made: a whole file, every acknowledged edit in it, undo as before."""

import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from chatbot.dataset.importers import read_conversations
from chatbot.dataset.keeper import SMALL
from chatbot.dataset.store import ConversationStore

WRITER = """
import sys
from pathlib import Path
from chatbot.dataset import write_behind
from chatbot.dataset.store import ConversationStore
from chatbot.messages import Conversation, assistant, user

write_behind.QUIET, write_behind.AT_LATEST = 0.005, 0.01  # so that many a kill meets a write
run = sys.argv[2]
store = ConversationStore(Path(sys.argv[1]), small=int(sys.argv[3]))
number = 0
while True:
    number += 1
    conversation = Conversation((user(f"{run}-{number}"), assistant("x" * 200)))
    index = store.add(conversation)
    print(f"added {run}-{number}", flush=True)
    changed = Conversation((user(f"{run}-{number}"), assistant("changed")))
    store.replace(index, conversation, changed)
    print(f"changed {run}-{number}", flush=True)
    if number % 3 == 0:
        store.add(Conversation((user("passing"), assistant("by"))))
        store.undo()
"""


def acknowledged_until_killed(path: Path, run: int, seconds: float, small: int) -> list[str]:
    """Run the writer, kill it without warning, and return what it had acknowledged."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), str(run), str(small)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert process.stdout is not None
    first = process.stdout.readline()  # it writes by now
    time.sleep(seconds)
    process.kill()
    rest, _ = process.communicate(timeout=30)
    return [line for line in (first + rest).split("\n")[:-1] if line]


@pytest.mark.parametrize("small", [SMALL, 0], ids=["written at once", "written behind"])
def test_killed_again_and_again_nothing_acknowledged_is_lost(path, dozen, small):
    chance = random.Random(420)
    acknowledged: list[str] = []
    for run in range(8):
        acknowledged += acknowledged_until_killed(path, run, chance.uniform(0.0, 0.15), small)

        found = read_conversations(path.read_bytes())
        assert not found.problems
        if not small:
            found = read_conversations(ConversationStore(path, small=0).raw_bytes())
        answers = {c.messages[0].text: c.messages[1].text for c in found.conversations}
        for line in acknowledged:
            action, name = line.split()
            assert name in answers
            if action == "changed":
                assert answers[name] == "changed", name

    assert len(acknowledged) > 20
    store = ConversationStore(path, small=small)
    final = store.snapshot().conversations
    steps = 0
    while store.snapshot().undo:
        store.undo()
        steps += 1
    assert store.snapshot().conversations == dozen
    for _ in range(steps):
        store.redo()
    assert store.snapshot().conversations == final
    store.flush()
    assert read_conversations(path.read_bytes()).conversations == final
    assert not list(path.parent.glob(f".{path.name}.*.next"))


def test_a_crash_between_journal_and_file_leaves_a_step_that_can_be_had(store, path, dozen, talk):
    store.add(talk("before", "ok"))
    old = path.read_bytes()
    store.add(talk("lost", "?"))
    path.write_bytes(old)  # as if the process had died before the rename

    again = ConversationStore(path)
    assert again.snapshot().conversations == (*dozen, talk("before", "ok"))
    again.undo()
    assert again.snapshot().conversations[-1] == talk("lost", "?")


@pytest.mark.parametrize("small", [SMALL, 0], ids=["written at once", "written behind"])
def test_threads_and_two_stores_lose_no_edit(path, dozen, talk, small, monkeypatch):
    monkeypatch.setattr("chatbot.dataset.write_behind.QUIET", 0.0)
    stores = [ConversationStore(path, small=small), ConversationStore(path, small=small)]
    failures: list[BaseException] = []

    def write(number: int) -> None:
        try:
            for n in range(5):
                stores[number % 2].add(talk(f"{number}-{n}", "ok"))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert not failures
    for store in stores:
        store.flush()
    names = {c.messages[0].text for c in read_conversations(path.read_bytes()).conversations[12:]}
    assert names == {f"{number}-{n}" for number in range(6) for n in range(5)}
