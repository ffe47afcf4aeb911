"""Does a long chat stay quick? How long the page takes to be drawn again.

    python -m benchmarks.chat [--rounds N]

Chats of 10, 100 and 500 turns are opened in Chromium, and a key is pressed on Temperature: from
the moment the page begins to be drawn again until it is at rest, beside the same in a page of one
slider. Aim: 0.3 s.
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.browsing import PATIENCE, browser, server, wait_until_at_rest
from chatbot import paths
from chatbot.errors import ChatbotError
from chatbot.transcripts import Transcript, TranscriptStore, Turn, new_id

AIM = 0.3
LENGTHS = (10, 100, 500)
BARE = "import streamlit as st\nst.slider('Temperature', 0.0, 2.0, 0.7, 0.05)\n"
"""The smallest page that is drawn again: what none can be quicker than."""
WATCH = """() => {
    const app = document.querySelector("[data-testid=stApp]")
    let began
    window.took = null
    const watcher = new MutationObserver(() => {
        const running = app.getAttribute("data-test-script-state") === "running"
        if (running) began ??= performance.now()
        else if (began !== undefined) {
            watcher.disconnect()
            requestAnimationFrame(() => { window.took = (performance.now() - began) / 1000 })
        }
    })
    watcher.observe(app, { attributes: true, attributeFilter: ["data-test-script-state"] })
}"""


def drawn_again(page: Any) -> float:
    """Seconds of one rerun of the page."""
    page.bring_to_front()
    page.wait_for_timeout(600)
    page.evaluate(WATCH)
    thumb = page.get_by_role("slider", name="Temperature")
    thumb.press("ArrowLeft" if float(thumb.input_value()) > 1.5 else "ArrowRight")
    page.wait_for_function("() => window.took !== null", timeout=PATIENCE * 1000)
    return float(page.evaluate("window.took"))


def saved_chats(home: Path) -> dict[int, str]:
    """Chats of so many turns, by their length."""
    store = TranscriptStore(home / "data" / ".chats")
    ids = {}
    for length in LENGTHS:
        turns = tuple(
            Turn(f"What about {n}?", f"I had {n} cups of tea, and the sea was calm.", "done")
            for n in range(length)
        )
        ids[length] = new_id()
        store.save(Transcript(ids[length], turns))
    return ids


def measured(rounds: int) -> dict[int, tuple[list[float], list[float]]]:
    """Seconds of each round by length, ours and the bare page's."""
    found: dict[int, tuple[list[float], list[float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        ids = saved_chats(home)
        (Path(folder) / "bare.py").write_text(BARE, encoding="utf-8")
        with (
            browser() as chromium,
            server(paths.PROJECT, "app.py", {"CHATBOT_HOME": str(home)}) as ours,
            server(Path(folder), "bare.py", {}) as bare,
        ):
            plain = chromium.new_page()
            plain.goto(bare)
            plain.get_by_role("slider", name="Temperature").wait_for(timeout=PATIENCE * 1000)
            for length, chat in ids.items():
                page = chromium.new_page()
                page.goto(f"{ours}/?chat={chat}")
                page.get_by_text(f"What about {length - 1}?").wait_for(timeout=PATIENCE * 1000)
                wait_until_at_rest(page)
                for one in (page, plain):
                    drawn_again(one)
                pairs = [(drawn_again(page), drawn_again(plain)) for _ in range(rounds)]
                found[length] = ([a for a, _ in pairs], [b for _, b in pairs])
                page.close()
    return found


def main(arguments: list[str] | None = None) -> int:
    """Print the table; 1 where something could not be measured."""
    parser = argparse.ArgumentParser(description="A chat's page, drawn again.")
    parser.add_argument("--rounds", type=int, default=11, help="of each length (default 11)")
    options = parser.parse_args(arguments)
    if options.rounds < 1:
        parser.error("--rounds must be at least 1")
    print(f"{'median of ' + str(options.rounds):<14} {'ours':>11} {'baseline':>11}")
    try:
        for length, (ours, bare) in measured(options.rounds).items():
            took, least = statistics.median(ours), statistics.median(bare)
            ratio = statistics.median(a / b for a, b in zip(ours, bare, strict=True))
            verdict = "met" if took <= AIM else "missed"
            print(
                f"{length:>4} turns     {1000 * took:8.0f} ms {1000 * least:8.0f} ms "
                f"{ratio:6.2f} x   at most {1000 * AIM:.0f} ms: {verdict}"
            )
    except ChatbotError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
