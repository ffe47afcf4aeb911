"""Two processes, as a launcher starts them."""

import os
import socket
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.branches import branch
from tests.unit.training.small import answer_briefly


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

    def threads_left(self) -> list[str]:
        """The names of both processes' threads when all was done."""
        names = ((self._said / f"{rank}.threads").read_text() for rank in (0, 1))
        return "\n".join(names).splitlines()


def _take_part(rank: int, port: int, said: str, arguments: tuple[str, ...]) -> None:
    from chatbot.__main__ import main

    answer_briefly()  # as in the process that this one is compared with
    os.environ |= {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(f"{said}.{name}", os.O_CREAT | os.O_WRONLY, 0o600), number)
    code = main(["train", "--json", *arguments])
    Path(f"{said}.threads").write_text("\n".join(threads_of(os.getpid())))
    sys.exit(code)


def threads_of(process: int) -> list[str]:
    """The names of its threads at this moment; none where the system does not tell them."""
    names = []
    for thread in Path(f"/proc/{process}/task").glob("*/comm"):
        with suppress(OSError):  # it has just ended
            names.append(thread.read_text().strip())
    return names
