"""What the person at the terminal sees: sentences, and one line of progress that changes."""

import shutil
import sys
import time

PLAIN_LINE_EVERY = 10.0
"""Seconds between lines of progress where the output is a file or a pipe."""


def say(text: str) -> None:
    print(text, flush=True)


def warn(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class ProgressLine:
    """`with ProgressLine() as line: line.show("12 of 40")`: updated in place on a terminal.

    In a pipe or a file a plain line is written when there is news and the last one is some time
    ago. Leaving the block ends the line.
    """

    def __init__(self) -> None:
        self._terminal = sys.stdout.isatty()
        self._shown = ""
        self._when = float("-inf")

    def __enter__(self) -> "ProgressLine":
        return self

    def __exit__(self, *_: object) -> None:
        if self._terminal and self._shown:
            print(flush=True)

    def show(self, text: str) -> None:
        text = f"  {text}"
        if text == self._shown:
            return
        if self._terminal:
            width = shutil.get_terminal_size().columns - 1
            # Padded instead of erased: old Windows consoles print escape codes as text.
            print("\r" + text[:width].ljust(min(width, len(self._shown))), end="", flush=True)
        elif time.monotonic() - self._when < PLAIN_LINE_EVERY:
            return
        else:
            print(text, flush=True)
        self._shown = text
        self._when = time.monotonic()


def in_words(seconds: float) -> str:
    """A duration as one would say it: `about 2 min`."""
    if seconds < 20:
        return "a few seconds"
    if seconds < 55:
        return f"about {round(seconds / 10) * 10} s"
    return f"about {max(1, round(seconds / 60))} min"
