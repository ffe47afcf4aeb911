"""A whole laboratory for browser tests: a copy of the project with tiny models, its own home, and
a server that can be killed."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PARTS = ("app.py", "chatbot", "pages", ".streamlit")
SHIPPED = (
    *("general_questions.json", "rehearsal.json"),
    *("jokes.json", "poems.json", "poem_lines.json"),
)
"""Of the product's own data; the persona is a test's."""


class Lab:
    """A copy of the code, so that no model and no chat of the developer's is seen or touched."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.project = folder / "project"
        self.home = folder / "home"
        self.models = self.home / "models"
        self.data = self.home / "data"
        self.log = folder / "server.log"
        self.port = free_port()
        self.environment: dict[str, str] = {}
        """Of the server, beside what every laboratory has."""
        self._process: subprocess.Popen[bytes] | None = None
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

    def start(self) -> None:
        """Launch the server as a person would, and wait until it answers."""
        environment = os.environ | {
            "CHATBOT_HOME": str(self.home),
            "CHATBOT_DEVICE": "cpu",
            "CHATBOT_DTYPE": "float32",
            "HF_HUB_OFFLINE": "1",
            "OMP_NUM_THREADS": "1",
            **self.environment,
        }
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port"]
        with self.log.open("ab") as log:  # a file, never a pipe: a full pipe stops the server
            self._process = subprocess.Popen(
                [*command, str(self.port)],
                cwd=self.project,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + 60
        while not self._healthy():
            assert self._process.poll() is None, self.log.read_text(encoding="utf-8")
            assert time.monotonic() < until, self.log.read_text(encoding="utf-8")
            time.sleep(0.05)

    def kill(self) -> None:
        """As the power cut would: nothing of the server's own gets to run."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
            self._process.wait(30)
            self._process = None

    def faults(self) -> list[str]:
        """What the server's output and the app's own log say of faults of ours."""
        found = []
        for log in (self.log, self.data / ".logs" / "chatbot-lab.log"):
            if log.is_file():
                text = log.read_text(encoding="utf-8", errors="replace")
                found += [text[-3000:]] if "Traceback" in text or " ERROR " in text else []
        return found

    def _healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
