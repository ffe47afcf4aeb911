"""Installs pinned requirements with pip, and shows how far it is."""

import contextlib
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from launcher import problems
from launcher.console import ProgressLine, say
from launcher.environment import Environment
from launcher.pip_progress import NVIDIA_DISK, PLAIN_DISK, PipProgress

_REFRESH = 0.25


def install(environment: Environment, requirements: Path, lock: int | None = None) -> None:
    """Make the environment and install `requirements` in it, unless that was done before.

    Args:
        lock: the descriptor that keeps other set-ups out. pip gets it too, so that a pip whose
            launcher was killed keeps them out until it is done.

    Raises:
        NotAvailable: no network, no venv module, a package that is not published for this machine.
        OutOfResources: not enough disk or memory.
        ChatbotError: anything else that pip or the file system refused.
    """
    if environment.is_ready(requirements):
        return
    if not environment.python.exists():
        _require_room(environment, PLAIN_DISK)
    fresh = environment.make()
    environment.forget_half_installed()
    _announce(fresh)
    try:
        with _downloads_folder(environment) as downloads:
            _run_pip(environment, requirements, downloads, lock, fresh)
    except OSError as error:
        raise problems.write_failed(error, environment.folder) from error
    environment.stamp(requirements)


def _announce(fresh: bool) -> None:
    if not fresh:
        say("Installing what is missing of the Python packages ...")
        return
    say("Installing Python packages: about 2 minutes on a fast connection.")
    say("  About 0.4 GB to fetch, 2 GB on disk.")
    if sys.platform == "linux":
        say("  (Where pip picks PyTorch with NVIDIA support: 2.9 GB to fetch, 6 GB on disk.)")


def _require_room(environment: Environment, needed: int) -> None:
    free = shutil.disk_usage(environment.project).free
    if free < needed:
        raise problems.disk_too_small(free, needed)


def _run_pip(
    environment: Environment, requirements: Path, downloads: Path, lock: int | None, fresh: bool
) -> None:
    since = time.time()
    progress = PipProgress(downloads, lambda: environment.packages_installed_since(since))
    command = [str(environment.python), "-I", "-m", "pip", "install", "-r", str(requirements)]
    pip = subprocess.Popen(
        [*command, "--progress-bar", "off", "--no-input", "--disable-pip-version-check"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        cwd=environment.project,
        env=environment.variables() | _pip_variables(downloads),
        pass_fds=() if lock is None or os.name == "nt" else (lock,),
    )
    output: list[str] = []
    _log(environment.pip_log, "w", "")
    try:
        with ProgressLine() as line:
            for news in _lines(pip):
                if news:
                    output.append(news)
                    _log(environment.pip_log, "a", news)
                    progress.read(news)
                    if fresh and progress.nvidia:  # known only now, before the large ones
                        _require_room(environment, NVIDIA_DISK - progress.fetched)
                line.show(progress.text())
    finally:
        if pip.poll() is None:
            pip.terminate()
        pip.wait()
    if pip.returncode != 0:
        raise problems.pip_failed("".join(output), pip.returncode, environment.pip_log)


def _log(path: Path, mode: str, text: str) -> None:
    with contextlib.suppress(OSError), path.open(mode, encoding="utf-8") as log:
        log.write(text)  # a full disk is pip's to report


def _lines(pip: subprocess.Popen[str]) -> Iterator[str]:
    """pip's output line by line, and an empty text whenever it was silent for a moment."""
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        assert pip.stdout is not None
        with pip.stdout:
            for line in pip.stdout:
                lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=_REFRESH)
        except queue.Empty:
            line = ""
        if line is None:
            return
        yield line


@contextlib.contextmanager
def _downloads_folder(environment: Environment) -> Iterator[Path]:
    """Where pip keeps its temporary files: on the project's disk, as /tmp is often small."""
    folder = environment.folder / "tmp"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _pip_variables(downloads: Path) -> dict[str, str]:
    """Keeps the user's pip settings (index, proxy, certificate), but not where to install to."""
    folder = str(downloads)
    return {
        "TMPDIR": folder,
        "TEMP": folder,
        "TMP": folder,
        "PIP_USER": "0",
        "PIP_ROOT_USER_ACTION": "ignore",
    }
