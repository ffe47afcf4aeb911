"""Small real projects to set up: pip, venv and subprocesses are real, the packages are tiny.

The package server is a folder of wheels made on the spot, so that no network is needed.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import psutil

PROJECT = Path(__file__).resolve().parents[3]

EMBEDDED = """
import os, sys, time
time.sleep(float(os.environ.get("PRETEND_MODEL_SECONDS", "0")))
print("Model in place: pretended")
sys.exit(int(os.environ.get("PRETEND_MODEL_EXIT", "0")))
"""

STREAMLIT = """
import http.server, json, os, signal, sys, time

options = dict(part for part in zip(sys.argv[3::2], sys.argv[4::2]))
with open(os.environ["PRETEND_REPORT"], "w", encoding="utf-8") as report:
    json.dump({"argv": sys.argv[1:], "cwd": os.getcwd(), "pid": os.getpid()}, report)
if "PRETEND_EXIT" in os.environ:
    sys.exit(int(os.environ["PRETEND_EXIT"]))
time.sleep(float(os.environ.get("PRETEND_SLOW_START", "0")))

class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/_stcore/health" else 404)
        self.end_headers()
    def log_message(self, *_): pass

def leave(number, _frame):
    if "PRETEND_DEAF" not in os.environ:
        print(f"asked to end by {signal.Signals(number).name}", flush=True)
        time.sleep(0.3)  # a second request would be seen
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # as uvicorn does when all is cleaned up
        signal.raise_signal(signal.SIGTERM)

signal.signal(signal.SIGINT, leave)
signal.signal(signal.SIGTERM, leave)
http.server.HTTPServer(
    (options["--server.address"], int(options["--server.port"])), Health
).serve_forever()
"""

TOOL = """
import os, sys
print("ran", {name!r}, *sys.argv[1:], flush=True)
if {name!r} == "pytest":
    print("=== 3 passed in 0.01s ===")
sys.exit({name!r} == os.environ.get("PRETEND_FAILING"))
"""


@dataclass(frozen=True)
class Finished:
    code: int
    output: str


@dataclass
class SmallProject:
    """A copy of what `start.py` needs, with tiny requirements. `variables` go to every command."""

    folder: Path
    wheels: Path
    variables: dict[str, str] = field(default_factory=dict)
    started: "list[Popen]" = field(default_factory=list)

    @property
    def python(self) -> Path:
        windows = sys.platform == "win32"
        return self.folder / ".venv" / ("Scripts/python.exe" if windows else "bin/python")

    @property
    def stamp(self) -> Path:
        return self.folder / ".venv" / "chatbot-lab.json"

    @property
    def site_packages(self) -> Path:
        posix = next((self.folder / ".venv").glob("lib/python3*/site-packages"), None)
        return posix or self.folder / ".venv" / "Lib" / "site-packages"

    @property
    def report(self) -> Path:
        """What the pretended Streamlit says about how it was started."""
        return self.folder / "report.json"

    def popen(
        self,
        *arguments: str,
        terminal_of_its_own: bool = False,
    ) -> "Popen":
        keep = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "PYTHON", "CI"))}
        variables = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels)}
        variables |= {
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_COMPILE": "1",
            "PRETEND_REPORT": str(self.report),
        }
        process = subprocess.Popen(
            [sys.executable, str(self.folder / "start.py"), *arguments],
            cwd=self.folder.parent,
            env=keep | variables | self.variables,
            start_new_session=terminal_of_its_own,
            preexec_fn=_hears_ctrl_c if os.name == "posix" else None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        self.started.append(process)
        return process

    def run(self, *arguments: str) -> Finished:
        process = self.popen(*arguments)
        output, _ = process.communicate(timeout=100)
        return Finished(process.returncode, output)

    def end_all(self) -> None:
        """Kill whatever a test that failed left running."""
        for process in self.started:
            if process.poll() is None:
                kill_with_children(process)

    def can_import(self, name: str) -> bool:
        command = [str(self.python), "-I", "-c", f"import {name}"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


Popen = subprocess.Popen[str]


def kill_with_children(process: Popen) -> None:
    """Kill -9 a process and everything that it started."""
    family = psutil.Process(process.pid)
    for member in (family, *family.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    process.communicate(timeout=30)


def make_wheel(folder: Path, name: str, version: str, files: dict[str, str]) -> None:
    """A wheel that pip accepts, with `files` (path to text) in it."""
    info = f"{name}-{version}.dist-info"
    everything = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in [*everything, f"{info}/RECORD"])
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in {**everything, f"{info}/RECORD": record}.items():
            wheel.writestr(path, text)


def make_project(folder: Path, wheels: Path) -> SmallProject:
    folder.mkdir(parents=True)
    shutil.copy(PROJECT / "start.py", folder)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PROJECT / "launcher", folder / "launcher", ignore=ignored)
    (folder / "chatbot" / "engine").mkdir(parents=True)
    for name in ("__init__", "errors", "files"):
        shutil.copy(PROJECT / "chatbot" / f"{name}.py", folder / "chatbot")
    (folder / "chatbot" / "engine" / "__init__.py").touch()
    (folder / "chatbot" / "engine" / "embedded.py").write_text(
        textwrap.dedent(EMBEDDED), encoding="utf-8"
    )
    (folder / "requirements.txt").write_text("tiny==1.0\nstreamlit==1.0\n", encoding="utf-8")
    (folder / "requirements-dev.txt").write_text(
        "-r requirements.txt\ntools==1.0\n", encoding="utf-8"
    )
    return SmallProject(folder, wheels)


def _hears_ctrl_c() -> None:
    """Tests that a shell began in its background inherit that Ctrl-C is ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
