"""How long until the app is there, and how long does a rerun of a page take?

    python -m benchmarks.startup [--runs N]

Beside a bare Streamlit app of one line, launched and measured in turn by the same browser. Aims:
from the launch to the first paint of `/` at most 3 s, a rerun of any page at most 0.2 s. Needs a
Chromium (`CHROMIUM=/path/to/it` where it is not on the path) and the developers' packages.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.browsing import BARE, PATIENCE, at_least_one, browser, server, wait_until_at_rest
from chatbot import paths
from chatbot.errors import ChatbotError

FIRST_PAINT, RERUN = 3.0, 0.2
"""Seconds, at most: the aims."""
PAINTED = {
    "/": "textarea[data-testid=stChatInputTextArea]",
    "/dataset": "[class*=st-key-turn-] textarea",
    "/fine_tune": ".st-key-ft_start button",
    "/sampling_lab": ".st-key-lab_prompt textarea",
}
"""What a person sees of each page when it is there."""

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


def measure(chromium: Any, runs: int) -> list[Row]:
    """Launch both apps in turn, `runs` times; the first paint, then reruns of every page."""
    ours: dict[str, list[float]] = {}
    bare: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "bare.py"
        script.write_text(BARE, encoding="utf-8")
        for number in range(runs):
            home = Path(folder) / f"home-{number}"
            home.mkdir()
            _launch(chromium, Path(folder), script.name, {"/": "h1"}, {}, bare)
            environment = {"CHATBOT_HOME": str(home)}
            _launch(chromium, paths.PROJECT, "app.py", PAINTED, environment, ours)
    rows = [Row("launch to first paint of /", ours["paint"], bare["paint"], FIRST_PAINT)]
    return rows + [Row(f"rerun of {page}", ours[page], bare["/"], RERUN) for page in PAINTED]


def _launch(
    chromium: Any,
    folder: Path,
    script: str,
    pages: Mapping[str, str],
    environment: Mapping[str, str],
    results: dict[str, list[float]],
) -> None:
    started = time.perf_counter()
    with server(folder, script, environment) as address:
        page = chromium.new_page()
        page.goto(address)
        page.locator(pages["/"]).first.wait_for(timeout=PATIENCE * 1000)
        results.setdefault("paint", []).append(time.perf_counter() - started)
        for place, painted in pages.items():
            if place != "/":
                page.goto(address + place)
                page.locator(painted).first.wait_for(timeout=PATIENCE * 1000)
            wait_until_at_rest(page)
            reruns = [page.evaluate(TIMED_RERUN) for _ in range(5)]
            results.setdefault(place, []).append(statistics.median(reruns))
        page.close()


def main(arguments: list[str] | None = None) -> int:
    """Print the table; 1 where nothing could be measured."""
    parser = argparse.ArgumentParser(description="Launch and reruns, beside a bare Streamlit app.")
    parser.add_argument(
        "--runs", type=at_least_one, default=3, help="launches of each app (default 3)"
    )
    options = parser.parse_args(arguments)
    try:
        with browser() as chromium:
            rows = measure(chromium, options.runs)
    except ChatbotError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{'median of ' + str(options.runs):<28} {'ours':>9} {'bare':>9} {'ratio':>8}")
    for row in rows:
        print(row)
    return 0


if __name__ == "__main__":
    sys.exit(main())
