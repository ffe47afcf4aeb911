"""`python -m chatbot models fetch|import`: models from the hub or from this machine, checked.

Progress goes to standard error; Ctrl-C pauses a download, and the same command goes on with it.
"""

import argparse
import json
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chatbot.fetching.download import Progress


def add_to(actions: Any) -> None:
    """Add the commands to the parser of `models`."""
    fetch = actions.add_parser(
        "fetch",
        help="fetch a model from the Hugging Face hub",
        description="Fetches config, tokenizer and safetensors of a model, checks them and puts "
        "them into models/. A download that was interrupted is gone on with. HF_ENDPOINT names a "
        "mirror, HF_TOKEN an access token, HTTPS_PROXY a proxy.",
    )
    fetch.add_argument("id", metavar="ID", help="owner/name, or the address of the model's page")
    fetch.add_argument("--revision", help="a branch, a tag or a commit; default: the newest")
    fetch.add_argument("--json", action="store_true", help="print JSON, for programs")
    fetch.set_defaults(command=_fetch)
    taking = actions.add_parser(
        "import",
        help="bring a model that is on this machine",
        description="Copies a folder (a checkpoint of any Trainer run, too), a zip of one, a GGUF "
        "file or a LoRA adapter into models/, after it has been checked.",
    )
    taking.add_argument("path", metavar="PATH")
    taking.add_argument("--name", help="what it shall be called; default: as the file or folder")
    taking.add_argument("--base", metavar="MODEL", help="of a LoRA adapter: its base model")
    taking.add_argument("--json", action="store_true", help="print JSON, for programs")
    taking.set_defaults(command=_import)


def _fetch(options: argparse.Namespace) -> int:
    from chatbot.engine.catalog import entry_of
    from chatbot.fetching.download import Stopped, fetch
    from chatbot.fetching.spoken import progress_line

    lines = _Lines()

    def told(progress: "Progress") -> None:
        lines.say(progress_line(progress))

    with _interrupt_pauses() as stop:
        try:
            folder = fetch(options.id, options.revision, told, stop)
        except Stopped:
            lines.end()
            print("Paused; the same command goes on with it.", file=sys.stderr)
            return 1
        finally:
            lines.end()
    _print_entry(entry_of(folder), options.json)
    return 0


def _import(options: argparse.Namespace) -> int:
    from chatbot.fetching.bringing import bring

    lines = _Lines()
    try:
        entry = bring(
            options.path,
            options.name,
            options.base,
            lambda word, part: lines.say(f"{word} {part:.0%}"),
        )
    finally:
        lines.end()
    _print_entry(entry, options.json)
    return 0


def _print_entry(entry: Any, as_json: bool) -> None:
    if as_json:
        row = {
            "name": entry.name,
            "path": str(entry.path),
            "family": entry.family,
            "kind": entry.kind,
            "note": entry.note,
            "base": entry.base,
        }
        print(json.dumps(row, indent=2, ensure_ascii=False))
    else:
        print(f"{entry.name}  {entry.note}")
        print(f"It is in {Path(entry.path)}")


class _Lines:
    """Progress on standard error: one line that changes on a terminal, else a line each tenth."""

    def __init__(self) -> None:
        self._last = ""
        self._terminal = sys.stderr.isatty()

    def say(self, line: str) -> None:
        kept = line if self._terminal else line[: line.find("%") - 1]
        if kept == self._last:
            return
        self._last = kept
        text = f"\r\033[K{line}" if self._terminal else f"{line}\n"
        print(text, end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._last and self._terminal:
            print(file=sys.stderr)
        self._last = ""


@contextmanager
def _interrupt_pauses() -> Iterator[threading.Event]:
    """The first Ctrl-C pauses, the second breaks off."""
    stop = threading.Event()

    def pause(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        stop.set()

    before = signal.signal(signal.SIGINT, pause)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
