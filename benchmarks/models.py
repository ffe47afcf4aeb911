"""How long does switching between two models take, and does memory grow with it?

    python -m benchmarks.models [--switches N] [--first MODEL] [--second MODEL]

Beside a bare `from_pretrained` of model and tokenizer, measured in turn in the same process. Aims:
a switch takes at most 1.5 times as long, and ten switches leave no more than 5 % of memory behind.
Without names: a GPT-2 of the 124M shape with random weights, made for the occasion in the layout of
the real one, and the embedded SmolLM2.
"""

import argparse
import gc
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chatbot.engine import catalog
from chatbot.engine_room import Choice, EngineRoom
from chatbot.errors import ChatbotError

SLOWER, GROWN = 1.5, 1.05
"""At most: a switch beside a bare load, and memory after the switches beside before."""


def bare(folder: Path) -> float:
    """Seconds for the library alone, on the same device and in the same number format as ours."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from chatbot.engine.device import choose_placement

    place = choose_placement()
    start = time.perf_counter()
    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=place.torch_dtype)
    model.to(place.device)
    AutoTokenizer.from_pretrained(folder)
    seconds = time.perf_counter() - start
    del model
    gc.collect()
    return seconds


def switch(room: EngineRoom, name: str) -> float:
    """Seconds from choosing a model until it can answer; the one before is freed."""
    start = time.perf_counter()
    with room.lease(Choice(name)):
        seconds = time.perf_counter() - start
    copies = len(room.held())
    assert copies == 1, f"{copies} models in memory"
    return seconds


def resident() -> int:
    """Bytes of memory of this process that are its own."""
    import psutil

    gc.collect()
    return int(psutil.Process().memory_info().rss)


@contextmanager
def two_models(first: str | None, second: str | None) -> Iterator[tuple[str, str]]:
    """Names of two models; those that are missing are made in a home of their own."""
    made: Path | None = None
    try:
        if first is None:
            made = Path(tempfile.mkdtemp(prefix="bench-", dir=catalog.paths.models_dir()))
            _gpt2(made)
            first = made.name
        yield first, second or catalog.DEFAULT_MODEL
    finally:
        if made is not None:
            shutil.rmtree(made, ignore_errors=True)


def _gpt2(folder: Path) -> None:
    """The 124M shape in float32, with the tokenizer of Pocket GPT-2 (its words don't matter)."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    with torch.device("meta"):
        model = GPT2LMHeadModel(GPT2Config())
    model.to_empty(device="cpu")
    for weights in model.parameters():
        torch.nn.init.normal_(weights, std=0.02)
    model.tie_weights()
    model.save_pretrained(folder)
    pocket = catalog.resolve(catalog.POCKET_MODEL).path
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copy(pocket / name, folder)


def measure(first: str, second: str, switches: int) -> bool:
    """Print the figures; whether both aims are met."""
    room = EngineRoom()
    places = {name: catalog.resolve(name).path for name in (first, second)}
    for name in (first, second, first, second):  # files are in the system's memory, libraries here
        switch(room, name)
    for place in places.values():
        bare(place)
    before = resident()
    ratios: dict[str, list[float]] = {first: [], second: []}
    ours: dict[str, list[float]] = {first: [], second: []}
    for number in range(switches):
        name = (first, second)[number % 2]
        alone = bare(places[name])
        ours[name].append(switch(room, name))
        ratios[name].append(ours[name][-1] / alone)
    after = resident()
    room.close()
    fine = True
    for name, times in ours.items():
        ratio = statistics.median(ratios[name])
        fine &= ratio <= SLOWER
        print(
            f"switch to {name[:40]:<40} {statistics.median(times):6.2f} s, "
            f"{ratio:.2f} x from_pretrained (at most {SLOWER} x)"
        )
    grown = after / before
    print(
        f"memory before and after {switches} switches: {before / 1e6:,.0f} and "
        f"{after / 1e6:,.0f} MB, {grown - 1:+.1%} (at most {GROWN - 1:+.0%})"
    )
    return fine and grown <= GROWN


def main(arguments: list[str] | None = None) -> int:
    """Print the table; 1 where an aim is missed or nothing could be measured."""
    parser = argparse.ArgumentParser(description="Switching models, beside bare from_pretrained.")
    parser.add_argument("--switches", type=int, default=10, help="default: 10")
    parser.add_argument("--first", metavar="MODEL", help="default: a GPT-2 of the 124M shape")
    parser.add_argument("--second", metavar="MODEL", help="default: the embedded model")
    options = parser.parse_args(arguments)
    if options.switches < 2:
        parser.error("--switches must be at least 2")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    try:
        from transformers.utils import logging

        logging.disable_progress_bar()
        with two_models(options.first, options.second) as (first, second):
            return 0 if measure(first, second, options.switches) else 1
    except ChatbotError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
