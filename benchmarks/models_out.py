"""Models that leave the lab: how long an export takes, and whether llama.cpp says the same words.

    python -m benchmarks.models_out [MODEL ...] [--questions N]

Times are ratios to a bare `save_pretrained` of the loaded model into a folder, made beside them.
An answer agrees where its first 32 tokens, drawn greedily, are the same text as ours in float32.
llama.cpp multiplies 16-bit weights with activations that it rounds to 16 bits, and an answer goes
another way for good where two words are nearly as likely: hence not all of them agree.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import get_args

from benchmarks.llama_cpp import QUESTIONS, LlamaCpp
from chatbot.engine.catalog import DEFAULT_MODEL, POCKET_MODEL
from chatbot.engine.device import Placement
from chatbot.engine.loading import LoadedModel, load
from chatbot.engine.prompts import render
from chatbot.exporting.export import export
from chatbot.exporting.formats import Format, Wish
from chatbot.messages import user
from chatbot.training.scores import greedy

TOKENS = 32


def main() -> None:
    parser = argparse.ArgumentParser(description="Export times, and agreement with llama.cpp.")
    parser.add_argument("models", nargs="*", default=[POCKET_MODEL, DEFAULT_MODEL])
    parser.add_argument("--questions", type=int, default=len(QUESTIONS))
    options = parser.parse_args()
    for name in options.models:
        with tempfile.TemporaryDirectory() as place:
            _measure(name, QUESTIONS[: options.questions], Path(place))


def _measure(name: str, questions: tuple[str, ...], place: Path) -> None:
    baseline = _bare(name, place / "bare")
    print(f"\n{name}: load and save_pretrained alone take {baseline:.1f} s")
    files = {}
    for format in get_args(Format):
        began = time.perf_counter()
        made = export(name, place / format, Wish(format))
        took = time.perf_counter() - began
        print(f"  {format:10} {took:5.1f} s ({took / baseline:.1f}x), {made.size / 1e6:7.1f} MB")
        if made.file is not None:
            files[format] = made.file
    model = load(name, Placement("cpu", "float32", "benchmark"))
    ours = greedy.answers(model, [[user(q)] for q in questions], longest=TOKENS)
    for format, file in files.items():
        pairs = zip(ours, _asked(file, model, questions), strict=True)
        agree = sum(mine.strip() == other.strip() for mine, other in pairs)
        print(f"  {format:10} says the same words in {agree} of {len(questions)} answers")


def _bare(name: str, folder: Path) -> float:
    load(name, Placement("cpu", "bfloat16", "benchmark"))  # the libraries, and the disk's memory
    began = time.perf_counter()
    model = load(name, Placement("cpu", "bfloat16", "benchmark"))
    model.model.save_pretrained(folder)
    model.tokenizer.save_pretrained(folder)
    return time.perf_counter() - began


def _asked(file: Path, model: LoadedModel, questions: tuple[str, ...]) -> list[str]:
    prompts = [render(model.tokenizer, [user(q)], window=512, reserve=TOKENS) for q in questions]
    with LlamaCpp(file) as program:
        return [program.answer(prompt.ids, TOKENS) for prompt in prompts]


if __name__ == "__main__":
    main()
