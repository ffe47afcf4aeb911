"""A server of the app and a browser that looks at it, for what a person waits for."""

import argparse
import contextlib
import importlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from chatbot.errors import NotAvailable

BARE = "import streamlit as st; st.title('Bare')\n"
"""The smallest Streamlit app: what none can be quicker than."""
PATIENCE = 60.0
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def at_least_one(text: str) -> int:
    """The type of a number of rounds on the command line."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


@contextlib.contextmanager
def server(folder: Path, script: str, environment: Mapping[str, str]) -> Iterator[str]:
    """A Streamlit server while the block runs; gives its address as soon as it answers.

    Raises:
        NotAvailable: it ended at once, or does not answer.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = {
        "server.address": "127.0.0.1",
        "server.port": str(port),
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
    }
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", script]
            + [part for name, value in options.items() for part in (f"--{name}", value)],
            cwd=folder,
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            until = time.monotonic() + PATIENCE
            while not _answers(address):
                if process.poll() is not None or time.monotonic() > until:
                    log.seek(0)
                    end = log.read()[-500:].decode("utf-8", "replace")
                    raise NotAvailable(f"{script} does not start.", value=end)
                time.sleep(0.01)
            yield address
        finally:
            process.kill()
            process.wait()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@contextlib.contextmanager
def browser() -> Iterator[Any]:
    """A Chromium without a window.

    Raises:
        NotAvailable: there is none, or nothing to steer it with.
    """
    chosen = os.environ.get("CHROMIUM")
    program = next(filter(None, map(shutil.which, [chosen] if chosen else NAMES)), None)
    if program is None:
        raise NotAvailable(
            "No Chromium was found, so there is nothing to measure with.",
            value=chosen,
            remedy="Install Chromium or Chrome, or set CHROMIUM to its program.",
        )
    try:  # a developers' package, which the app itself does not need
        playwright: Any = importlib.import_module("playwright.sync_api")
    except ImportError as error:
        raise NotAvailable(
            "Playwright is not installed.",
            remedy="Run python3 start.py test once, or pip install -r requirements-dev.txt.",
        ) from error
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=program)
        try:
            yield chromium
        finally:
            chromium.close()


def wait_until_at_rest(page: Any) -> None:
    """The model is loaded behind the page; its reruns are counted after that."""
    page.get_by_text("Loading the model").wait_for(state="detached", timeout=PATIENCE * 1000)
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    page.wait_for_timeout(500)
