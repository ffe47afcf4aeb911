"""How do the conversations behave when there are many of them?

    python -m benchmarks.dataset [--sizes 1000 10000 100000] [--seed N]

Makes data sets of about 500 bytes a conversation, and for each of them measures, in a process of
its own: opening, searching, editing, undoing, writing, memory, the doctor, and the page in a
browser. Beside each figure stands what the same machine takes for the bare work at that moment (the
baseline), the ratio of the two, and how the figure grew from the size before. Aims hold for 100,000
conversations, 50 MB.
"""

import argparse
import gc
import json
import multiprocessing
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.browsing import BARE, browser, server
from chatbot import paths
from chatbot.dataset.checkup import Checkup
from chatbot.dataset.importers import dump
from chatbot.dataset.marks import with_liked, with_note, with_tags
from chatbot.dataset.search import find
from chatbot.dataset.store import ConversationStore
from chatbot.errors import NotAvailable
from chatbot.messages import Conversation, Message, Role, user

SIZES = (1_000, 10_000, 100_000)
EDITS = 20
PATIENCE = 600.0
"""Seconds; the first round of the doctor is long."""
LIST = ".st-key-dataset_list"
RARE = "quixotic"
ENGLISH = """
the of and a to in is you that it he was for on are as with his they at be this have from or one had
by word but not what all were we when your can said there use an each which she do how their if will
up other about out many then them these so some her would make like him into time has look two more
write go see number no way could people my than first water been call who oil its now find long down
day did get come made may part sound light ship keep lamp storm harbour rope
"""
FOREIGN = "straße größe naïve garçon mañana привет спасибо 日本語 灯台 مرحبا 👋 🎉 İstanbul"
FAULTS = ("", "   ", "<|im_end|> ", "As an AI language model, ", "{{name}} ", "Ã¤Ã¶ ")


def conversations(number: int, seed: int = 420) -> list[Conversation]:
    """Varied ones: two to six turns, some in other alphabets, with marks, or with something to
    mend; the same for the same seed."""
    chance = random.Random(seed)
    made: list[Conversation] = []
    for n in range(number):
        made.append(made[-7] if n > 7 and chance.random() < 0.01 else _conversation(n, chance))
    return made


