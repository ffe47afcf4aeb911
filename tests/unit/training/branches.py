"""Processes of their own that branch off one which has imported everything: that takes seconds."""

import multiprocessing
import os
import socket
import sys
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from tests.unit.training.small import answer_briefly

LOADED_BEFORE = (
    "torch",
    "transformers",
    "peft",
    "chatbot.training.along",
    "chatbot.training.trainer",
    "chatbot.training.work",
)


def branch(work: Callable[..., None], *given: object) -> BaseProcess:
    """Do `work`, a function of a module, in a process begun at once, in this environment."""
    way = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(way)
    if way == "forkserver":
        context.set_forkserver_preload(list(LOADED_BEFORE))
    process = context.Process(target=_in_environment, args=(dict(os.environ), work, given))
    process.start()
    return process


def _in_environment(
    environment: dict[str, str], work: Callable[..., None], given: tuple[object, ...]
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    answer_briefly()  # as in the process that this one is compared with
    work(*given)


class Two:
    """`python -m chatbot train --json` as a launcher starts it in two processes."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._said = folder
        self._said.mkdir()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.first, self.second = (
            branch(_take_part, rank, port, str(folder / str(rank)), arguments) for rank in (0, 1)
        )

    def ended(self, seconds: float) -> tuple[int, str, str]:
        """The exit code, the same of both, and what both printed; a hang fails."""
        for process in (self.first, self.second):
            process.join(seconds)
        hanging = [process for process in (self.first, self.second) if process.is_alive()]
        for process in hanging:
            process.kill()
        out, err = (
            "".join((self._said / f"{rank}.{name}").read_text("utf-8") for rank in (0, 1))
            for name in ("out", "err")
        )
        if hanging:
            pytest.fail(f"The processes hang.\n{out}\n{err}")
        code = self.first.exitcode
        assert code is not None
        return code, out, err


def _take_part(rank: int, port: int, said: str, arguments: tuple[str, ...]) -> None:
    from chatbot.__main__ import main

    os.environ |= {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(f"{said}.{name}", os.O_CREAT | os.O_WRONLY, 0o600), number)
    sys.exit(main(["train", "--json", *arguments]))
