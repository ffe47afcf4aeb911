"""How long until the app is there, and how long does a rerun of a page take?

    python -m benchmarks.startup [--runs N]

Beside a bare Streamlit app of one line, launched and measured in turn by the same browser. Aims:
from the launch to the first paint of `/` at most 3 s, a rerun of any page at most 0.2 s. Needs a
Chromium (`CHROMIUM=/path/to/it` where it is not on the path) and the developers' packages.
"""

import argparse
import contextlib
import importlib
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatbot import paths
from chatbot.errors import ChatbotError, NotAvailable

FIRST_PAINT, RERUN = 3.0, 0.2
"""Seconds, at most: the aims."""
BARE = "import streamlit as st; st.title('Bare')\n"
PAINTED = {
    "/": "textarea[data-testid=stChatInputTextArea]",
    "/dataset": "[class*=st-key-turn-] textarea",
    "/fine_tune": ".st-key-ft_start button",
}
"""What a person sees of each page when it is there."""
PATIENCE = 60.0
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")

TIMED_RERUN = """() => new Promise((resolve, reject) => {
    const app = document.querySelector("[data-testid=stApp]")
    const start = performance.now()
    const watcher = new MutationObserver(() => {
        // A quick rerun's states may come all at once, so that only the last one is to be seen.
        if (app.getAttribute("data-test-script-state") !== "notRunning") return
        watcher.disconnect()
        resolve((performance.now() - start) / 1000)
    })
    watcher.observe(app, { attributeFilter: ["data-test-script-state"] })
    setTimeout(() => reject(new Error("The page did not run again.")), 30000)
    document.activeElement?.blur()
    for (const type of ["keydown", "keyup"]) {
        document.body.dispatchEvent(new KeyboardEvent(type,
            { key: "r", code: "KeyR", keyCode: 82, which: 82, bubbles: true }))
    }
})"""
"""Streamlit's own key for a rerun is R; its page says when the script has ended."""


@dataclass(frozen=True)
class Row:
    """One line of the table: seconds in each run, and how many are wanted at most."""

    what: str
    ours: list[float]
    bare: list[float]
    aim: float

    def __str__(self) -> str:
        ours, bare = statistics.median(self.ours), statistics.median(self.bare)
        ratio = statistics.median(a / b for a, b in zip(self.ours, self.bare, strict=True))
        verdict = "met" if ours <= self.aim else "missed"
        return (
            f"{self.what:<28} {ours:7.3f} s {bare:7.3f} s {ratio:6.2f} x   "
            f"at most {self.aim:g} s: {verdict}"
        )


def measure(browser: Any, runs: int) -> list[Row]:
    """Launch both apps in turn, `runs` times; the first paint, then reruns of every page."""
    ours: dict[str, list[float]] = {}
    bare: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "bare.py"
        script.write_text(BARE, encoding="utf-8")
        for number in range(runs):
            home = Path(folder) / f"home-{number}"
            home.mkdir()
            _launch(browser, Path(folder), script.name, {"/": "h1"}, {}, bare)
            environment = {"CHATBOT_HOME": str(home)}
            _launch(browser, paths.PROJECT, "app.py", PAINTED, environment, ours)
    rows = [Row("launch to first paint of /", ours["paint"], bare["paint"], FIRST_PAINT)]
    return rows + [Row(f"rerun of {page}", ours[page], bare["/"], RERUN) for page in PAINTED]


def _launch(
    browser: Any,
    folder: Path,
    script: str,
    pages: Mapping[str, str],
    environment: Mapping[str, str],
    results: dict[str, list[float]],
) -> None:
    started = time.perf_counter()
    with _server(folder, script, environment) as address:
        page = browser.new_page()
        page.goto(address)
        page.locator(pages["/"]).first.wait_for(timeout=PATIENCE * 1000)
        results.setdefault("paint", []).append(time.perf_counter() - started)
        for place, painted in pages.items():
            if place != "/":
                page.goto(address + place)
                page.locator(painted).first.wait_for(timeout=PATIENCE * 1000)
            _wait_until_at_rest(page)
            reruns = [page.evaluate(TIMED_RERUN) for _ in range(5)]
            results.setdefault(place, []).append(statistics.median(reruns))
        page.close()


def _wait_until_at_rest(page: Any) -> None:
    """The model is loaded behind the page; its reruns are counted after that."""
    page.get_by_text("Loading the model").wait_for(state="detached", timeout=PATIENCE * 1000)
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    page.wait_for_timeout(500)


@contextlib.contextmanager
def _server(folder: Path, script: str, environment: Mapping[str, str]) -> Iterator[str]:
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
        server = subprocess.Popen(
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
                if server.poll() is not None or time.monotonic() > until:
                    log.seek(0)
                    end = log.read()[-500:].decode("utf-8", "replace")
                    raise NotAvailable(f"{script} does not start.", value=end)
                time.sleep(0.01)
            yield address
        finally:
            server.kill()
            server.wait()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@contextlib.contextmanager
def _browser() -> Iterator[Any]:
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
        browser = driver.chromium.launch(executable_path=program)
        try:
            yield browser
        finally:
            browser.close()


def main(arguments: list[str] | None = None) -> int:
    """Print the table; 1 where nothing could be measured."""
    parser = argparse.ArgumentParser(description="Launch and reruns, beside a bare Streamlit app.")
    parser.add_argument("--runs", type=int, default=3, help="launches of each app (default 3)")
    options = parser.parse_args(arguments)
    if options.runs < 1:
        parser.error("--runs must be at least 1")
    try:
        with _browser() as browser:
            rows = measure(browser, options.runs)
    except ChatbotError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{'median of ' + str(options.runs):<28} {'ours':>9} {'bare':>9} {'ratio':>8}")
    for row in rows:
        print(row)
    return 0


if __name__ == "__main__":
    sys.exit(main())
