"""How soon does the sampling lab's picture follow a slider?

    python -m benchmarks.lab [--rounds N] [--engine-only]

In the engine: from the settings to the distribution over 50,257 tokens with its rows, beside what
it would cost without remembered scores: one more forward pass of a model of GPT-2's shape (124
million parameters, 64 tokens) in the same round. To the eye: from the key press on Temperature to
the first change of the bars in Chromium, beside the same press in a page of one slider and a line
of text. Aims: 0.05 s in the engine, 0.15 s to the eye.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import torch
from transformers import GPT2Config, GPT2LMHeadModel
from transformers.utils import logging as library_logging

from benchmarks.browsing import PATIENCE, at_least_one, browser, server, wait_until_at_rest
from chatbot import paths
from chatbot.engine import catalog
from chatbot.engine.distribution import distribution, top
from chatbot.engine.loading import load_tokenizer
from chatbot.engine.sampling import SamplingParams
from chatbot.errors import ChatbotError

VOCABULARY = 50_257
PROMPT = 64
ENGINE, EYE = 0.05, 0.15
"""Seconds, at most: the aims."""
SETTINGS = {
    "temperature alone": {"top_p": 1.0, "top_k": 0},
    "the preset Factual": {"top_p": 0.9, "top_k": 50},
    "top-p over all, penalty": {"top_p": 0.95, "top_k": 0, "repetition_penalty": 1.2},
}
BARE = """import streamlit as st
value = st.slider("Temperature", 0.0, 2.0, 0.7, 0.05)
with st.container(key="shown"):
    st.text(value)
"""
"""The smallest page whose slider changes something: what none can be quicker than."""
WATCH = """(bare) => {
    const inside = (node) => {
        const found = node.shadowRoot?.querySelector("#bars")
        if (found) return found
        for (const child of node.children) {
            const deeper = inside(child)
            if (deeper) return deeper
        }
    }
    const shown = bare ? document.querySelector(".st-key-shown")
        : inside(document.querySelector(".st-key-lab_bars"))
    window.took = null
    let start
    document.addEventListener("keydown", () => { start = performance.now() },
        { once: true, capture: true })
    const watcher = new MutationObserver(() => {
        watcher.disconnect()
        requestAnimationFrame(() => { window.took = (performance.now() - start) / 1000 })
    })
    watcher.observe(shown,
        { subtree: true, childList: true, characterData: true, attributes: true })
}"""


@dataclass(frozen=True)
class Row:
    """One line of the table: seconds in each round, ours and the baseline's."""

    what: str
    ours: list[float]
    baseline: list[float]
    aim: float

    def __str__(self) -> str:
        ours, theirs = statistics.median(self.ours), statistics.median(self.baseline)
        ratio = statistics.median(a / b for a, b in zip(self.ours, self.baseline, strict=True))
        verdict = "met" if ours <= self.aim else "missed"
        return (
            f"{self.what:<34} {1000 * ours:8.1f} ms {1000 * theirs:8.1f} ms {ratio:6.2f} x   "
            f"at most {1000 * self.aim:.0f} ms: {verdict}"
        )


def engine_rows(rounds: int) -> list[Row]:
    """Settings to distribution, and a forward pass, in turn."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        model: Any = GPT2LMHeadModel(GPT2Config(vocab_size=VOCABULARY)).eval()
        prompt = torch.randint(0, VOCABULARY, (1, PROMPT))
    temperatures = cycle((0.3, 0.7, 1.1, 1.6))

    def forward() -> torch.Tensor:
        with torch.inference_mode():
            logits: torch.Tensor = model(prompt, use_cache=False, logits_to_keep=1).logits[0, -1]
            return logits

    logits = forward().clone() * 4  # spread as a trained model's are: random weights are flat
    said = prompt[0].tolist()
    rows = []
    for name, settings in SETTINGS.items():

        def picture(settings: dict[str, Any] = settings) -> object:
            params = SamplingParams(temperature=next(temperatures), **settings)
            return top(distribution(logits, said, params))

        ours, theirs = _in_turn(rounds, picture, forward)
        rows.append(Row(f"engine: {name}", ours, theirs, ENGINE))
    return rows


def eye_row(rounds: int) -> Row:
    """From a key press to the changed bars in a browser, at the whole vocabulary."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        _write_model(home / "models" / "wide")
        (Path(folder) / "bare.py").write_text(BARE, encoding="utf-8")
        with (
            browser() as chromium,
            server(paths.PROJECT, "app.py", {"CHATBOT_HOME": str(home)}) as ours,
            server(Path(folder), "bare.py", {}) as bare,
        ):
            lab, plain = chromium.new_page(), chromium.new_page()
            lab.goto(f"{ours}/sampling_lab")
            lab.get_by_role("combobox", name="Model").click()
            lab.get_by_role("option", name="wide", exact=True).click()
            lab.locator("#bars .row").nth(9).wait_for(timeout=PATIENCE * 1000)
            plain.goto(bare)
            plain.locator(".st-key-shown").wait_for(timeout=PATIENCE * 1000)
            sides = [
                (lambda page=page, kind=kind: _press(page, bare=kind))
                for page, kind in ((lab, False), (plain, True))
            ]
            for page in (lab, plain):
                wait_until_at_rest(page)
            for side in sides:
                side()
            pairs = [[side() for side in sides] for _ in range(rounds)]
    return Row("eye: Temperature to bars", [a for a, _ in pairs], [b for _, b in pairs], EYE)


def _press(page: Any, *, bare: bool) -> float:
    page.bring_to_front()
    page.wait_for_timeout(600)
    page.evaluate(WATCH, bare)
    thumb = page.get_by_role("slider", name="Temperature")
    thumb.press("ArrowLeft" if float(thumb.input_value()) > 1.5 else "ArrowRight")
    page.wait_for_function("() => window.took !== null", timeout=PATIENCE * 1000)
    return float(page.evaluate("window.took"))


def _write_model(folder: Path) -> None:
    """A thin model with GPT-2's vocabulary: the sliders wait for no forward pass, but for that."""
    config = GPT2Config(vocab_size=VOCABULARY, n_embd=64, n_layer=2, n_head=2, n_positions=512)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        model: Any = GPT2LMHeadModel(config)
    library_logging.disable_progress_bar()
    model.save_pretrained(folder)
    load_tokenizer(catalog.resolve(catalog.POCKET_MODEL)).save_pretrained(folder)


def _in_turn(rounds: int, *sides: Callable[[], object]) -> list[list[float]]:
    """Seconds of each side in each round, after one to warm up."""
    results: list[list[float]] = [[] for _ in sides]
    for number in range(rounds + 1):
        for side, seconds in zip(sides, results, strict=True):
            start = time.perf_counter()
            side()
            if number:
                seconds.append(time.perf_counter() - start)
    return results


def main(arguments: list[str] | None = None) -> int:
    """Print the table; 1 where something could not be measured."""
    parser = argparse.ArgumentParser(description="From a slider to the sampling lab's picture.")
    parser.add_argument("--rounds", type=at_least_one, default=11, help="of each case (default 11)")
    parser.add_argument("--engine-only", action="store_true", help="without the browser")
    options = parser.parse_args(arguments)
    print(f"{'median of ' + str(options.rounds):<34} {'ours':>11} {'baseline':>11}")
    for row in engine_rows(options.rounds):
        print(row, flush=True)
    if options.engine_only:
        return 0
    try:
        print(eye_row(options.rounds))
    except ChatbotError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
