"""A whole laboratory for browser tests: a copy of the project with tiny models, its own home, and
a server that can be killed."""

import contextlib
import os
import runpy
import shutil
import socket
import sys
import time
import urllib.request
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.branches import branch

PROJECT = Path(__file__).resolve().parents[2]
PARTS = ("app.py", "chatbot", "pages", ".streamlit")
SHIPPED = (
    *("general_questions.json", "rehearsal.json"),
    *("jokes.json", "poems.json", "poem_lines.json"),
)
"""Of the product's own data; the persona is a test's."""


class Lab:
    """A copy of the code, so that no model and no chat of the developer's is seen or touched."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.project = folder / "project"
        self.home = folder / "home"
        self.models = self.home / "models"
        self.data = self.home / "data"
        self.log = folder / "server.log"
        self.port = port
        self.environment: dict[str, str] = {}
        """Of the server, beside what every laboratory has."""
        self._process: BaseProcess | None = None
        ignored = shutil.ignore_patterns("__pycache__")
        for part in PARTS:
            source = PROJECT / part
            if source.is_dir():
                shutil.copytree(source, self.project / part, ignore=ignored)
            else:
                self.project.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, self.project)
        (self.project / "data").mkdir()
        for name in SHIPPED:
            shutil.copy(PROJECT / "data" / name, self.project / "data")
        for made in (self.models, self.data):
            made.mkdir(parents=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, *, cold: bool = False) -> None:
        """Launch the server as a person would, and wait until it answers; a `cold` one has yet to
        import the libraries."""
        self._process = self._launch(
            "streamlit", "run", "app.py", "--server.port", str(self.port), cold=cold
        )
        self._wait_until_healthy(self._process, f"{self.url}/_stcore/health")

    @contextlib.contextmanager
    def serving(self) -> Iterator[str]:
        """`python -m chatbot serve` over the same home, while the block runs; gives its address."""
        port = free_port()
        process = self._launch("chatbot", "serve", "--model", "story", "--port", str(port))
        try:
            self._wait_until_healthy(process, f"http://127.0.0.1:{port}/health")
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.kill()
            process.join(30)

    def kill(self) -> None:
        """As the power cut would: nothing of the server's own gets to run."""
        if self._process is not None:
            self._process.kill()
            self._process.join(30)
            self._process = None

    def faults(self) -> list[str]:
        """What the server's output and the app's own log say of faults of ours."""
        found = []
        for log in (self.log, self.data / ".logs" / "chatbot-lab.log"):
            if log.is_file():
                text = log.read_text(encoding="utf-8", errors="replace")
                found += [text[-3000:]] if "Traceback" in text or " ERROR " in text else []
        return found

    def _launch(self, module: str, *arguments: str, cold: bool = False) -> BaseProcess:
        """A program of the laboratory's copy, on its home, with its output in the log."""
        environment = os.environ | {
            "CHATBOT_HOME": str(self.home),
            "CHATBOT_DEVICE": "cpu",
            "CHATBOT_DTYPE": "float32",
            "HF_HUB_OFFLINE": "1",
            "OMP_NUM_THREADS": "1",
            **self.environment,
        }
        given = (str(self.project), str(self.log), module, arguments)
        return branch(_run, *given, environment=environment, cold=cold, daemon=True)

    def _wait_until_healthy(self, process: BaseProcess, address: str) -> None:
        until = time.monotonic() + 60
        while not _healthy(address):
            assert process.is_alive(), self.log.read_text(encoding="utf-8")
            assert time.monotonic() < until, self.log.read_text(encoding="utf-8")
            time.sleep(0.05)


def _run(project: str, log: str, module: str, arguments: tuple[str, ...]) -> None:
    """`python -m module` in the folder `project`."""
    output = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    for stream in (sys.stdout, sys.stderr):  # a file, never a pipe: a full pipe stops the server
        os.dup2(output, stream.fileno())
    for name in [*sys.modules]:  # the copy's, not those that this file's project has loaded
        if name.partition(".")[0] in PARTS:
            del sys.modules[name]
    os.chdir(project)
    sys.path[:] = [project, *(place for place in sys.path if Path(place) != PROJECT)]
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _healthy(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