def _conversation(number: int, chance: random.Random) -> Conversation:
    words = (ENGLISH + FOREIGN if chance.random() < 0.15 else ENGLISH).split()
    turns = chance.choice((2, 2, 2, 4, 4, 6))
    texts = [
        " ".join(chance.choices(words, k=chance.randint(60, 100) // turns)) for _ in range(turns)
    ]
    if chance.random() < 0.001:
        texts[0] = f"{RARE} {texts[0]}"
    if chance.random() < 0.02:
        texts[chance.randrange(turns)] = chance.choice(FAULTS) + texts[0][:40]
    roles: tuple[Role, Role] = ("user", "assistant")
    messages = tuple(Message(roles[n % 2], text) for n, text in enumerate(texts))
    made = Conversation(messages, {"id": number} if chance.random() < 0.1 else {})
    if chance.random() < 0.1:
        made = with_tags(made, chance.sample(("greeting", "weather", "sea", "long"), 2))
    if chance.random() < 0.05:
        made = with_note(with_liked(made, True), "Read again.")
    return made


@dataclass(frozen=True)
class Figure:
    """One line of the table: seconds (or bytes), beside those of the baseline.

    Attributes:
        aim: how many at most, where 100,000 conversations are measured; None: no aim.
        unit: "s", or "MB" for memory.
    """

    what: str
    ours: float
    baseline: float
    beside: str
    aim: float | None = None
    unit: str = "s"


Measurement = Callable[["Bench"], Iterator[Figure]]


@dataclass(frozen=True)
class Bare:
    """The bare work on the same file: its bytes, and the seconds to parse them, to look through
    them as one text, to write them safely."""

    size: int
    parse: float
    scan: float
    write: float


@dataclass(frozen=True)
class Bench:
    """What a measurement works on."""

    store: ConversationStore
    bare: Bare


def bare_work(path: Path) -> Bare:
    data = path.read_bytes()
    text = data.decode()
    beside = path.with_suffix(".beside")
    parse = statistics.median(_timed(lambda: json.loads(data)) for _ in range(3))
    scan = statistics.median(_timed(lambda: text.find("nowhere to be found")) for _ in range(3))
    write = statistics.median(_timed(lambda: _written(beside, data)) for _ in range(3))
    beside.unlink()
    return Bare(len(data), parse, scan, write)


def opening(path: Path, bare: Bare) -> list[Figure]:
    """A file that was never opened here; afterwards its history is known."""
    first = _timed(ConversationStore(path).snapshot)
    store = ConversationStore(path)
    store.add(Conversation((user("The history has begun."),)))  # waits until the file is kept
    store.flush()
    return [Figure("opened for the first time", first, bare.parse, "json.loads", 1.5)]


def measure(path: Path, bare: Bare) -> list[Figure]:
    """Everything else, in a process that has done nothing before."""
    before, aim = _resident(), 5.0 * bare.size
    store = ConversationStore(path)
    cold = _timed(store.snapshot)
    loaded = _resident() - before
    figures = [
        Figure("opened", cold, bare.parse, "json.loads", 1.5),
        Figure("memory once opened", loaded, bare.size, "file", aim, "MB"),
    ]
    for measurement in MEASUREMENTS:
        figures += measurement(Bench(store, bare))
    gc.collect()
    grown = _resident() - before
    return [*figures, Figure("memory after all", grown, bare.size, "file", aim, "MB")]


def looking(bench: Bench) -> Iterator[Figure]:
    again = statistics.median(_timed(bench.store.snapshot) for _ in range(EDITS))
    yield Figure("opened again", again, bench.bare.parse, "json.loads")


def searching(bench: Bench) -> Iterator[Figure]:
    rows = bench.store.snapshot().conversations
    first = _timed(lambda: find(rows, RARE))
    yield Figure("words laid out, beside the page", first, bench.bare.scan, "str.find")
    queries = {"a rare word": RARE, "a common word": "water", "two words": "light harbour"}
    for name, query in queries.items():
        taken = statistics.median(_timed(partial(find, rows, query)) for _ in range(3))
        yield Figure(f"search: {name}", taken, bench.bare.scan, "str.find", 0.3)
    typed = [_timed(partial(find, rows, "lighthouse"[:n])) for n in range(1, 11)]
    yield Figure("search: slowest letter typed", max(typed), bench.bare.scan, "str.find", 0.3)


def editing(bench: Bench) -> Iterator[Figure]:
    store, taken = bench.store, []
    for n in range(EDITS):
        index = n * 37
        old = store.snapshot().conversations[index]
        new = replace(old, messages=(*old.messages[:-1], Message("assistant", f"Edit {n}.")))
        taken.append(_timed(partial(store.replace, index, old, new)))
    middle = statistics.median(taken)
    yield Figure("an edit safe on disk: median", middle, bench.bare.write, "write", 0.1)
    yield Figure(
        f"an edit safe on disk: worst of {EDITS}", max(taken), bench.bare.write, "write", 0.1
    )
    rows = store.snapshot().conversations
    yield Figure(
        "search after an edit",
        _timed(lambda: find(rows, "water")),
        bench.bare.scan,
        "str.find",
        0.3,
    )
    yield Figure("undo", _timed(store.undo), bench.bare.write, "write", 0.1)
    yield Figure("written behind", _timed(store.flush), bench.bare.write, "write")


def examining(bench: Bench) -> Iterator[Figure]:
    """The doctor works behind the page; after an edit only that is looked at again."""
    checkup, snapshot = Checkup(), bench.store.snapshot()
    started = time.perf_counter()
    checkup.request(snapshot.conversations, snapshot.version)
    checkup.wait(PATIENCE)
    yield Figure(
        "doctor: first round", time.perf_counter() - started, bench.bare.parse, "json.loads"
    )
    old = snapshot.conversations[7]
    bench.store.replace(7, old, replace(old, messages=(*old.messages[:-1], user("Edited."))))
    snapshot = bench.store.snapshot()
    started = time.perf_counter()
    checkup.request(snapshot.conversations, snapshot.version)
    checkup.wait(PATIENCE)
    yield Figure(
        "doctor: after an edit", time.perf_counter() - started, bench.bare.parse, "json.loads"
    )


MEASUREMENTS: Sequence[Measurement] = (looking, searching, editing, examining)


def page(path: Path) -> list[Figure]:
    """The Dataset page in a browser: on a server that has just started, in browsers that know
    nothing of it, in one that was there before, and from another page of ours."""
    with tempfile.TemporaryDirectory() as folder, browser() as chromium:
        (Path(folder) / "bare.py").write_text(BARE, encoding="utf-8")
        with server(Path(folder), "bare.py", {}) as address:
            bare = [_seen(chromium, address, "h1") for _ in range(3)][1:]
        data = Path(folder) / "data"
        data.mkdir()
        shutil.copy(path, data / paths.dataset_path().name)
        with server(paths.PROJECT, "app.py", {"CHATBOT_HOME": folder}) as address:
            first, *fresh = (_seen(chromium, f"{address}/dataset", LIST) for _ in range(4))
            view = chromium.new_context().new_page()
            view.goto(f"{address}/dataset")
            reloaded, turned = zip(*(_again(view) for _ in range(3)), strict=True)
    quick = statistics.median(bare)
    return [
        Figure("page: first on this server", first, quick, "bare page"),
        Figure("page: in a new browser", statistics.median(fresh), quick, "bare page", 1.5),
        Figure("page: reloaded", statistics.median(reloaded), quick, "bare page", 1.5),
        Figure("page: from the menu", statistics.median(turned), quick, "bare page", 1.5),
    ]


def _seen(chromium: Any, address: str, wanted: str) -> float:
    """Seconds from the address to what one came for, in a window that knows nothing yet."""
    context = chromium.new_context()
    view = context.new_page()
    taken = _timed(lambda: _arrived(view, lambda: view.goto(address), wanted))
    context.close()
    return taken


def _again(view: Any) -> tuple[float, float]:
    """Seconds until the list is there: after a reload, and back from the chat by the menu."""
    _arrived(view, lambda: None, LIST)
    reloaded = _timed(lambda: _arrived(view, view.reload, LIST))
    _arrived(view, lambda: _turn_to(view, "Chat"), "[data-testid=stChatInputTextArea]")
    view.wait_for_timeout(1000)
    return reloaded, _timed(lambda: _arrived(view, lambda: _turn_to(view, "Dataset"), LIST))


def _arrived(view: Any, go: Callable[[], object], wanted: str) -> None:
    go()
    view.locator(wanted).first.wait_for(timeout=PATIENCE * 1000)


def _turn_to(view: Any, title: str) -> None:
    view.get_by_test_id("stSidebarNav").get_by_role("link", name=title).click()


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _written(path: Path, data: bytes) -> None:
    with path.open("wb") as handle:
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())


def _resident() -> float:
    """Bytes of memory that this process holds; not a number where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return float("nan")
    return float(pages * os.sysconf("SC_PAGE_SIZE"))


def figures(number: int, seed: int) -> list[Figure]:
    """All figures for so many conversations; each part in a fresh process, where nothing is warm
    and the memory is its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "conversations.json"
        path.write_bytes(dump(conversations(number, seed)))
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=context, max_tasks_per_child=1) as pool:
            bare = pool.submit(bare_work, path).result()
            parts = [pool.submit(part, path, bare).result() for part in (opening, measure)]
        try:
            parts.append(page(path))
        except NotAvailable as error:
            print(f"The page was not measured: {error}", file=sys.stderr)
        return [figure for part in parts for figure in part]


