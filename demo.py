"""Console chat: `python demo.py [--model M] [--seed N]`. Streams; reads a pipe line by line."""

import argparse
import contextlib
import os
import sys
from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING

from chatbot.chat_bot import ChatBot
from chatbot.engine import catalog, default_model
from chatbot.engine.sampling import LIMITS, PRESETS, WHOLE_NUMBERS, SamplingParams
from chatbot.errors import ChatbotError

if TYPE_CHECKING:
    from chatbot.engine.receipts import Receipt

LEAVE = frozenset({"quit", "exit", "bye"})
PROMPT, ANSWER = "You: ", "Bot: "
INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""


def main(arguments: list[str] | None = None, ask: Callable[[str], str] = input) -> int:
    """Run the chat.

    Args:
        arguments: the command line without the program's name.
        ask: shows a prompt and returns a line; raises EOFError at the end.

    Returns:
        0; 1 where something is wrong that a sentence on standard error explains; 130 where
        Ctrl-C ended it anywhere but at the prompt.
    """
    options = _options(arguments)
    for stream in (sys.stdin, sys.stdout):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        bot = ChatBot(options.model or _default_model(), params=_params(options))
        bot.persona = options.persona
        try:
            if sys.stdin.isatty():
                return _talk(bot, ask)
            return _answer_lines(bot)
        finally:
            bot.close()
    except ChatbotError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # while loading, or waiting for a line of a pipe
        return INTERRUPTED
    except BrokenPipeError:  # whoever read our answers has left
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115
        return 0


def _talk(bot: ChatBot, ask: Callable[[str], str]) -> int:
    """A person at a terminal. Ctrl-C stops an answer; twice in a row leaves."""
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401  (arrow keys and history at the prompt)
    loaded = bot.engine.loaded
    print(f"{bot.entry.title} ({loaded.hash}). {loaded.placement.reason}")
    print(f"Say something. {', '.join(sorted(LEAVE))} to leave; Ctrl-C stops an answer.\n")
    interrupted = False
    while True:
        try:
            line = ask(PROMPT).strip()
            interrupted = False
            if line.lower() in LEAVE:
                return 0
            if line:
                _stream_answer(bot, line)
        except EOFError:
            print()
            return 0
        except KeyboardInterrupt:
            if interrupted:
                print()
                return 0
            interrupted = True
            print("\n(Ctrl-C again to leave)")
        except ChatbotError as error:
            print(error, file=sys.stderr)


def _stream_answer(bot: ChatBot, line: str) -> None:
    reply = bot.stream(line)
    try:
        print(ANSWER, end="", flush=True)
        for chunk in reply:
            print(chunk.text, end="", flush=True)
        print()
    finally:
        reply.stop()
    if reply.receipt is not None:
        print(f"     [{_in_short(reply.receipt)}]\n")


def _answer_lines(bot: ChatBot) -> int:
    """A pipe: every line is a question, every answer one line."""
    interrupted = False
    while (line := sys.stdin.readline()) and line.strip().lower() not in LEAVE:
        if not line.strip():
            continue
        reply = bot.stream(line.strip())
        try:
            for _ in reply:
                pass
            interrupted = False
        except KeyboardInterrupt:
            reply.stop()
            if interrupted:
                return INTERRUPTED
            interrupted = True
        print(ANSWER + " ".join(reply.text.split()), flush=True)
    return 0


def _in_short(receipt: "Receipt") -> str:
    left_out = f", {receipt.left_out} oldest messages left out" if receipt.left_out else ""
    return (
        f"{receipt.model} {receipt.hash}, seed {receipt.seed}, "
        f"{receipt.tokens_per_second:.0f} tokens/s{left_out}"
    )


def _default_model() -> str:
    """The one that was promoted on the page, else SmolLM2, or Pocket GPT-2 where only that one is
    installed. A promoted one that is gone is told of on standard error."""
    entries = catalog.list_models()
    chosen = default_model.first(entries)
    if gone := default_model.missing(entries):
        print(f"The default model {gone} is not there any more: {chosen.title}.", file=sys.stderr)
    return chosen.name


def _params(options: argparse.Namespace) -> SamplingParams:
    preset = PRESETS[options.preset] if options.preset else SamplingParams()
    values = {f.name: getattr(preset, f.name) for f in fields(SamplingParams)}
    given = {name: getattr(options, name) for name in values}
    return SamplingParams(**{**values, **{n: v for n, v in given.items() if v is not None}})


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Chat with a model in the console.",
        epilog="quit, exit or bye leaves; Ctrl-C stops an answer, twice leaves.",
    )
    parser.add_argument("--model", help="a catalog name, or a folder with a checkpoint")
    parser.add_argument("--persona", default="", help="who the bot is, in a sentence or two")
    parser.add_argument("--preset", choices=sorted(PRESETS), help="settings to start from")
    for name, limits in LIMITS.items():
        kind = int if name in WHOLE_NUMBERS else float
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, help=str(limits))
    parser.add_argument(
        "--stop", action="append", help="a text that ends the answer; may be given again"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
