"""Does a chat stay quick as it grows?

    python -m benchmarks.chat [--rounds N]

Chats of 10, 100 and 500 turns, each open in Chromium. The pencil under the last answer is pressed:
how long until its field is there, and until the page's script has ended, so that the next action
finds it at rest. In the same rounds the same on the smallest page with such a button. Aim: at rest
within 0.3 s at 500 turns. Needs a Chromium (`CHROMIUM=/path/to/it` where it is not on the path) and
the developers' packages.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.browsing import PATIENCE, at_least_one, browser, server, wait_until_at_rest
from chatbot import paths
from chatbot.engine import catalog
from chatbot.engine.sampling import SamplingParams
from chatbot.errors import ChatbotError
from chatbot.transcripts import Transcript, TranscriptStore, Turn, new_id

TURNS = (10, 100, 500)
AIM = 0.3
"""Seconds until the page is at rest, at most, whatever the number of turns."""
PAUSE = 700
"""Milliseconds between two actions: a person looks first."""
BARE = """import streamlit as st
def edit(): st.session_state.editing = not st.session_state.get("editing")
st.button("Edit", key="edit-answer-last", on_click=edit)
if st.session_state.get("editing"):
    with st.container(key="chat-edit"):
        st.text_area("Answer", "A line of text")
        st.button("Cancel", key="edit-cancel", on_click=edit)
"""
FIELD = ".st-key-chat-edit textarea"
OPEN, CLOSE = ".st-key-edit-answer-last button", ".st-key-edit-cancel button"
TIMED = """([button, field]) => new Promise((resolve, reject) => {
    const app = document.querySelector("[data-testid=stApp]")
    const start = performance.now()
    const since = () => (performance.now() - start) / 1000
    let shown = null
    const watcher = new MutationObserver(() => {
        if (shown === null && document.querySelector(field)) shown = since()
        if (shown === null || app.getAttribute("data-test-script-state") !== "notRunning") return
        watcher.disconnect()
        requestAnimationFrame(() => resolve([shown, since()]))
    })
    watcher.observe(document.body, { subtree: true, childList: true, attributes: true })
    setTimeout(() => reject(new Error("The field did not come.")), 30000)
    // One with a help is there twice, and only one of the two is to be seen.
    ;[...document.querySelectorAll(button)].find((each) => each.offsetParent).click()
})"""


@dataclass(frozen=True)
class Row:
    """One line of the table: seconds in each round. `shown`: until the field is there."""

    what: str
    shown: Sequence[float]
    rest: Sequence[float]
    bare: Sequence[float]

    def __str__(self) -> str:
        ours = statistics.median(self.rest)
        ratio = statistics.median(a / b for a, b in zip(self.rest, self.bare, strict=True))
        verdict = "met" if ours <= AIM else "missed"
        return (
            f"{self.what:<16} {statistics.median(self.shown):8.3f} s {ours:8.3f} s "
            f"{statistics.median(self.bare):8.3f} s {ratio:7.2f} x   "
            f"at most {AIM:g} s: {verdict}"
        )


def conversation(turns: int) -> Transcript:
    """A chat of so many questions, each with an answer of some 40 words and its receipt."""
    entry = catalog.resolve(catalog.POCKET_MODEL)
    receipt = {
        "model": entry.name,
        "hash": "0" * 12,
        "params": asdict(SamplingParams()),
        "seed": 7,
        "finish": "end",
        "prompt_tokens": 300,
        "cached_tokens": 250,
        "new_tokens": 60,
        "seconds_to_first": 0.1,
        "tokens_per_second": 100.0,
        "device": "cpu",
        "dtype": "float32",
    }
    written = tuple(
        Turn(
            f"What did you see on day {number}?",
            f"On day {number} the fog came in before noon, and the bell rang for an hour. " * 3,
            "done",
            receipt,
            id=number,
            asked=number,
        )
        for number in range(1, turns + 1)
    )
    return Transcript(new_id(), written, model=entry.name)


def measure(rounds: int) -> list[Row]:
    """All chats and the bare page, in turn, so that each round meets the same machine."""
    chats = [conversation(turns) for turns in TURNS]
    with tempfile.TemporaryDirectory() as folder:
        home, script = Path(folder) / "home", Path(folder) / "bare.py"
        script.write_text(BARE, encoding="utf-8")
        store = TranscriptStore(home / "data" / ".chats")
        for chat in chats:
            store.save(chat)
        with (
            browser() as chromium,
            server(paths.PROJECT, "app.py", {"CHATBOT_HOME": str(home)}) as ours,
            server(script.parent, script.name, {}) as bare,
        ):
            addresses = [f"{ours}/?chat={chat.id}" for chat in chats]
            pages = [_opened(chromium, address) for address in (*addresses, bare)]
            for page in pages:
                _press(page)  # the first time, the browser fetches what draws the field
            found = [[_press(page) for page in pages] for _ in range(rounds)]
    *ours_of, of_bare = (list(side) for side in zip(*found, strict=True))
    return [
        Row(
            f"{turns} turns",
            [shown for shown, _ in side],
            [rest for _, rest in side],
            [rest for _, rest in of_bare],
        )
        for turns, side in zip(TURNS, ours_of, strict=True)
    ]


def _opened(chromium: Any, address: str) -> Any:
    page = chromium.new_page()
    page.goto(address)
    page.locator(f"{OPEN}:visible").wait_for(timeout=PATIENCE * 1000)
    wait_until_at_rest(page)
    return page


def _press(page: Any) -> tuple[float, float]:
    """Seconds until the field is there, and until the page is at rest; the field is put away."""
    page.bring_to_front()
    page.wait_for_timeout(PAUSE)
    shown, rest = page.evaluate(TIMED, [OPEN, FIELD])
    page.wait_for_timeout(PAUSE)
    page.locator(f"{CLOSE}:visible").click()
    page.locator(FIELD).wait_for(state="detached", timeout=PATIENCE * 1000)
    wait_until_at_rest(page)
    return float(shown), float(rest)


def main(arguments: list[str] | None = None) -> int:
    """Print the table; 1 where nothing could be measured."""
    parser = argparse.ArgumentParser(description="One rerun of chats that grow longer.")
    parser.add_argument("--rounds", type=at_least_one, default=9, help="of all chats (default 9)")
    options = parser.parse_args(arguments)
    try:
        rows = measure(options.rounds)
    except ChatbotError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{'median of ' + str(options.rounds):<16} {'shown':>10} {'at rest':>10} {'bare':>10}")
    for row in rows:
        print(row)
    return 0


if __name__ == "__main__":
    sys.exit(main())