def line(figure: Figure, number: int, before: Mapping[str, Figure]) -> str:
    """One row of the table."""
    smaller = before.get(figure.what)
    scale = 1024**2 if figure.unit == "MB" else 1
    ours, bare = figure.ours / scale, figure.baseline / scale
    digits = 1 if figure.unit == "MB" else 4
    growth = f"x {figure.ours / smaller.ours:.1f}" if smaller else ""
    verdict = ""
    if figure.aim is not None and number == SIZES[-1]:
        verdict = f"at most {figure.aim / scale:.3g}: "
        verdict += "met" if figure.ours <= figure.aim else "missed"
    return (
        f"{figure.what:<33} {ours:9.{digits}f} {figure.unit:<2} {growth:>8}  "
        f"{figure.beside:>10} {bare:9.{digits}f} {ours / bare:8.2f} x  {verdict}"
    ).rstrip()


def main(arguments: list[str] | None = None) -> int:
    """Print a table for each size."""
    parser = argparse.ArgumentParser(description="The conversations at growing numbers.")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--seed", type=int, default=420)
    options = parser.parse_args(arguments)
    if min(options.sizes) < 1_000:
        parser.error("--sizes must be at least 1000 each")
    before: dict[str, Figure] = {}
    for number in options.sizes:
        measured = figures(number, options.seed)
        print(f"{number:,} conversations".ljust(46), "growth     baseline               ratio")
        for figure in measured:
            print(line(figure, number, before), flush=True)
        before = {figure.what: figure for figure in measured}
    return 0


if __name__ == "__main__":
    sys.exit(main())
