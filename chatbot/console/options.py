"""What the command line says: which model, which settings, who the bot is."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields

from chatbot.console.commands import help_text
from chatbot.engine import catalog, default_model
from chatbot.engine.sampling import LIMITS, PRESETS, WHOLE_NUMBERS, SamplingParams


def read(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The options of `python demo.py`; ends the program where they are not understood."""
    parser = argparse.ArgumentParser(
        description="Chat with a model in the terminal.",
        epilog=help_text(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--model", help="a catalog name, or a folder with a checkpoint")
    parser.add_argument("--persona", default="", help="who the bot is, in a sentence or two")
    parser.add_argument("--load", metavar="FILE", help="go on with a chat that was saved")
    parser.add_argument("--bare", action="store_true", help="the model alone: no jokes, no poems")
    parser.add_argument("--preset", choices=sorted(PRESETS), help="settings to start from")
    for name, limits in LIMITS.items():
        kind = int if name in WHOLE_NUMBERS else float
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, help=str(limits))
    parser.add_argument(
        "--stop", action="append", help="a text that ends the answer; may be given again"
    )
    return parser.parse_args(arguments)


def params(options: argparse.Namespace) -> SamplingParams:
    """The settings: those given, the rest from the preset, else the defaults.

    Raises:
        BadInput: one is out of its range.
    """
    preset = PRESETS[options.preset] if options.preset else SamplingParams()
    values = {f.name: getattr(preset, f.name) for f in fields(SamplingParams)}
    given = {name: getattr(options, name) for name in values}
    return SamplingParams(**{**values, **{n: v for n, v in given.items() if v is not None}})


def default_name() -> str:
    """The one that was promoted on the page, else SmolLM2, or Pocket GPT-2 where only that one is
    installed. A promoted one that is gone is told of on standard error."""
    entries = catalog.list_models()
    chosen = default_model.first(entries)
    if gone := default_model.missing(entries):
        print(f"The default model {gone} is not there any more: {chosen.title}.", file=sys.stderr)
    return chosen.name
